/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Unpacks the initial archive into the root filesystem.
 *
 * Runs after the filesystems are mounted: entries below a mount point go into
 * what is mounted there; the mount point itself gets no attributes from here.
 *
 * Names are relative to the root, with or without "./" or "/"; ".." is refused.
 * Directories that the archive does not list are made on the way.  Hard
 * links: entries with the same number; the data comes with one of them (the
 * last, as cpio writes them), so the first makes the file and each later one
 * links to it and, when it has data, fills it.  They are remembered in a table
 * that grows with their count.
 *
 * The archive of this boot is given up: where the data of a file begins at a
 * page, as in archives that ./linnet makes, its whole pages become the file's,
 * and the rest goes to the allocator.
 */
#include <fs/cpio/cpio.h>

#include <arch/boot.h>
#include <arch/mmu.h>
#include <debug/log.h>
#include <fs/vfs/internal.h>
#include <lib/align.h>
#include <lib/errno_name.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ramfs/ramfs.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define LINK_BUCKETS 64

struct known_link {
	struct known_link *next;
	uint32_t ino, major, minor;
	char name[];
};

struct unpack {
	struct known_link *links[LINK_BUCKETS];
	struct page *(*page_of)(const void *data); /* NULL: all is copied */
};

/* --- names
 * ------------------------------------------------------------------------ */

/* Behind "./" and "/"; "" for the root itself. */
static const char *strip(const char *name)
{
	for (;;) {
		if (name[0] == '/') {
			name++;
		} else if (name[0] == '.' &&
			   (name[1] == '/' || name[1] == '\0')) {
			name++;
		} else {
			return name;
		}
	}
}

static bool has_dotdot(const char *name)
{
	for (; name != NULL; name = strchr(name, '/')) {
		name += name[0] == '/';
		if (name[0] == '.' && name[1] == '.' &&
		    (name[2] == '/' || name[2] == '\0')) {
			return true;
		}
	}
	return false;
}

