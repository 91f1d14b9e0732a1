/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Directories and names: getdents(2), mkdir(2), rename(2), chdir(2) ...
 *
 * Entries are packed one at a time on the kernel stack and copied out as they
 * come from the filesystem; what does not fit any more comes with the next
 * call.
 */
#include <linux/syscall.h>

#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>

#include "at.h"

/* --- getdents ---------------------------------------------------------------
 */

struct dirent_old { /* getdents(2); the type is the last byte */
	uint64_t ino;
	int64_t next;
	uint16_t size;
	char name[];
} PACKED;

struct dirent64 { /* getdents64(2) */
	uint64_t ino;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
} PACKED;

#define ENTRY_SIZE_MAX 288 /* header, 255 bytes of name, NUL, padding */

struct dirent_sink {
	struct dir_sink sink;
	char USER *to;
	size_t room;
	size_t used;
	bool old_layout;
	int error; /* of the last entry that was refused */
};

static size_t pack_old(void *buffer, const char *name, size_t length,
		       uint64_t ino, unsigned type, int64_t next)
{
	struct dirent_old *entry = buffer;
	size_t size = ALIGN_UP(sizeof(*entry) + length + 2, (size_t)8);

	entry->ino = ino;
	entry->next = next;
	entry->size = (uint16_t)size;
	memcpy(entry->name, name, length);
	((uint8_t *)buffer)[size - 1] = (uint8_t)type;
	return size;
}

static size_t pack_new(void *buffer, const char *name, size_t length,
		       uint64_t ino, unsigned type, int64_t next)
{
	struct dirent64 *entry = buffer;
	size_t size = ALIGN_UP(sizeof(*entry) + length + 1, (size_t)8);

	entry->ino = ino;
	entry->next = next;
	entry->size = (uint16_t)size;
	entry->type = (uint8_t)type;
	memcpy(entry->name, name, length);
	return size;
}

static bool emit(struct dir_sink *sink, const char *name, size_t length,
		 uint64_t ino, unsigned type, int64_t next)
{
	struct dirent_sink *out = container_of(sink, struct dirent_sink, sink);
	uint64_t buffer[ENTRY_SIZE_MAX / 8];
	size_t size;

	memset(buffer, 0, sizeof(buffer));
	length = MIN(length, (size_t)NAME_MAX_LENGTH);
	size = (out->old_layout ? pack_old : pack_new)(buffer, name, length,
						       ino, type, next);
	if (size > out->room - out->used) {
		out->error = -EINVAL; /* if it is the first: buffer too small */
		return false;
	}
	if (user_copy_out(out->to + out->used, buffer, size) < 0) {
		out->error = -EFAULT;
		return false;
	}
	out->used += size;
	return true;
}

static long do_getdents(int fd, void USER *entries, unsigned size,
			bool old_layout)
{
	struct dirent_sink out = {
		.sink.emit = emit,
		.to = entries,
		.room = size,
		.old_layout = old_layout,
	};
	struct file_ref ref = fd_get(fd);
	long err;

	if (ref.file == NULL) {
		return -EBADF;
	}
	err = user_range_ok(entries, size) ? file_readdir(ref.file, &out.sink)
					   : -EFAULT;
	fd_put(ref);
	if (out.used > 0) {
		return (long)out.used;
	}
	return err < 0 ? err : out.error;
}

long sys_getdents64(int fd, void USER *entries, unsigned size)
{
	return do_getdents(fd, entries, size, false);
}

long sys_getdents(int fd, void USER *entries, unsigned size)
{
	return do_getdents(fd, entries, size, true);
}

/* --- creating and removing ---------------------------------------------------
 */

long sys_mkdirat(int dir_fd, const char USER *user_path, unsigned mode)
{
	char *path;
	int err = path_copy_in(user_path, false, &path);

	if (err < 0) {
		return err;
	}
	err = vfs_mkdir(dir_fd, path, mode & 01777);
	path_free(path);
	return err;
}

long sys_mkdir(const char USER *path, unsigned mode)
{
	return sys_mkdirat(UAPI_AT_FDCWD, path, mode);
}

