/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/fd and fdinfo.
 *
 * A descriptor's link leads to the very object.  Files without a name (pipes,
 * terminals of the launcher) get a dentry of their own here: opening that
 * gives a file which forwards to the one behind the descriptor, so
 * /dev/stdout works wherever it leads.  Sockets and descriptors that are no
 * files (epoll, timerfd) cannot be opened: -ENXIO, as on Linux.
 */
#include <fs/procfs/internal.h>

#include <lib/bitmap.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define NAME_SIZE 128 /* of files without dentry */
#define INFO_SIZE 4096

/* The file behind the target, referenced, or NULL. */
static struct file *get_file(const struct table_target *target)
{
	struct file_table *files = process_get_files(target->process);
	struct file *file = NULL;

	if (files != NULL) {
		file = file_table_get_file(files, target->number);
		file_table_put(files);
	}
	return file;
}

/* --- files that forward
 * ------------------------------------------------------- */

static struct file *behind(struct file *file)
{
	return file->private;
}

static ssize_t forward_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	(void)pos;
	return file_read(behind(file), to, NULL);
}

static ssize_t forward_write(struct file *file, struct iov_iter *from,
			     int64_t *pos)
{
	(void)pos;
	return file_write(behind(file), from, NULL);
}

static uint32_t forward_poll(struct file *file, struct poll_table *table)
{
	return file_poll(behind(file), table);
}

static long forward_ioctl(struct file *file, unsigned command,
			  unsigned long arg)
{
	return file_ioctl(behind(file), command, arg);
}

static int forward_stat(struct file *file, struct kstat *stat)
{
	return file_stat(behind(file), stat);
}

static size_t forward_name(struct file *file, char *buf, size_t size)
{
	const struct file_ops *ops = behind(file)->ops;

	return ops->name == NULL ? 0 : ops->name(behind(file), buf, size);
}

static void forward_release(struct file *file)
{
	file_put(behind(file));
}

static const struct file_ops forward_ops = {
	.read = forward_read,
	.write = forward_write,
	.poll = forward_poll,
	.ioctl = forward_ioctl,
	.stat = forward_stat,
	.name = forward_name,
	.release = forward_release,
};

/* Of the inode that stands for a file without name; its target keeps the
 * process, its private member the file. */
static int unnamed_open(struct inode *inode, struct file *file)
{
	struct file *to = inode->private;
	uint32_t type = inode->mode & MODE_TYPE;

	if (type == 0 || type == MODE_SOCKET) {
		return -ENXIO;
	}
	if ((file->mode & ~to->mode & (FILE_READ | FILE_WRITE)) != 0) {
		return -EACCES;
	}
	file_get(to);
	file->private = to;
	file->ops = &forward_ops;
	file->mode &= ~(uint32_t)(FILE_SEEKABLE | FILE_POSITION_LOCKED);
	file->mode |= FILE_STREAM;
	return 0;
}

static int unnamed_getattr(struct inode *inode, struct kstat *stat)
{
	return file_stat(inode->private, stat);
}

static const struct inode_ops unnamed_inode_ops = {
	.open = unnamed_open,
	.getattr = unnamed_getattr,
};

static const struct table_entry unnamed_entry = {
	.name = "",
	.mode = MODE_FIFO | 0600,
};

/* An inode of procfs's own kind: super.c puts the file with it. */
static int unnamed_inode(struct superblock *superblock, struct file *file,
			 struct inode **inode_out)
{
	struct table_target target = {.number = -1};
	struct kstat stat;
	int err = file_stat(file, &stat);

	if (err == 0) {
		err = table_inode_create(superblock, &unnamed_entry, stat.ino,
					 &target, inode_out);
	}
	if (err < 0) {
		return err;
	}
	(*inode_out)->mode = stat.mode;
	(*inode_out)->uid = stat.uid;
	(*inode_out)->gid = stat.gid;
	(*inode_out)->ops = &unnamed_inode_ops;
	(*inode_out)->file_ops = &forward_ops;
	file_get(file);
	(*inode_out)->private = file;
	return 0;
}

static size_t unnamed_text(struct file *file, char *buf, size_t size)
{
	size_t length = 0;

	if (file->ops->name != NULL) {
		length = file->ops->name(file, buf, size);
	}
	if (length == 0) {
		length = kscnprintf(buf, size, "anon_inode:[file]");
	}
	return MIN(length, size - 1);
}

/* Which mount the walk came through is not known here: the reader's root
 * mount stands for it, nothing depends on it. */
static int unnamed_path(struct superblock *superblock, struct file *file,
			struct path *path_out)
{
	char name[NAME_SIZE];
	size_t length = unnamed_text(file, name, sizeof(name));
	struct inode *inode;
	struct path root;
	int err = unnamed_inode(superblock, file, &inode);

	if (err < 0) {
		return err;
	}
	fs_context_root(&root);
	path_out->mount = root.mount;
	path_out->dentry = dentry_create(NULL, superblock, name, length, inode);
	if (path_out->dentry == NULL) {
		inode_put(inode);
		path_put(&root);
		return -ENOMEM;
	}
	dentry_put(root.dentry); /* the mount's reference goes on */
	return 0;
}

