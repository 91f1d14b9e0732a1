/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Extended attributes.  Values pass through a kernel buffer of at most
 * XATTR_SIZE_MAX bytes; the filesystem and fs/vfs decide about classes of
 * names.
 */
#include <linux/syscall.h>

#include <lib/minmax.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/xattr.h>
#include <vfs/path.h>

#include "at.h"

struct xattr_name {
	char text[XATTR_NAME_MAX + 1];
};

static int copy_name(struct xattr_name *name, const char USER *from)
{
	ssize_t length = user_copy_string(name->text, from, sizeof(name->text));

	if (length == 0 || length == -ENAMETOOLONG) {
		return -ERANGE;
	}
	return length < 0 ? (int)length : 0;
}

/* Reads with size 0 ask how long the answer is; the buffer may be missing. */
static void *answer_buffer(size_t *size)
{
	*size = MIN(*size, (size_t)XATTR_SIZE_MAX);
	return *size == 0 ? NULL : kmalloc(*size);
}

static long give(void USER *to, void *buffer, size_t size, ssize_t length)
{
	if (length > 0 && size > 0 &&
	    user_copy_out(to, buffer, (size_t)length) < 0) {
		length = -EFAULT;
	}
	kfree(buffer);
	return length;
}

static long do_get(const struct path *path, const char USER *user_name,
		   void USER *value, size_t size)
{
	struct xattr_name name;
	void *buffer;
	long err = copy_name(&name, user_name);

	if (err < 0) {
		return err;
	}
	buffer = answer_buffer(&size);
	if (buffer == NULL && size > 0) {
		return -ENOMEM;
	}
	return give(value, buffer, size,
		    vfs_getxattr(path, name.text, buffer, size));
}

static long do_list(const struct path *path, void USER *list, size_t size)
{
	void *buffer = answer_buffer(&size);

	if (buffer == NULL && size > 0) {
		return -ENOMEM;
	}
	return give(list, buffer, size, vfs_listxattr(path, buffer, size));
}

static long do_set(const struct path *path, const char USER *user_name,
		   const void USER *value, size_t size, int flags)
{
	struct xattr_name name;
	void *buffer = NULL;
	long err;

	if ((flags & ~(UAPI_XATTR_CREATE | UAPI_XATTR_REPLACE)) != 0) {
		return -EINVAL;
	}
	err = copy_name(&name, user_name);
	if (err < 0) {
		return err;
	}
	if (size > XATTR_SIZE_MAX) {
		return -E2BIG;
	}
	if (size > 0) {
		buffer = kmalloc(size);
		if (buffer == NULL) {
			return -ENOMEM;
		}
		err = user_copy_in(buffer, value, size);
	}
	if (err == 0) {
		err = vfs_setxattr(path, name.text, buffer, size, flags);
	}
	kfree(buffer);
	return err;
}

static long do_remove(const struct path *path, const char USER *user_name)
{
	struct xattr_name name;
	long err = copy_name(&name, user_name);

	return err < 0 ? err : vfs_removexattr(path, name.text);
}

/* --- by path, by link, by descriptor
 * ------------------------------------------
 */

static long get_at(const char USER *user_path, unsigned walk,
		   const char USER *name, void USER *value, size_t size)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path, walk, &path);

	if (err == 0) {
		err = do_get(&path, name, value, size);
		path_put(&path);
	}
	return err;
}

static long set_at(const char USER *user_path, unsigned walk,
		   const char USER *name, const void USER *value, size_t size,
		   int flags)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path, walk, &path);

	if (err == 0) {
		err = do_set(&path, name, value, size, flags);
		path_put(&path);
	}
	return err;
}

static long list_at(const char USER *user_path, unsigned walk, void USER *list,
		    size_t size)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path, walk, &path);

	if (err == 0) {
		err = do_list(&path, list, size);
		path_put(&path);
	}
	return err;
}

static long remove_at(const char USER *user_path, unsigned walk,
		      const char USER *name)
{
	struct path path;
	long err = at_lookup(UAPI_AT_FDCWD, user_path, walk, &path);

	if (err == 0) {
		err = do_remove(&path, name);
		path_put(&path);
	}
	return err;
}

long sys_getxattr(const char USER *path, const char USER *name,
		  void USER *value, size_t size)
{
	return get_at(path, WALK_FOLLOW, name, value, size);
}

long sys_lgetxattr(const char USER *path, const char USER *name,
		   void USER *value, size_t size)
{
	return get_at(path, 0, name, value, size);
}

long sys_fgetxattr(int fd, const char USER *name, void USER *value, size_t size)
{
	struct path path;
	long err = at_fd_path(fd, false, &path);

	if (err == 0) {
		err = do_get(&path, name, value, size);
		path_put(&path);
	}
	return err;
}

long sys_setxattr(const char USER *path, const char USER *name,
		  const void USER *value, size_t size, int flags)
{
	return set_at(path, WALK_FOLLOW, name, value, size, flags);
}

long sys_lsetxattr(const char USER *path, const char USER *name,
		   const void USER *value, size_t size, int flags)
{
	return set_at(path, 0, name, value, size, flags);
}

long sys_fsetxattr(int fd, const char USER *name, const void USER *value,
		   size_t size, int flags)
{
	struct path path;
	long err = at_fd_path(fd, false, &path);

	if (err == 0) {
		err = do_set(&path, name, value, size, flags);
		path_put(&path);
	}
	return err;
}

long sys_listxattr(const char USER *path, void USER *list, size_t size)
{
	return list_at(path, WALK_FOLLOW, list, size);
}

long sys_llistxattr(const char USER *path, void USER *list, size_t size)
{
	return list_at(path, 0, list, size);
}

long sys_flistxattr(int fd, void USER *list, size_t size)
{
	struct path path;
	long err = at_fd_path(fd, false, &path);

	if (err == 0) {
		err = do_list(&path, list, size);
		path_put(&path);
	}
	return err;
}

long sys_removexattr(const char USER *path, const char USER *name)
{
	return remove_at(path, WALK_FOLLOW, name);
}

long sys_lremovexattr(const char USER *path, const char USER *name)
{
	return remove_at(path, 0, name);
}

long sys_fremovexattr(int fd, const char USER *name)
{
	struct path path;
	long err = at_fd_path(fd, false, &path);

	if (err == 0) {
		err = do_remove(&path, name);
		path_put(&path);
	}
	return err;
}