long sys_mknodat(int dir_fd, const char USER *user_path, unsigned mode,
		 unsigned device)
{
	char *path;
	int err;

	switch (mode & MODE_TYPE) {
	case 0:
		mode |= MODE_REGULAR;
		break;
	case MODE_REGULAR:
	case MODE_CHARACTER:
	case MODE_BLOCK:
	case MODE_FIFO:
	case MODE_SOCKET:
		break;
	case MODE_DIRECTORY:
		return -EPERM;
	default:
		return -EINVAL;
	}
	err = path_copy_in(user_path, false, &path);
	if (err < 0) {
		return err;
	}
	err = vfs_mknod(dir_fd, path, mode & (MODE_TYPE | MODE_PERMISSIONS),
			device);
	path_free(path);
	return err;
}

long sys_mknod(const char USER *path, unsigned mode, unsigned device)
{
	return sys_mknodat(UAPI_AT_FDCWD, path, mode, device);
}

long sys_unlinkat(int dir_fd, const char USER *user_path, int flags)
{
	char *path;
	int err;

	if ((flags & ~UAPI_AT_REMOVEDIR) != 0) {
		return -EINVAL;
	}
	err = path_copy_in(user_path, false, &path);
	if (err < 0) {
		return err;
	}
	err = vfs_unlink(dir_fd, path, (flags & UAPI_AT_REMOVEDIR) != 0);
	path_free(path);
	return err;
}

long sys_unlink(const char USER *path)
{
	return sys_unlinkat(UAPI_AT_FDCWD, path, 0);
}

long sys_rmdir(const char USER *path)
{
	return sys_unlinkat(UAPI_AT_FDCWD, path, UAPI_AT_REMOVEDIR);
}

/* --- links and renaming
 * -------------------------------------------------------
 */

long sys_linkat(int old_dir_fd, const char USER *old_path, int new_dir_fd,
		const char USER *user_new_path, int flags)
{
	struct path old;
	char *new_path;
	unsigned walk = 0;
	int err;

	if ((flags & ~(UAPI_AT_SYMLINK_FOLLOW | UAPI_AT_EMPTY_PATH)) != 0) {
		return -EINVAL;
	}
	walk |= (flags & UAPI_AT_SYMLINK_FOLLOW) != 0 ? WALK_FOLLOW : 0;
	walk |= (flags & UAPI_AT_EMPTY_PATH) != 0 ? WALK_EMPTY_OK : 0;
	err = path_copy_in(user_new_path, false, &new_path);
	if (err < 0) {
		return err;
	}
	err = at_lookup(old_dir_fd, old_path, walk, &old);
	if (err == 0) {
		err = vfs_link(&old, new_dir_fd, new_path);
		path_put(&old);
	}
	path_free(new_path);
	return err;
}

long sys_link(const char USER *old_path, const char USER *new_path)
{
	return sys_linkat(UAPI_AT_FDCWD, old_path, UAPI_AT_FDCWD, new_path, 0);
}

long sys_symlinkat(const char USER *user_target, int dir_fd,
		   const char USER *user_path)
{
	char *target;
	char *path;
	int err = path_copy_in(user_target, false, &target);

	if (err < 0) {
		return err;
	}
	err = path_copy_in(user_path, false, &path);
	if (err == 0) {
		err = vfs_symlink(target, dir_fd, path);
		path_free(path);
	}
	path_free(target);
	return err;
}

long sys_symlink(const char USER *target, const char USER *path)
{
	return sys_symlinkat(target, UAPI_AT_FDCWD, path);
}

long sys_renameat2(int old_dir_fd, const char USER *user_old, int new_dir_fd,
		   const char USER *user_new, unsigned flags)
{
	char *old_path;
	char *new_path;
	int err;

	if ((flags & ~(UAPI_RENAME_NOREPLACE | UAPI_RENAME_EXCHANGE)) != 0 ||
	    flags == (UAPI_RENAME_NOREPLACE | UAPI_RENAME_EXCHANGE)) {
		return -EINVAL;
	}
	err = path_copy_in(user_old, false, &old_path);
	if (err < 0) {
		return err;
	}
	err = path_copy_in(user_new, false, &new_path);
	if (err == 0) {
		err = vfs_rename(old_dir_fd, old_path, new_dir_fd, new_path,
				 flags);
		path_free(new_path);
	}
	path_free(old_path);
	return err;
}

