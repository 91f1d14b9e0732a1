/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Extended attributes in memory: a list per inode, newest last, under the
 * inode's lock.  Which names are allowed is decided by fs/vfs/xattr.c.  Bound:
 * RAMFS_XATTR_TOTAL_MAX bytes of names and values per inode.
 */
#include <fs/ramfs/internal.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/xattr.h>

struct ramfs_xattr {
	struct list_node link;
	size_t size; /* of the value */
	size_t cost; /* against the bound */
	char *name;  /* behind the value */
	uint8_t value[];
};

static struct ramfs_xattr *find(struct ramfs_inode *own, const char *name)
{
	struct ramfs_xattr *xattr;

	list_for_each (xattr, &own->xattrs, link) {
		if (strcmp(xattr->name, name) == 0) {
			return xattr;
		}
	}
	return NULL;
}

static struct ramfs_xattr *create(const char *name, const void *value,
				  size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct ramfs_xattr *xattr = kmalloc(sizeof(*xattr) + size + name_size);

	if (xattr == NULL) {
		return NULL;
	}
	list_node_init(&xattr->link);
	xattr->size = size;
	xattr->cost = size + name_size;
	xattr->name = (char *)xattr->value + size;
	if (size > 0) {
		memcpy(xattr->value, value, size);
	}
	memcpy(xattr->name, name, name_size);
	return xattr;
}

static void drop(struct ramfs_inode *own, struct ramfs_xattr *xattr)
{
	own->xattr_bytes -= xattr->cost;
	list_remove(&xattr->link);
	kfree(xattr);
}

ssize_t ramfs_getxattr(struct inode *inode, const char *name, void *value,
		       size_t size)
{
	struct ramfs_xattr *xattr;
	ssize_t result = -ENODATA;

	mutex_lock(&inode->lock);
	xattr = find(ramfs_inode_of(inode), name);
	if (xattr != NULL) {
		result = (ssize_t)xattr->size;
		if (size != 0 && size < xattr->size) {
			result = -ERANGE;
		} else if (size != 0) {
			memcpy(value, xattr->value, xattr->size);
		}
	}
	mutex_unlock(&inode->lock);
	return result;
}

/* Called with the inode's lock held, like all that changes. */
int ramfs_setxattr(struct inode *inode, const char *name, const void *value,
		   size_t size, int flags)
{
	struct ramfs_inode *own = ramfs_inode_of(inode);
	struct ramfs_xattr *old = find(own, name);
	struct ramfs_xattr *xattr;
	size_t total = own->xattr_bytes - (old == NULL ? 0 : old->cost);

	if (old != NULL && (flags & UAPI_XATTR_CREATE) != 0) {
		return -EEXIST;
	}
	if (old == NULL && (flags & UAPI_XATTR_REPLACE) != 0) {
		return -ENODATA;
	}
	xattr = create(name, value, size);
	if (xattr == NULL) {
		return -ENOMEM;
	}
	if (total + xattr->cost > RAMFS_XATTR_TOTAL_MAX) {
		kfree(xattr);
		return -ENOSPC;
	}
	if (old != NULL) {
		drop(own, old);
	}
	list_add_tail(&own->xattrs, &xattr->link);
	own->xattr_bytes += xattr->cost;
	return 0;
}

ssize_t ramfs_listxattr(struct inode *inode, char *list, size_t size)
{
	struct ramfs_xattr *xattr;
	ssize_t total = 0;

	mutex_lock(&inode->lock);
	list_for_each (xattr, &ramfs_inode_of(inode)->xattrs, link) {
		size_t length = strlen(xattr->name) + 1;

		if (size != 0) {
			if (length > size - (size_t)total) {
				total = -ERANGE;
				break;
			}
			memcpy(list + total, xattr->name, length);
		}
		total += (ssize_t)length;
	}
	mutex_unlock(&inode->lock);
	return total;
}

int ramfs_removexattr(struct inode *inode, const char *name)
{
	struct ramfs_inode *own = ramfs_inode_of(inode);
	struct ramfs_xattr *xattr = find(own, name);

	if (xattr == NULL) {
		return -ENODATA;
	}
	drop(own, xattr);
	return 0;
}

void ramfs_xattr_free(struct ramfs_inode *own)
{
	struct ramfs_xattr *xattr;

	while ((xattr = list_first(&own->xattrs, struct ramfs_xattr, link)) !=
	       NULL) {
		drop(own, xattr);
	}
}
