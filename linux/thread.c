/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The calling thread: ids, end, registers and addresses that the kernel keeps
 * for it.
 */
#include <linux/syscall.h>

#include <arch/context.h>
#include <arch/mmu.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <uapi/errno.h>

#define ROBUST_LIST_HEAD_SIZE 24 /* struct robust_list_head */

#define ARCH_SET_GS    0x1001
#define ARCH_SET_FS    0x1002
#define ARCH_GET_FS    0x1003
#define ARCH_GET_GS    0x1004
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012

long sys_getpid(void)
{
	return process_current()->pid;
}

long sys_gettid(void)
{
	return thread_current()->tid;
}

long sys_getppid(void)
{
	return process_parent_pid(process_current());
}

long sys_exit(int code)
{
	process_exit_thread(code);
}

long sys_exit_group(int code)
{
	process_exit_group(((uint32_t)code & 0xff) << 8);
}

long sys_set_tid_address(void USER *tid)
{
	struct thread *thread = thread_current();

	thread->linux.clear_child_tid = (uintptr_t)tid;
	return thread->tid;
}

long sys_set_robust_list(void USER *head, size_t size)
{
	struct thread *thread = thread_current();

	if (size != ROBUST_LIST_HEAD_SIZE) {
		return -EINVAL;
	}
	thread->linux.robust_list = (uintptr_t)head;
	thread->linux.robust_list_size = size;
	return 0;
}

long sys_get_robust_list(int tid, void USER *head, void USER *size)
{
	struct thread *thread;
	uintptr_t list;

	if (tid == 0) {
		list = thread_current()->linux.robust_list;
	} else {
		thread = thread_find(tid);
		if (thread == NULL) {
			return -ESRCH;
		}
		if (thread->process != process_current() &&
		    !credentials_capable(CREDENTIALS_CAP_SYS_PTRACE)) {
			thread_put(thread);
			return -EPERM;
		}
		list = thread->linux.robust_list;
		thread_put(thread);
	}
	if (user_put_u64(size, ROBUST_LIST_HEAD_SIZE) < 0) {
		return -EFAULT;
	}
	return user_put_u64(head, list);
}

/*
 * The thread pointer.  gs belongs to the kernel while the application shares
 * its privilege, so there it can be neither set nor has it a value.
 */
long sys_arch_prctl(int option, unsigned long arg)
{
	struct thread *thread = thread_current();

	switch (option) {
	case ARCH_SET_FS:
		if (arg >= USER_END) {
			return -EPERM;
		}
		context_set_tls(thread, arg);
		return 0;
	case ARCH_GET_FS:
		return user_put_u64((void USER *)arg, context_tls(thread));
	case ARCH_SET_GS:
		return -EPERM;
	case ARCH_GET_GS:
		return user_put_u64((void USER *)arg, 0);
	case ARCH_GET_CPUID:
		return 1; /* the instruction is allowed */
	case ARCH_SET_CPUID:
		return arg != 0 ? 0 : -ENODEV;
	default:
		return -EINVAL;
	}
}