long sys_renameat(int old_dir_fd, const char USER *old_path, int new_dir_fd,
		  const char USER *new_path)
{
	return sys_renameat2(old_dir_fd, old_path, new_dir_fd, new_path, 0);
}

long sys_rename(const char USER *old_path, const char USER *new_path)
{
	return sys_renameat2(UAPI_AT_FDCWD, old_path, UAPI_AT_FDCWD, new_path,
			     0);
}

/* The path "" names the descriptor itself, an O_PATH one of a link. */
long sys_readlinkat(int dir_fd, const char USER *user_path, void USER *buf,
		    int size)
{
	struct path path;
	ssize_t length;
	char *target;
	int err;

	if (size <= 0) {
		return -EINVAL;
	}
	err = at_lookup(dir_fd, user_path,
			dir_fd == UAPI_AT_FDCWD ? 0 : WALK_EMPTY_OK, &path);
	if (err < 0) {
		return err;
	}
	target = kmalloc(PATH_MAX_SIZE);
	length = target == NULL ? -ENOMEM
				: vfs_readlink(&path, target, PATH_MAX_SIZE);
	if (length >= 0) {
		length = MIN(length, (ssize_t)size);
		if (user_copy_out(buf, target, (size_t)length) < 0) {
			length = -EFAULT;
		}
	}
	kfree(target);
	path_put(&path);
	return length;
}

long sys_readlink(const char USER *path, void USER *buf, int size)
{
	return sys_readlinkat(UAPI_AT_FDCWD, path, buf, size);
}

/* --- where a process is
 * --------------------------------------------------------
 */

long sys_getcwd(void USER *buf, size_t size)
{
	struct path cwd;
	char *text = kmalloc(PATH_MAX_SIZE);
	ssize_t length = -ENOENT;
	char *start;

	if (text == NULL) {
		return -ENOMEM;
	}
	fs_context_cwd(&cwd);
	if (!READ_ONCE(cwd.dentry->unhashed) || cwd.dentry == cwd.mount->root) {
		length = path_name(&cwd, NULL, text, PATH_MAX_SIZE, &start);
	}
	if (length >= 0) {
		length++; /* the NUL counts */
		if ((size_t)length > size) {
			length = -ERANGE;
		} else if (user_copy_out(buf, start, (size_t)length) < 0) {
			length = -EFAULT;
		}
	}
	path_put(&cwd);
	kfree(text);
	return length;
}

static long change_dir(const struct path *path)
{
	int err = inode_is_dir(path->dentry->inode)
			  ? vfs_permission(path->dentry->inode, PERMISSION_EXEC)
			  : -ENOTDIR;

	if (err == 0) {
		fs_context_set_cwd(fs_context_current(), path);
	}
	return err;
}

long sys_chdir(const char USER *user_path)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path,
			     WALK_FOLLOW | WALK_DIRECTORY, &path);

	if (err < 0) {
		return err;
	}
	err = change_dir(&path);
	path_put(&path);
	return err;
}

long sys_fchdir(int fd)
{
	struct file_ref ref = fd_get_path(fd);
	struct path path;
	long err = -ENOTDIR;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->dentry != NULL) {
		path.mount = ref.file->mount;
		path.dentry = ref.file->dentry;
		err = change_dir(&path);
	}
	fd_put(ref);
	return err;
}

long sys_chroot(const char USER *user_path)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path,
			     WALK_FOLLOW | WALK_DIRECTORY, &path);

	if (err < 0) {
		return err;
	}
	err = vfs_permission(path.dentry->inode, PERMISSION_EXEC);
	if (err == 0 && !credentials_capable(CREDENTIALS_CAP_SYS_CHROOT)) {
		err = -EPERM;
	}
	if (err == 0) {
		fs_context_set_root(fs_context_current(), &path);
	}
	path_put(&path);
	return err;
}

long sys_umask(unsigned mask)
{
	return __atomic_exchange_n(&fs_context_current()->umask, mask & 0777,
				   __ATOMIC_RELAXED);
}
