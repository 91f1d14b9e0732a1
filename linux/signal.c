/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Signals: actions, masks, waiting.  Sending is in kill.c; core/process does
 * the work.
 */
#include <linux/syscall.h>

#include <arch/frame.h>
#include <arch/mmu.h>
#include <arch/signal.h>
#include <lib/string.h>
#include <process/process.h>
#include <process/signal.h>
#include <process/signal_sets.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#include "timespec.h"

#define SET_SIZE	8
#define MIN_STACK_SIZE	2048 /* MINSIGSTKSZ */
#define STACK_MODE_MASK (UAPI_SS_ONSTACK | UAPI_SS_DISABLE)

/* --- actions and masks -------------------------------------------------------
 */

long sys_rt_sigaction(int signal, const void USER *action,
		      void USER *old_action, size_t set_size)
{
	struct uapi_sigaction new;
	struct uapi_sigaction old;
	int err;

	if (set_size != SET_SIZE) {
		return -EINVAL;
	}
	if (action != NULL && user_copy_in(&new, action, sizeof(new)) < 0) {
		return -EFAULT;
	}
	err = signal_set_action(signal, action != NULL ? &new : NULL, &old);
	if (err < 0) {
		return err;
	}
	if (old_action != NULL &&
	    user_copy_out(old_action, &old, sizeof(old)) < 0) {
		return -EFAULT;
	}
	return 0;
}

long sys_rt_sigprocmask(int how, const void USER *set, void USER *old_set,
			size_t set_size)
{
	uint64_t old = thread_current()->linux.signal_blocked;
	uint64_t mask;

	if (set_size != SET_SIZE) {
		return -EINVAL;
	}
	if (set != NULL) {
		if (user_get_u64(&mask, set) < 0) {
			return -EFAULT;
		}
		mask &= ~SIGNAL_UNBLOCKABLE;
		switch (how) {
		case UAPI_SIG_BLOCK:
			mask |= old;
			break;
		case UAPI_SIG_UNBLOCK:
			mask = old & ~mask;
			break;
		case UAPI_SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(mask);
	}
	return old_set != NULL ? user_put_u64(old_set, old) : 0;
}

long sys_rt_sigpending(void USER *set, size_t set_size)
{
	struct thread *thread = thread_current();
	uint64_t pending =
		signal_pending_set(thread) & thread->linux.signal_blocked;

	if (set_size > SET_SIZE) {
		return -EINVAL;
	}
	return user_copy_out(set, &pending, set_size);
}

long sys_rt_sigreturn(void)
{
	struct trapframe *frame = frame_current();
	uint64_t mask;

	thread_current()->linux.in_restart_block = false;
	if (arch_signal_pop(frame, &mask) < 0) {
		signal_force(UAPI_SIGSEGV, NULL);
		return 0;
	}
	signal_set_mask(mask);
	return frame_result(frame); /* every register comes from the frame */
}

/* --- the alternate stack
 * ------------------------------------------------------- */

static bool on_altstack(const struct thread_state_linux *own)
{
	uintptr_t sp = frame_sp(frame_current());

	return (own->altstack_flags & UAPI_SS_AUTODISARM) == 0 &&
	       own->altstack_size != 0 && sp > own->altstack_base &&
	       sp - own->altstack_base <= own->altstack_size;
}

static int set_altstack(struct thread_state_linux *own,
			const struct uapi_sigaltstack *stack)
{
	uint32_t flags = (uint32_t)stack->flags;
	uint32_t mode = flags & ~(uint32_t)UAPI_SS_AUTODISARM;

	if (on_altstack(own)) {
		return -EPERM;
	}
	if (mode != 0 && mode != UAPI_SS_DISABLE && mode != UAPI_SS_ONSTACK) {
		return -EINVAL;
	}
	if (mode == UAPI_SS_DISABLE) {
		own->altstack_base = 0;
		own->altstack_size = 0;
	} else {
		if (stack->size < MIN_STACK_SIZE) {
			return -ENOMEM;
		}
		own->altstack_base = stack->sp;
		own->altstack_size = stack->size;
	}
	own->altstack_flags = flags;
	return 0;
}

long sys_sigaltstack(const void USER *stack, void USER *old_stack)
{
	struct thread_state_linux *own = &thread_current()->linux;
	struct uapi_sigaltstack new;
	struct uapi_sigaltstack old = {
		.sp = own->altstack_base,
		.size = own->altstack_size,
	};
	uint32_t flags = own->altstack_flags & UAPI_SS_AUTODISARM;
	int err;

	if (own->altstack_size == 0) {
		flags |= UAPI_SS_DISABLE;
	} else if (on_altstack(own)) {
		flags |= UAPI_SS_ONSTACK;
	}
	old.flags = (int)flags;
	if (stack != NULL) {
		if (user_copy_in(&new, stack, sizeof(new)) < 0) {
			return -EFAULT;
		}
		err = set_altstack(own, &new);
		if (err < 0) {
			return err;
		}
	}
	return old_stack != NULL ? user_copy_out(old_stack, &old, sizeof(old))
				 : 0;
}

/* --- waiting -----------------------------------------------------------------
 */

static void sleep_until_signal(void)
{
	do {
		thread_prepare_sleep(true);
	} while (thread_sleep(WAIT_FOREVER) == 0);
}

long sys_pause(void)
{
	sleep_until_signal();
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const void USER *set, size_t set_size)
{
	uint64_t mask;

	if (set_size != SET_SIZE) {
		return -EINVAL;
	}
	if (user_get_u64(&mask, set) < 0) {
		return -EFAULT;
	}
	signal_set_temporary_mask(mask);
	sleep_until_signal();
	signal_restore_mask(true);
	return -ERESTARTNOHAND;
}

/* Takes one of the set, sleeping until the deadline: its number, -EAGAIN
 * (none came), -EINTR (another signal). */
static int wait_for(uint64_t set, struct uapi_siginfo *info,
		    uint64_t deadline_ns)
{
	int signal = signal_take(set, info);
	int err = 0;

	if (signal != 0 || deadline_ns == 0) {
		return signal != 0 ? signal : -EAGAIN;
	}
	/* From here on a signal of the set wakes although it is blocked. */
	signal_set_wait(set);
	while (signal == 0 && err == 0) {
		thread_prepare_sleep(true);
		signal = signal_take(set, info);
		if (signal != 0) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(deadline_ns);
		signal = signal_take(set, info);
	}
	signal_set_wait(0);
	if (signal != 0) {
		return signal;
	}
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

long sys_rt_sigtimedwait(const void USER *set, void USER *info,
			 const void USER *timeout, size_t set_size)
{
	uint64_t deadline = WAIT_FOREVER;
	struct uapi_siginfo found;
	uint64_t wanted;
	uint64_t ns;
	int result;

	if (set_size != SET_SIZE) {
		return -EINVAL;
	}
	if (user_get_u64(&wanted, set) < 0) {
		return -EFAULT;
	}
	if (timeout != NULL) {
		result = timespec_get_ns(&ns, timeout);
		if (result < 0) {
			return result;
		}
		deadline = ns == 0 ? 0 : deadline_after(ns);
	}
	result = wait_for(wanted & ~SIGNAL_UNBLOCKABLE, &found, deadline);
	if (result > 0 && info != NULL &&
	    user_copy_out(info, &found, sizeof(found)) < 0) {
		return -EFAULT;
	}
	return result;
}
