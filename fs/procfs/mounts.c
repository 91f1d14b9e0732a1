/* SPDX-License-Identifier: BSD-3-Clause */

/* Filesystems, mounts, disks. */
#include <fs/procfs/internal.h>

#include <drivers/block.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/stat.h>

#define ULL(x) ((unsigned long long)(x))

int proc_show_filesystems(struct table_text *text,
			  const struct table_target *target)
{
	const struct filesystem_type *type;

	(void)target;
	for (size_t i = 0; (type = filesystem_at(i)) != NULL; i++) {
		table_text_add(text, "%s\t%s\n",
			       (type->flags & FILESYSTEM_NODEV) != 0 ? "nodev"
								     : "",
			       type->name);
	}
	return 0;
}

/* The majors that drivers here use: see their device numbers. */
int proc_show_devices(struct table_text *text,
		      const struct table_target *target)
{
	(void)target;
	table_text_add(text, "Character devices:\n"
			     "  1 mem\n  4 ttyS\n  5 /dev/tty\n 10 misc\n"
			     "136 pts\n\nBlock devices:\n254 virtblk\n");
	return 0;
}

int proc_show_partitions(struct table_text *text,
			 const struct table_target *target)
{
	struct block_device *device = NULL;

	(void)target;
	table_text_add(text, "major minor  #blocks  name\n\n");
	while ((device = block_device_next(device)) != NULL) {
		table_text_add(text, "%4llu  %7llu %10llu %s\n",
			       ULL(DEVICE_MAJOR(device->device)),
			       ULL(DEVICE_MINOR(device->device)),
			       ULL(device->sector_count / 2), device->name);
	}
	return 0;
}

/* Times are not measured: 0. */
int proc_show_diskstats(struct table_text *text,
			const struct table_target *target)
{
	struct block_device *device = NULL;

	(void)target;
	while ((device = block_device_next(device)) != NULL) {
		const struct block_stats *s = &device->stats;

		table_text_add(text, "%4llu %7llu %s ",
			       ULL(DEVICE_MAJOR(device->device)),
			       ULL(DEVICE_MINOR(device->device)), device->name);
		table_text_add(text, "%llu 0 %llu 0 %llu 0 %llu 0 0 0 0 ",
			       ULL(READ_ONCE(s->reads)),
			       ULL(READ_ONCE(s->read_sectors)),
			       ULL(READ_ONCE(s->writes)),
			       ULL(READ_ONCE(s->write_sectors)));
		table_text_add(text, "%llu 0 %llu 0 %llu 0\n",
			       ULL(READ_ONCE(s->discards)),
			       ULL(READ_ONCE(s->discard_sectors)),
			       ULL(READ_ONCE(s->flushes)));
	}
	return 0;
}

int proc_show_swaps(struct table_text *text, const struct table_target *target)
{
	(void)target;
	table_text_add(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\t"
			     "Priority\n");
	return 0;
}

/* --- mounts
 * --------------------------------------------------------------------- */

struct mount_walk {
	struct table_text *text;
	struct path root; /* of the process asked about */
	char *buf;	  /* PATH_MAX_SIZE */
	void (*show)(struct mount_walk *walk, struct mount *mount,
		     const char *point, size_t length);
};

static bool is_read_only(const struct mount *mount)
{
	return (mount->flags & UAPI_MS_RDONLY) != 0 ||
	       READ_ONCE(mount->superblock->read_only);
}

static void add_options(struct table_text *text, const struct mount *mount)
{
	unsigned flags = mount->flags;

	table_text_add(
		text, "%s%s%s%s%s", (flags & UAPI_MS_RDONLY) != 0 ? "ro" : "rw",
		(flags & UAPI_MS_NOSUID) != 0 ? ",nosuid" : "",
		(flags & UAPI_MS_NODEV) != 0 ? ",nodev" : "",
		(flags & UAPI_MS_NOEXEC) != 0 ? ",noexec" : "",
		(flags & UAPI_MS_NOATIME) != 0 ? ",noatime" : ",relatime");
}

