/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The memory of other processes: process_vm_readv(2), process_vm_writev(2);
 * and what two processes share: kcmp(2).
 *
 * Bytes go through a page of the kernel's, so neither side is mapped twice.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <init/random.h>
#include <lib/minmax.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/upcalls.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/iov.h>

#define FAST_VECTORS 8

/* --- access: as ptrace(2) has it
 * ---------------------------------------------------------
 */

static bool may_access(struct process *process)
{
	struct credentials own;
	struct credentials other;

	if (process == process_current() ||
	    credentials_capable(CREDENTIALS_CAP_SYS_PTRACE)) {
		return true;
	}
	credentials_current(&own);
	spin_lock(&process->lock);
	other = process->credentials;
	spin_unlock(&process->lock);
	return process->dumpable && own.uid == other.uid &&
	       own.uid == other.euid && own.uid == other.suid &&
	       own.gid == other.gid && own.gid == other.egid &&
	       own.gid == other.sgid;
}

/* The process of the thread, referenced: 0, -ESRCH, -EPERM. */
static int find(int tid, struct process **process_out)
{
	struct thread *thread = thread_find(tid);
	struct process *process;

	if (thread == NULL) {
		return -ESRCH;
	}
	process = thread->process;
	if (process != NULL) {
		process_get(process);
	}
	thread_put(thread);
	if (process == NULL) {
		return -EPERM;
	}
	if (!may_access(process)) {
		process_put(process);
		return -EPERM;
	}
	*process_out = process;
	return 0;
}

/* --- copying
 * --------------------------------------------------------------------------------
 */

/* One piece, at most a page, from or to the remote address: bytes moved. */
static size_t move_piece(struct address_space *space, struct iov_iter *local,
			 uintptr_t remote, size_t size, bool write, void *page)
{
	ssize_t done;

	if (write) {
		size_t got = iov_copy_from(local, page, size);

		done = vm_access(space, remote, page, got, true);
		return done > 0 ? (size_t)done : 0;
	}
	done = vm_access(space, remote, page, size, false);
	return done > 0 ? iov_copy_to(local, page, (size_t)done) : 0;
}

static long move_all(struct address_space *space, struct iov_iter *local,
		     struct iov_iter *remote, bool write, void *page)
{
	size_t done = 0;

	while (local->remaining > 0 && remote->remaining > 0) {
		const struct iov *iov = remote->vector;
		uintptr_t addr = (uintptr_t)iov->base + remote->offset;
		size_t size = MIN(iov->size - remote->offset,
				  PAGE_SIZE - addr % PAGE_SIZE);
		size_t moved;

		if (iov->size == remote->offset) {
			remote->vector++;
			remote->count--;
			remote->offset = 0;
			continue;
		}
		size = MIN(size, local->remaining);
		moved = move_piece(space, local, addr, size, write, page);
		done += moved;
		if (moved < size) {
			return done > 0 ? (long)done : -EFAULT;
		}
		iov_advance(remote, moved);
	}
	return (long)done;
}

static long with_space(int pid, struct iov_iter *local, struct iov_iter *remote,
		       bool write)
{
	struct address_space *space;
	struct process *process;
	void *page;
	long result = find(pid, &process);

	if (result < 0) {
		return result;
	}
	space = process_get_space(process);
	process_put(process);
	page = kmalloc(PAGE_SIZE);
	if (space == NULL || page == NULL) {
		result = space == NULL ? -ESRCH : -ENOMEM;
	} else {
		result = move_all(space, local, remote, write, page);
	}
	kfree(page);
	if (space != NULL) {
		address_space_put(space);
	}
	return result;
}

static long transfer(int pid, const void USER *local, unsigned long local_count,
		     const void USER *remote, unsigned long remote_count,
		     unsigned long flags, bool write)
{
	struct iov local_fast[FAST_VECTORS];
	struct iov remote_fast[FAST_VECTORS];
	struct iov *local_allocated = NULL;
	struct iov *remote_allocated = NULL;
	struct iov_iter here;
	struct iov_iter there;
	long result;

	if (flags != 0) {
		return -EINVAL;
	}
	result = iov_import(&here, local, local_count, local_fast, FAST_VECTORS,
			    &local_allocated);
	if (result < 0) {
		return result;
	}
	result = iov_import(&there, remote, remote_count, remote_fast,
			    FAST_VECTORS, &remote_allocated);
	if (result == 0 && here.remaining > 0) {
		result = with_space(pid, &here, &there, write);
	}
	kfree(local_allocated);
	kfree(remote_allocated);
	return result;
}

long sys_process_vm_readv(int pid, const void USER *local,
			  unsigned long local_count, const void USER *remote,
			  unsigned long remote_count, unsigned long flags)
{
	return transfer(pid, local, local_count, remote, remote_count, flags,
			false);
}

long sys_process_vm_writev(int pid, const void USER *local,
			   unsigned long local_count, const void USER *remote,
			   unsigned long remote_count, unsigned long flags)
{
	return transfer(pid, local, local_count, remote, remote_count, flags,
			true);
}

/* --- kcmp
 * ------------------------------------------------------------------------------------
 */

enum kcmp_type {
	KCMP_FILE,
	KCMP_VM,
	KCMP_FILES,
	KCMP_FS,
	KCMP_SIGHAND,
	KCMP_TYPE_COUNT,
};

/* Only compared, never followed. */
static uintptr_t object_of(struct process *process, int type, unsigned long fd)
{
	struct file_table *files;
	struct file *file = NULL;
	uintptr_t object = 0;

	if (type == KCMP_FILE) {
		files = process_get_files(process);
		if (files != NULL && fd <= INT32_MAX) {
			file = file_table_get_file(files, (int)fd);
		}
		object = (uintptr_t)file;
		if (file != NULL) {
			file_put(file);
		}
		if (files != NULL) {
			file_table_put(files);
		}
		return object;
	}
	spin_lock(&process->lock);
	switch (type) {
	case KCMP_VM:
		object = (uintptr_t)process->address_space;
		break;
	case KCMP_FILES:
		object = (uintptr_t)process->files;
		break;
	case KCMP_FS:
		object = (uintptr_t)process->fs;
		break;
	default:
		object = (uintptr_t)process->actions;
		break;
	}
	spin_unlock(&process->lock);
	return object;
}

/* An order that is constant but says nothing of addresses. */
static uintptr_t scramble(uintptr_t object)
{
	static uint64_t cookie; /* [a] */
	uint64_t mask = __atomic_load_n(&cookie, __ATOMIC_RELAXED);
	uint64_t none = 0;

	if (mask == 0) {
		mask = random_u64() | 1;
		if (!__atomic_compare_exchange_n(&cookie, &none, mask, false,
						 __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED)) {
			mask = none;
		}
	}
	return (object ^ mask) * mask;
}

long sys_kcmp(int pid1, int pid2, int type, unsigned long id1,
	      unsigned long id2)
{
	struct process *first;
	struct process *second;
	uintptr_t a;
	uintptr_t b;
	int err = find(pid1, &first);

	if (err < 0) {
		return err;
	}
	err = find(pid2, &second);
	if (err < 0) {
		process_put(first);
		return err;
	}
	if (type < 0 || type >= KCMP_TYPE_COUNT) {
		process_put(first);
		process_put(second);
		return -EINVAL;
	}
	a = object_of(first, type, id1);
	b = object_of(second, type, id2);
	process_put(first);
	process_put(second);
	if (type == KCMP_FILE && (a == 0 || b == 0)) {
		return -EBADF;
	}
	if (a == b) {
		return 0;
	}
	return scramble(a) < scramble(b) ? 1 : 2;
}
