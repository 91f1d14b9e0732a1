/* SPDX-License-Identifier: BSD-3-Clause */

/* From path strings to places: the finished forms of walk.c. */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/inode.h>

int path_lookup(int dir_fd, const char *path, unsigned walk_flags,
		struct path *path_out)
{
	struct walk walk;
	int err = walk_start(&walk, dir_fd, path, walk_flags);

	if (err < 0) {
		return err;
	}
	if (path[0] != '\0') {
		do {
			err = walk_to_parent(&walk);
			if (err == 0) {
				err = walk_last(&walk);
			}
		} while (err == 1);
	}
	if (err == 0 && (walk_flags & WALK_DIRECTORY) != 0 &&
	    !inode_is_dir(walk.path.dentry->inode)) {
		err = -ENOTDIR;
	}
	if (err == 0) {
		*path_out = walk.path;
		walk.path.mount = NULL;
	}
	walk_end(&walk);
	return err;
}

int path_lookup_parent(int dir_fd, const char *path, struct path *parent_out,
		       char name_out[NAME_MAX_LENGTH + 1], bool *slash_out,
		       enum path_last *last_out)
{
	struct walk walk;
	int err = walk_start(&walk, dir_fd, path, 0);

	if (err < 0) {
		return err;
	}
	err = walk_to_parent(&walk);
	if (err == 0) {
		memcpy(name_out, walk.last, walk.last_length);
		name_out[walk.last_length] = '\0';
		*slash_out = walk.slash;
		*last_out = walk.last_type;
		*parent_out = walk.path;
		walk.path.mount = NULL;
	}
	walk_end(&walk);
	return err;
}

#define SHORT_PATH 256 /* most are shorter; longer ones cost a second copy */

int path_copy_in(const char USER *path, bool empty_ok, char **path_out)
{
	size_t size = SHORT_PATH;
	ssize_t length;
	char *copy;

	for (;;) {
		copy = kmalloc(size);
		if (copy == NULL) {
			return -ENOMEM;
		}
		length = user_copy_string(copy, path, size);
		if (length != -ENAMETOOLONG || size == PATH_MAX_SIZE) {
			break;
		}
		kfree(copy);
		size = PATH_MAX_SIZE;
	}
	if (length == 0 && !empty_ok) {
		length = -ENOENT;
	}
	if (length < 0) {
		kfree(copy);
		return (int)length;
	}
	*path_out = copy;
	return 0;
}

void path_free(char *path)
{
	kfree(path);
}