static void show_mounts(struct mount_walk *walk, struct mount *mount,
			const char *point, size_t length)
{
	const char *source = mount->source != NULL ? mount->source : "none";

	table_text_put_escaped(walk->text, source, strlen(source));
	table_text_put(walk->text, " ", 1);
	table_text_put_escaped(walk->text, point, length);
	table_text_add(walk->text, " %s %s", mount->superblock->type->name,
		       is_read_only(mount) ? "ro" : "rw");
	table_text_add(walk->text, "%s%s%s%s 0 0\n",
		       (mount->flags & UAPI_MS_NOSUID) != 0 ? ",nosuid" : "",
		       (mount->flags & UAPI_MS_NODEV) != 0 ? ",nodev" : "",
		       (mount->flags & UAPI_MS_NOEXEC) != 0 ? ",noexec" : "",
		       (mount->flags & UAPI_MS_NOATIME) != 0 ? ",noatime"
							     : ",relatime");
}

/* The part of its filesystem that a bind mount shows. */
static void add_mount_root(struct mount_walk *walk, struct mount *mount)
{
	struct dentry *root = mount->root;
	struct path top = {.mount = mount, .dentry = mount->superblock->root};
	char *start;
	ssize_t length;

	if (root == mount->superblock->root) {
		table_text_put(walk->text, "/", 1);
		return;
	}
	/* A path with its own mount's root at the filesystem's root. */
	length = path_name(&(struct path){.mount = mount, .dentry = root}, &top,
			   walk->buf, PATH_MAX_SIZE, &start);
	if (length < 0) {
		table_text_put(walk->text, "/", 1);
	} else {
		table_text_put_escaped(walk->text, start, (size_t)length);
	}
}

static void show_mountinfo(struct mount_walk *walk, struct mount *mount,
			   const char *point, size_t length)
{
	const char *source = mount->source != NULL ? mount->source : "none";
	char *copy = kmalloc(length + 1);

	if (copy == NULL) {
		walk->text->failed = true;
		return;
	}
	memcpy(copy, point, length); /* add_mount_root() uses the buffer */
	table_text_add(walk->text, "%d %d %llu:%llu ", mount->id,
		       mount->parent != NULL ? mount->parent->id : 0,
		       ULL(DEVICE_MAJOR(mount->superblock->device)),
		       ULL(DEVICE_MINOR(mount->superblock->device)));
	add_mount_root(walk, mount);
	table_text_put(walk->text, " ", 1);
	table_text_put_escaped(walk->text, copy, length);
	table_text_put(walk->text, " ", 1);
	add_options(walk->text, mount);
	table_text_add(walk->text, " - %s ", mount->superblock->type->name);
	table_text_put_escaped(walk->text, source, strlen(source));
	table_text_add(walk->text, " %s\n",
		       READ_ONCE(mount->superblock->read_only) ? "ro" : "rw");
	kfree(copy);
}

static void visit_mount(struct mount *mount, void *arg)
{
	struct mount_walk *walk = arg;
	struct path here = {.mount = mount, .dentry = mount->root};
	char *start;
	ssize_t length =
		path_name(&here, &walk->root, walk->buf, PATH_MAX_SIZE, &start);

	/* What lies outside of the process's root is not shown. */
	if (length > 0) {
		walk->show(walk, mount, start, (size_t)length);
	}
}

static int
walk_mounts(struct table_text *text, const struct table_target *target,
	    void (*show)(struct mount_walk *walk, struct mount *mount,
			 const char *point, size_t length))
{
	struct mount_walk walk = {.text = text, .show = show};
	struct fs_context *fs = process_get_fs(target->process);

	if (fs == NULL) {
		return -EINVAL;
	}
	walk.buf = kmalloc(PATH_MAX_SIZE);
	if (walk.buf == NULL) {
		fs_context_put(fs);
		return -ENOMEM;
	}
	spin_lock(&fs->lock);
	walk.root = fs->root;
	path_get(&walk.root);
	spin_unlock(&fs->lock);
	fs_context_put(fs);
	vfs_for_each_mount(visit_mount, &walk);
	path_put(&walk.root);
	kfree(walk.buf);
	return 0;
}

int proc_show_mounts(struct table_text *text, const struct table_target *target)
{
	return walk_mounts(text, target, show_mounts);
}

int proc_show_mountinfo(struct table_text *text,
			const struct table_target *target)
{
	return walk_mounts(text, target, show_mountinfo);
}
