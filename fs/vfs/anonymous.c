/* SPDX-License-Identifier: BSD-3-Clause */

/* Attributes of files without path: see vfs/anonymous.h.  No locks. */
#include <vfs/anonymous.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <time/clock.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/file.h>
#include <vfs/stat.h>

#define BLOCK_SIZE 4096

static const struct anonymous_node shared_node = {
	.magic = ANONYMOUS_MAGIC,
	.device = MAKE_DEVICE(0, 15),
	.ino = 1,
	.mode = 0600,
};

void anonymous_node_init(struct anonymous_node *node, uint32_t magic,
			 uint64_t device, uint64_t ino, uint32_t mode)
{
	const struct process *process = process_current();

	*node = (struct anonymous_node){
		.magic = magic,
		.device = device,
		.ino = ino,
		.mode = mode,
	};
	if (process != NULL) {
		node->uid = READ_ONCE(process->credentials.fsuid);
		node->gid = READ_ONCE(process->credentials.fsgid);
	}
}

static struct anonymous_node *own_node(struct file *file)
{
	return file->ops == NULL || file->ops->node == NULL
		       ? NULL
		       : file->ops->node(file);
}

static const struct anonymous_node *node_of(struct file *file)
{
	const struct anonymous_node *node = own_node(file);

	return node == NULL ? &shared_node : node;
}

void anonymous_stat(struct file *file, struct kstat *stat)
{
	const struct anonymous_node *node = node_of(file);

	memset(stat, 0, sizeof(*stat));
	stat->device = node->device;
	stat->ino = node->ino;
	stat->mode = READ_ONCE(node->mode);
	stat->link_count = 1;
	stat->uid = READ_ONCE(node->uid);
	stat->gid = READ_ONCE(node->gid);
	stat->block_size = BLOCK_SIZE;
	stat->atime_ns = READ_ONCE(node->atime_ns);
	stat->mtime_ns = READ_ONCE(node->mtime_ns);
	stat->ctime_ns = READ_ONCE(node->ctime_ns);
}

void anonymous_statfs(struct file *file, struct kstatfs *out)
{
	memset(out, 0, sizeof(*out));
	out->type = node_of(file)->magic;
	out->block_size = BLOCK_SIZE;
	out->name_length = NAME_MAX_LENGTH;
	out->flags = UAPI_ST_VALID;
}

/* --- changes
 * ------------------------------------------------------------------- */

static int may_change(const struct anonymous_node *node,
		      const struct kstat *stat, unsigned valid)
{
	struct credentials who;
	bool owner;

	credentials_current(&who);
	owner = who.fsuid == node->uid;
	if ((valid & (KSTAT_SET_UID | KSTAT_SET_GID)) != 0 &&
	    !vfs_capable(UAPI_CAP_CHOWN)) {
		bool gives =
			(valid & KSTAT_SET_UID) != 0 && stat->uid != node->uid;
		bool joins = (valid & KSTAT_SET_GID) != 0 &&
			     stat->gid != node->gid && stat->gid != who.fsgid &&
			     !credentials_in_group(&who, stat->gid);

		if (!owner || gives || joins) {
			return -EPERM;
		}
	}
	if ((valid & (KSTAT_SET_MODE | KSTAT_SET_ATIME | KSTAT_SET_MTIME)) !=
		    0 &&
	    !owner && !vfs_capable(UAPI_CAP_FOWNER)) {
		return -EPERM;
	}
	return 0;
}

int anonymous_setattr(struct file *file, const struct kstat *stat,
		      unsigned valid)
{
	struct anonymous_node *node = own_node(file);
	int err;

	if (node == NULL) {
		return -EOPNOTSUPP;
	}
	err = may_change(node, stat, valid);
	if (err < 0) {
		return err;
	}
	if ((valid & KSTAT_SET_MODE) != 0) {
		WRITE_ONCE(node->mode, (node->mode & MODE_TYPE) |
					       (stat->mode & MODE_PERMISSIONS));
	}
	if ((valid & KSTAT_SET_UID) != 0) {
		WRITE_ONCE(node->uid, stat->uid);
	}
	if ((valid & KSTAT_SET_GID) != 0) {
		WRITE_ONCE(node->gid, stat->gid);
	}
	if ((valid & KSTAT_SET_ATIME) != 0) {
		WRITE_ONCE(node->atime_ns, stat->atime_ns);
	}
	if ((valid & KSTAT_SET_MTIME) != 0) {
		WRITE_ONCE(node->mtime_ns, stat->mtime_ns);
	}
	WRITE_ONCE(node->ctime_ns, clock_realtime_ns());
	return 0;
}
