/* SPDX-License-Identifier: BSD-3-Clause */

/* Mounting procfs.  There is one set of processes, so all mounts show the
 * same. */
#include <fs/procfs/internal.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

#define PROC_MAGIC 0x9fa0

static void free_inode(struct inode *inode)
{
	struct proc_inode *proc = proc_inode_of(inode);

	proc_target_put(&proc->target);
	if (inode->private != NULL) {
		file_put(inode->private); /* pid_fd.c: unnamed_inode() */
	}
	kfree(proc);
}

static int statfs(struct superblock *superblock, struct kstatfs *out)
{
	(void)superblock;
	memset(out, 0, sizeof(*out));
	out->type = PROC_MAGIC;
	out->block_size = 4096;
	out->name_length = NAME_MAX_LENGTH;
	return 0;
}

static int sync_nothing(struct superblock *superblock)
{
	(void)superblock;
	return 0;
}

static const struct superblock_ops superblock_ops = {
	.free_inode = free_inode,
	.statfs = statfs,
	.sync = sync_nothing,
};

/* Linux's options (hidepid, gid, subset) restrict what is seen; nothing is
 * hidden here, so they are refused rather than ignored. */
static int mount(const struct filesystem_type *type, const char *source,
		 const char *options, struct superblock **superblock_out)
{
	struct proc_target target = {.fd = -1};
	struct superblock *superblock;
	struct inode *root;
	int err;

	(void)source;
	if (options != NULL && options[0] != '\0') {
		return -EINVAL;
	}
	err = superblock_create(type, &superblock_ops, &superblock);
	if (err < 0) {
		return err;
	}
	superblock->names = NAMES_WHILE_USED;
	err = proc_inode_create(superblock, &proc_root, 1, &target, &root);
	if (err == 0) {
		err = superblock_set_root(superblock, root);
	}
	if (err < 0) {
		superblock_put(superblock);
		return err;
	}
	*superblock_out = superblock;
	return 0;
}

static const struct filesystem_type procfs = {
	.name = "proc",
	.flags = FILESYSTEM_NODEV,
	.mount = mount,
};
FILESYSTEM(procfs);
