/* SPDX-License-Identifier: BSD-3-Clause */

/* Paths of the *at calls: see at.h.  Stateless. */
#include "at.h"

#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>

#define SHORT_PATH 128 /* on the stack; longer ones are allocated */

int at_lookup(int dir_fd, const char USER *user_path, unsigned walk_flags,
	      struct path *path_out)
{
	char *path;
	char text[SHORT_PATH];
	ssize_t length = user_copy_string(text, user_path, sizeof(text));
	int err;

	if (length > 0) {
		return path_lookup(dir_fd, text, walk_flags, path_out);
	}
	/* Long, empty, or not readable. */
	err = path_copy_in(user_path, (walk_flags & WALK_EMPTY_OK) != 0, &path);
	if (err < 0) {
		return err;
	}
	err = path_lookup(dir_fd, path, walk_flags, path_out);
	path_free(path);
	return err;
}

unsigned at_walk_flags(int at_flags)
{
	unsigned walk = WALK_FOLLOW;

	if ((at_flags & UAPI_AT_SYMLINK_NOFOLLOW) != 0) {
		walk = 0;
	}
	if ((at_flags & UAPI_AT_EMPTY_PATH) != 0) {
		walk |= WALK_EMPTY_OK;
	}
	return walk;
}

bool at_means_fd(const char USER *user_path, int at_flags)
{
	uint8_t first;

	return (at_flags & UAPI_AT_EMPTY_PATH) != 0 &&
	       user_get_u8(&first, user_path) == 0 && first == '\0';
}

int at_fd_path(int fd, bool path_only_ok, struct path *path_out)
{
	struct file_ref ref = path_only_ok ? fd_get_path(fd) : fd_get(fd);
	int err = -EOPNOTSUPP; /* a pipe, a socket ... */

	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->dentry != NULL) {
		path_out->mount = ref.file->mount;
		path_out->dentry = ref.file->dentry;
		path_get(path_out);
		err = 0;
	}
	fd_put(ref);
	return err;
}
