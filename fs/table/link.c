/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Symlinks: text ("self"), and magic ones that lead to the object itself, even
 * if its name is gone; what they say is only for readlink(2).
 */
#include <fs/table/internal.h>

#include <uapi/errno.h>

static int check(struct table_inode *own)
{
	return own->entry->restricted ? table_check_access(&own->target) : 0;
}

static ssize_t read_link(struct inode *inode, char *buf, size_t size)
{
	struct table_inode *own = table_inode_of(inode);
	int err = check(own);

	return err < 0 ? err : own->entry->readlink(&own->target, buf, size);
}

static int follow_link(struct inode *inode, struct path *path_out)
{
	struct table_inode *own = table_inode_of(inode);
	int err = check(own);

	return err < 0 ? err : own->entry->follow(&own->target, path_out);
}

static int refuse_setattr(struct inode *inode, const struct kstat *stat,
			  unsigned valid)
{
	(void)inode;
	(void)stat;
	(void)valid;
	return -EPERM;
}

const struct inode_ops table_link_inode_ops = {
	.readlink = read_link,
	.setattr = refuse_setattr,
};

const struct inode_ops table_magic_inode_ops = {
	.readlink = read_link,
	.follow = follow_link,
	.setattr = refuse_setattr,
};