/* --- the links
 * -------------------------------------------------------------------- */

int proc_fd_follow(const struct table_target *target, struct path *path_out)
{
	struct file *file = get_file(target);
	int err = 0;

	if (file == NULL) {
		return -ENOENT;
	}
	if (file->dentry != NULL && file->ops != &forward_ops) {
		path_out->mount = file->mount;
		path_out->dentry = file->dentry;
		path_get(path_out);
	} else {
		err = unnamed_path(target->superblock, file, path_out);
	}
	file_put(file);
	return err;
}

ssize_t proc_fd_readlink(const struct table_target *target, char *buf,
			 size_t size)
{
	struct file *file = get_file(target);
	char name[NAME_SIZE];
	ssize_t length;

	if (file == NULL) {
		return -ENOENT;
	}
	if (file->dentry != NULL && file->ops != &forward_ops) {
		struct path path = {
			.mount = file->mount,
			.dentry = file->dentry,
		};

		length = proc_path_text(&path, buf, size);
	} else {
		length = (ssize_t)MIN(unnamed_text(file, name, sizeof(name)),
				      size);
		memcpy(buf, name, (size_t)length);
		if ((size_t)length < size) {
			buf[length] = '\0';
		}
	}
	file_put(file);
	return length;
}

static const struct table_entry fd_entry = {
	.name = "",
	.mode = MODE_SYMLINK | 0700,
	.restricted = true,
	.follow = proc_fd_follow,
	.readlink = proc_fd_readlink,
};

/* --- fdinfo
 * ------------------------------------------------------------------------- */

int proc_show_fdinfo(struct table_text *text, const struct table_target *target)
{
	struct file *file = get_file(target);
	size_t size;
	char *info;

	if (file == NULL) {
		return -ENOENT;
	}
	table_text_add(
		text, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
		(long long)READ_ONCE(file->position), READ_ONCE(file->flags),
		file->mount != NULL ? file->mount->id : 0,
		file->inode != NULL ? (unsigned long long)file->inode->number
				    : 0ull);
	info = file->ops->fdinfo != NULL ? kmalloc(INFO_SIZE) : NULL;
	if (info != NULL) {
		size = file->ops->fdinfo(file, info, INFO_SIZE);
		table_text_put(text, info, MIN(size, (size_t)INFO_SIZE - 1));
		kfree(info);
	}
	file_put(file);
	return 0;
}

static const struct table_entry fdinfo_entry = {
	.name = "",
	.mode = MODE_REGULAR | 0444,
	.restricted = true,
	.show = proc_show_fdinfo,
};

/* --- which there are
 * ------------------------------------------------------------------ */

static size_t fd_limit(const struct table_target *target)
{
	struct file_table *files = process_get_files(target->process);
	size_t limit = 0;

	if (files == NULL) {
		return 0;
	}
	for (int fd = file_table_next(files, 0); fd >= 0;
	     fd = file_table_next(files, fd + 1)) {
		limit = (size_t)fd + 1;
	}
	file_table_put(files);
	return limit;
}

static int list_fds(const struct table_target *target, uint64_t *bitmap,
		    size_t limit)
{
	struct file_table *files = process_get_files(target->process);

	if (files == NULL) {
		return 0;
	}
	for (int fd = file_table_next(files, 0); fd >= 0 && (size_t)fd < limit;
	     fd = file_table_next(files, fd + 1)) {
		bitmap_set(bitmap, (size_t)fd);
	}
	file_table_put(files);
	return 0;
}

static int find_fd(const struct table_target *target, int number,
		   struct table_target *target_out)
{
	struct table_target found = *target;
	struct file *file;

	found.number = number;
	file = get_file(&found);
	if (file == NULL) {
		return -ENOENT;
	}
	file_put(file);
	table_target_get(&found);
	*target_out = found;
	return 0;
}

static bool is_current_fd(const struct table_target *target)
{
	struct file *file = get_file(target);

	if (file != NULL) {
		file_put(file);
	}
	return file != NULL;
}

/* The permission bits of the link say how the file is open. */
static uint32_t fd_mode(const struct table_target *target)
{
	struct file *file = get_file(target);
	uint32_t mode = MODE_SYMLINK;

	if (file == NULL) {
		return mode;
	}
	if ((file->mode & FILE_READ) != 0) {
		mode |= 0500;
	}
	if ((file->mode & FILE_WRITE) != 0) {
		mode |= 0300;
	}
	file_put(file);
	return mode;
}

const struct table_numbers proc_fds = {
	.entry = &fd_entry,
	.list = list_fds,
	.limit = fd_limit,
	.find = find_fd,
	.is_current = is_current_fd,
	.mode = fd_mode,
};

const struct table_numbers proc_fdinfos = {
	.entry = &fdinfo_entry,
	.list = list_fds,
	.limit = fd_limit,
	.find = find_fd,
	.is_current = is_current_fd,
};
