/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Who may do what: the file identity (fsuid, fsgid, groups) against owner,
 * group and mode of an inode; capabilities override.  Kernel threads may do
 * all.
 *
 * Most files grant everybody what is asked for, and most programs run as root:
 * both are decided without a copy of the credentials.
 */
#include <fs/vfs/internal.h>

#include <process/credentials.h>
#include <process/process.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <uapi/signal.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define OWNER_SHIFT 6
#define GROUP_SHIFT 3

static bool has_bit(uint64_t set, unsigned capability)
{
	return (set >> capability & 1) != 0;
}

bool vfs_capable(unsigned capability)
{
	struct process *process = process_current();

	return process == NULL ||
	       has_bit(READ_ONCE(process->credentials.cap_effective),
		       capability);
}

/* DAC_OVERRIDE: everything but executing what nobody may execute.
 * DAC_READ_SEARCH: reading files, reading and searching directories. */
static bool overrides(uint64_t capabilities, const struct inode *inode,
		      unsigned mask)
{
	bool dir = inode_is_dir(inode);

	if (has_bit(capabilities, UAPI_CAP_DAC_OVERRIDE) &&
	    (dir || (mask & PERMISSION_EXEC) == 0 ||
	     (READ_ONCE(inode->mode) & 0111) != 0)) {
		return true;
	}
	return has_bit(capabilities, UAPI_CAP_DAC_READ_SEARCH) &&
	       (mask & ~(PERMISSION_READ | (dir ? PERMISSION_EXEC : 0))) == 0;
}

static int check(const struct inode *inode, unsigned mask,
		 const struct credentials *who, uint32_t uid, uint32_t gid,
		 uint64_t capabilities)
{
	uint32_t mode = READ_ONCE(inode->mode);

	if (uid == READ_ONCE(inode->uid)) {
		mode >>= OWNER_SHIFT;
	} else if (gid == READ_ONCE(inode->gid) ||
		   credentials_in_group(who, READ_ONCE(inode->gid))) {
		mode >>= GROUP_SHIFT;
	}
	if ((mask & ~mode & 7) == 0 || overrides(capabilities, inode, mask)) {
		return 0;
	}
	return -EACCES;
}

int vfs_permission(struct inode *inode, unsigned mask)
{
	struct process *process = process_current();
	uint32_t everybody = mask << OWNER_SHIFT | mask << GROUP_SHIFT | mask;
	struct credentials who;

	if ((READ_ONCE(inode->mode) & everybody) == everybody ||
	    process == NULL ||
	    overrides(READ_ONCE(process->credentials.cap_effective), inode,
		      mask)) {
		return 0;
	}
	credentials_current(&who);
	return check(inode, mask, &who, who.fsuid, who.fsgid,
		     who.cap_effective);
}

int vfs_permission_real(struct inode *inode, unsigned mask)
{
	struct credentials who;
	uint64_t capabilities;

	if (process_current() == NULL) {
		return 0;
	}
	credentials_current(&who);
	/* access(2): the real uid 0 has what it may have, others nothing. */
	capabilities = who.uid == 0 ? who.cap_permitted : 0;
	who.fsgid = who.gid;
	return check(inode, mask, &who, who.uid, who.gid, capabilities);
}

bool vfs_is_owner(const struct inode *inode)
{
	struct process *process = process_current();

	return process == NULL ||
	       READ_ONCE(process->credentials.fsuid) == READ_ONCE(inode->uid) ||
	       vfs_capable(UAPI_CAP_FOWNER);
}

int vfs_want_write(const struct path *path)
{
	if ((READ_ONCE(path->mount->flags) & UAPI_MS_RDONLY) != 0 ||
	    READ_ONCE(path->mount->superblock->read_only)) {
		return -EROFS;
	}
	return 0;
}

void inode_init_owner(struct inode *inode, const struct inode *dir)
{
	struct process *process = process_current();

	inode->uid =
		process == NULL ? 0 : READ_ONCE(process->credentials.fsuid);
	inode->gid =
		process == NULL ? 0 : READ_ONCE(process->credentials.fsgid);
	if (dir != NULL && (dir->mode & MODE_SETGID) != 0) {
		inode->gid = dir->gid;
		if (inode_is_dir(inode)) {
			inode->mode |= MODE_SETGID;
		}
	}
}

void inode_drop_set_id(struct inode *inode)
{
	uint32_t mode = READ_ONCE(inode->mode);
	uint32_t drop = mode & MODE_SETUID;

	/* set-gid without group execution meant mandatory locking */
	if ((mode & (MODE_SETGID | 0010)) == (MODE_SETGID | 0010)) {
		drop |= MODE_SETGID;
	}
	if (drop != 0 && !vfs_capable(UAPI_CAP_FSETID)) {
		__atomic_fetch_and(&inode->mode, ~drop, __ATOMIC_RELAXED);
	}
}

void vfs_send_signal(int signal)
{
	if (process_current() != NULL) {
		signal_send_thread(thread_current(), signal, NULL);
	}
}