/* The directories above a name that the archive has left out. */
static int make_parents(const char *name)
{
	char *copy = kstrdup(name);
	int err = 0;

	if (copy == NULL) {
		return -ENOMEM;
	}
	for (char *slash = strchr(copy, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = vfs_mkdir(PATH_AT_CWD, copy, 0755);
		*slash = '/';
		if (err < 0 && err != -EEXIST) {
			break;
		}
		err = 0;
	}
	kfree(copy);
	return err;
}

/* --- attributes
 * --------------------------------------------------------------------- */

/* The name itself, not what is mounted there. */
static int find_name(struct walk *walk, const char *name, struct path *path_out)
{
	int err;

	if (name[0] == '\0') {
		return path_lookup(PATH_AT_CWD, "/", 0, path_out);
	}
	err = walk_start(walk, PATH_AT_CWD, name, 0);
	if (err < 0) {
		return err;
	}
	err = walk_to_parent(walk);
	if (err == 0) {
		err = walk_child(walk->path.dentry, walk->last,
				 walk->last_length, &path_out->dentry);
	}
	if (err == 0) {
		path_out->mount = walk->path.mount;
		mount_get(path_out->mount);
	}
	walk_end(walk);
	return err;
}

static int set_attributes(const struct path *path,
			  const struct cpio_entry *entry)
{
	struct kstat stat = {
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.mtime_ns = entry->mtime * NSEC_PER_SEC,
		.atime_ns = entry->mtime * NSEC_PER_SEC,
	};
	unsigned valid = KSTAT_SET_UID | KSTAT_SET_GID | KSTAT_SET_MTIME |
			 KSTAT_SET_ATIME;

	if ((entry->mode & MODE_TYPE) != MODE_SYMLINK) {
		valid |= KSTAT_SET_MODE;
	}
	return vfs_setattr(path, &stat, valid);
}

/* --- hard links
 * ------------------------------------------------------------------------ */

static struct known_link **bucket_of(struct unpack *unpack,
				     const struct cpio_entry *entry)
{
	return &unpack->links[hash_u64(entry->ino, 6)];
}

static struct known_link *find_link(struct unpack *unpack,
				    const struct cpio_entry *entry)
{
	struct known_link *link = *bucket_of(unpack, entry);

	while (link != NULL &&
	       (link->ino != entry->ino || link->major != entry->major ||
		link->minor != entry->minor)) {
		link = link->next;
	}
	return link;
}

static int remember_link(struct unpack *unpack, const struct cpio_entry *entry,
			 const char *name)
{
	size_t length = strlen(name) + 1;
	struct known_link *link = kmalloc(sizeof(*link) + length);
	struct known_link **bucket = bucket_of(unpack, entry);

	if (link == NULL) {
		return -ENOMEM;
	}
	link->ino = entry->ino;
	link->major = entry->major;
	link->minor = entry->minor;
	memcpy(link->name, name, length);
	link->next = *bucket;
	*bucket = link;
	return 0;
}

static void forget_links(struct unpack *unpack)
{
	for (unsigned i = 0; i < LINK_BUCKETS; i++) {
		while (unpack->links[i] != NULL) {
			struct known_link *link = unpack->links[i];

			unpack->links[i] = link->next;
			kfree(link);
		}
	}
}

static int make_link(const char *known, const char *name)
{
	struct path path;
	int err = path_lookup(PATH_AT_CWD, known, 0, &path);

	if (err < 0) {
		return err;
	}
	err = vfs_link(&path, PATH_AT_CWD, name);
	path_put(&path);
	return err;
}

/* --- kinds
 * -------------------------------------------------------------------------------
 */

/* Into a file that was there, or is of another filesystem than memory. */
static int write_file(const char *name, const struct cpio_entry *entry)
{
	struct file *file;
	ssize_t written = 0;
	int err = vfs_open(PATH_AT_CWD, name, UAPI_O_WRONLY | UAPI_O_TRUNC, 0,
			   0, &file);

	if (err < 0) {
		return err;
	}
	if (entry->size != 0) {
		written = file_write_kernel(file, entry->data, entry->size, 0);
	}
	file_put(file);
	if (written < 0) {
		return (int)written;
	}
	return (size_t)written == entry->size ? 0 : -ENOSPC;
}

static int fill(const struct unpack *unpack, const struct path *path,
		const char *name, const struct cpio_entry *entry)
{
	struct inode *inode = path->dentry->inode;
	int err;

	if (entry->size == 0 &&
	    (entry->link_count > 1 || inode->cache.size == 0)) {
		return 0; /* a hard link's data comes with another one */
	}
	err = ramfs_fill(inode, entry->data, entry->size, unpack->page_of);
	return err == -EINVAL ? write_file(name, entry) : err;
}

static int unpack_regular(struct unpack *unpack, const char *name,
			  const struct cpio_entry *entry)
{
	struct known_link *link = NULL;
	int err;

	if (entry->link_count > 1) {
		link = find_link(unpack, entry);
	}
	if (link != NULL) {
		return make_link(link->name, name);
	}
	err = vfs_mknod(PATH_AT_CWD, name, MODE_REGULAR | 0600, 0);
	if (err == -EEXIST) {
		err = 0;
	}
	if (err == 0 && entry->link_count > 1) {
		err = remember_link(unpack, entry, name);
	}
	return err;
}

static int unpack_symlink(const char *name, const struct cpio_entry *entry)
{
	char *target;
	int err;

	if (entry->size == 0 || entry->size >= PATH_MAX_SIZE) {
		return -EINVAL;
	}
	target = kstrndup((const char *)entry->data, entry->size);
	if (target == NULL) {
		return -ENOMEM;
	}
	err = vfs_symlink(target, PATH_AT_CWD, name);
	kfree(target);
	return err;
}

static int unpack_by_type(struct unpack *unpack, const char *name,
			  const struct cpio_entry *entry)
{
	int err;

	switch (entry->mode & MODE_TYPE) {
	case MODE_DIRECTORY:
		err = vfs_mkdir(PATH_AT_CWD, name, entry->mode & 07777);
		return err == -EEXIST ? 0 : err;
	case MODE_REGULAR:
		return unpack_regular(unpack, name, entry);
	case MODE_SYMLINK:
		return unpack_symlink(name, entry);
	case MODE_CHARACTER:
	case MODE_BLOCK:
	case MODE_FIFO:
	case MODE_SOCKET:
		err = vfs_mknod(
			PATH_AT_CWD, name, entry->mode,
			MAKE_DEVICE(entry->rdev_major, entry->rdev_minor));
		return err == -EEXIST ? 0 : err; /* devfs has it */
	default:
		return -EINVAL;
	}
}

static int unpack_named(struct unpack *unpack, const char *name,
			const struct cpio_entry *entry)
{
	int err;

	if (name[0] == '\0') {
		return (entry->mode & MODE_TYPE) == MODE_DIRECTORY ? 0
								   : -EINVAL;
	}
	if (has_dotdot(name)) {
		return -EINVAL;
	}
	err = unpack_by_type(unpack, name, entry);
	if (err == -ENOENT) {
		err = make_parents(name);
		if (err == 0) {
			err = unpack_by_type(unpack, name, entry);
		}
	}
	return err;
}

static int unpack_entry(struct unpack *unpack, const struct cpio_entry *entry)
{
	const char *name = strip(entry->name);
	uint32_t type = entry->mode & MODE_TYPE;
	struct walk walk;
	struct path path;
	int err = unpack_named(unpack, name, entry);

	if (err == 0) {
		err = find_name(&walk, name, &path);
	}
	if (err == 0) {
		if (type == MODE_REGULAR) {
			err = fill(unpack, &path, name, entry);
		}
		if (err == 0) {
			err = set_attributes(&path, entry);
		}
		path_put(&path);
	}
	if ((err == -EPERM || err == -EROFS) && type == MODE_DIRECTORY) {
		err = 0; /* of a read-only root */
	}
	return err;
}

static int unpack_all(struct unpack *unpack, const void *archive, size_t size)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	int result;

	cpio_init(&reader, archive, size);
	while ((result = cpio_next(&reader, &entry)) == 1) {
		result = unpack_entry(unpack, &entry);
		if (result < 0) {
			log_error("archive: %s: %s", entry.name,
				  errno_name(result));
			break;
		}
	}
	if (result < 0 && reader.offset < size) {
		log_error("archive: stopped at byte %zu of %zu", reader.offset,
			  size);
	}
	forget_links(unpack);
	return result;
}

