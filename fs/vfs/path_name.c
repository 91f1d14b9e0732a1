/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The name of a place, from the end to the beginning: parents of dentries, and
 * at the root of a mount the place where that is mounted.  No lock: a rename
 * that comes in between is noticed by the dentry cache's sequence, and the
 * name is built again.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <vfs/inode.h>

static const char deleted[] = " (deleted)";

/* Text that grows towards the start of the buffer. */
struct backwards {
	char *buffer;
	size_t start; /* first byte used */
};

static int put(struct backwards *out, const char *text, size_t length)
{
	if (length > out->start) {
		return -ENAMETOOLONG;
	}
	out->start -= length;
	memcpy(out->buffer + out->start, text, length);
	return 0;
}

static int put_name(struct backwards *out, const struct dentry *dentry)
{
	const char *name = __atomic_load_n(&dentry->name, __ATOMIC_ACQUIRE);
	int err = put(out, name, strlen(name));

	return err < 0 ? err : put(out, "/", 1);
}

/* In a read section. */
static int build(const struct path *path, const struct path *root,
		 struct backwards *out)
{
	const struct mount *mount = path->mount;
	const struct dentry *dentry = path->dentry;
	size_t end;
	int err = put(out, "", 1);

	if (err == 0 && READ_ONCE(dentry->unhashed)) {
		err = put(out, deleted, sizeof(deleted) - 1);
	}
	end = out->start;
	while (err == 0) {
		if (mount == root->mount && dentry == root->dentry) {
			break;
		}
		if (dentry == mount->root) {
			if (mount->parent == NULL ||
			    __atomic_load_n(&mount->detached,
					    __ATOMIC_RELAXED)) {
				break;
			}
			dentry = mount->point;
			mount = mount->parent;
			continue;
		}
		if (READ_ONCE(dentry->parent) == dentry) {
			/* without place: memfd and the like */
			return put_name(out, dentry);
		}
		err = put_name(out, dentry);
		dentry = __atomic_load_n(&dentry->parent, __ATOMIC_ACQUIRE);
	}
	if (err == 0 && out->start == end) {
		err = put(out, "/", 1);
	}
	return err;
}

ssize_t path_name(const struct path *path, const struct path *root, char *buf,
		  size_t size, char **start_out)
{
	struct path own_root = {.mount = NULL, .dentry = NULL};
	struct backwards out = {.buffer = buf};
	uint32_t sequence;
	int err;

	if (root == NULL) {
		if (fs_context_current() != NULL) {
			fs_context_root(&own_root);
		}
		root = &own_root;
	}
	do {
		out.start = size;
		sequence = dcache_read_begin();
		rcu_read_lock();
		err = build(path, root, &out);
		rcu_read_unlock();
	} while (dcache_read_retry(sequence));
	if (own_root.mount != NULL) {
		path_put(&own_root);
	}
	if (err < 0) {
		return err;
	}
	*start_out = buf + out.start;
	return (ssize_t)(size - out.start - 1);
}
