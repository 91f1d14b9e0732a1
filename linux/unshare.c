/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * unshare(2).  What clone() shares between processes is shared by the threads
 * of a process too, so a process of several threads cannot give one of them a
 * copy: EINVAL, as Linux answers for memory and signals.
 */
#include <linux/syscall.h>

#include <process/process.h>
#include <uapi/clone.h>
#include <uapi/errno.h>
#include <vfs/path.h>

#define KNOWN                                                                  \
	(UAPI_CLONE_NEW_ALL | UAPI_CLONE_THREAD | UAPI_CLONE_FS |              \
	 UAPI_CLONE_SIGHAND | UAPI_CLONE_VM | UAPI_CLONE_FILES |               \
	 UAPI_CLONE_SYSVSEM)

static int unshare_fs(struct process *process)
{
	struct fs_context *old = process->fs;
	struct fs_context *own;

	if (refcount_read(&old->refs) == 1) {
		return 0;
	}
	own = fs_context_clone(old);
	if (own == NULL) {
		return -ENOMEM;
	}
	spin_lock(&process->lock);
	process->fs = own;
	spin_unlock(&process->lock);
	fs_context_put(old);
	return 0;
}

long sys_unshare(unsigned long flags)
{
	struct process *process = process_current();
	int err = 0;

	if ((flags & ~KNOWN) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_CLONE_NEW_ALL) != 0) {
		return -EPERM;
	}
	if (flags != 0 && flags != UAPI_CLONE_SYSVSEM &&
	    process->thread_count > 1) {
		return -EINVAL;
	}
	if ((flags & UAPI_CLONE_FILES) != 0) {
		err = process_unshare_files();
	}
	if (err == 0 && (flags & UAPI_CLONE_FS) != 0) {
		err = unshare_fs(process);
	}
	return err;
}