int initrd_unpack(const void *archive, size_t size)
{
	struct unpack unpack = {.page_of = NULL};

	return unpack_all(&unpack, archive, size);
}

/* --- the archive of this boot
 * ------------------------------------------------ */

static enum {
	ADOPT_NOT_TRIED,
	ADOPTED,
	ADOPT_FAILED,
} adoption; /* of the archive's frames; boot CPU */

/* Until the end each frame has one reference that is the archive's. */
static struct page *archive_page(const void *data)
{
	const struct boot_info *boot = boot_info();
	struct page *page;

	if (!IS_ALIGNED((uintptr_t)data, PAGE_SIZE)) {
		return NULL;
	}
	if (adoption == ADOPT_NOT_TRIED) {
		adoption =
			frame_adopt_range(boot->initrd_start, boot->initrd_end)
				? ADOPTED
				: ADOPT_FAILED;
	}
	if (adoption == ADOPT_FAILED) {
		return NULL;
	}
	page = page_from_paddr(mmu_direct_paddr(data));
	page_get(page);
	return page;
}

static void give_up_archive(uint64_t start, uint64_t end)
{
	if (adoption != ADOPTED) {
		frame_add_range(start, end);
		return;
	}
	for (paddr_t at = {.value = ALIGN_DOWN(start, PAGE_SIZE)};
	     at.value < end; at.value += PAGE_SIZE) {
		page_put(page_from_paddr(at));
	}
}

int initrd_take(void)
{
	const struct boot_info *boot = boot_info();
	uint64_t start = boot->initrd_start;
	struct unpack unpack = {.page_of = archive_page};
	int err;

	if (start == boot->initrd_end) {
		return 0;
	}
	err = unpack_all(&unpack, mmu_direct((paddr_t){.value = start}),
			 boot->initrd_end - start);
	if (err == 0) {
		give_up_archive(start, boot->initrd_end);
	}
	return err;
}
