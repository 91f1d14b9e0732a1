/* SPDX-License-Identifier: BSD-3-Clause */
/* Actions, masks, pending sets. */
#include "abi_test.h"
#include "signal/signal.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static atomic_int hits;
static volatile int order[128];
static atomic_int order_count;
static volatile uint64_t mask_inside;

static void count(int sig)
{
	(void)sig;
	atomic_fetch_add(&hits, 1);
}

static void note_order(int sig)
{
	int at = atomic_fetch_add(&order_count, 1);
	if (at < 128) {
		order[at] = sig;
	}
}

static void note_mask(int sig)
{
	(void)sig;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void *)&mask_inside, 8);
}

ABI_CASE(action_errors)
{
	struct kernel_action action = {0};
	static const int wrong[] = {0, -1, 65, SIGKILL, SIGSTOP};
	for (int i = 0; i < 5; i++) {
		CHECK_ERRNO(
			syscall(SYS_rt_sigaction, wrong[i], &action, NULL, 8),
			EINVAL);
	}
	CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 7),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 128),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, abi_bad[1], NULL, 8),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, NULL, abi_bad[0], 8),
		    EFAULT);
	/* Reading the action of SIGKILL is allowed. */
	OK(syscall(SYS_rt_sigaction, SIGKILL, NULL, &action, 8));
	CHECK_EQ(action.handler, SIG_DFL);
}

ABI_CASE(action_old_is_returned)
{
	struct kernel_action set = {.handler = (void *)count,
				    .flags = SA_NODEFER | SA_RESTART |
					     0x04000000,
				    .restorer = (void *)0x1234,
				    .mask = ~0ULL};
	struct kernel_action old;
	OK(syscall(SYS_rt_sigaction, SIGUSR2, &set, NULL, 8));
	OK(syscall(SYS_rt_sigaction, SIGUSR2, NULL, &old, 8));
	CHECK_EQ(old.handler, set.handler);
	CHECK_EQ(old.flags, set.flags);
	CHECK_EQ(old.restorer, set.restorer);
	CHECK_EQ(old.mask, ~(BIT(SIGKILL) | BIT(SIGSTOP)));
	abi_handler(SIGUSR2, SIG_DFL, 0);
}

ABI_CASE(mask_errors)
{
	uint64_t set = 0;
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 3, &set, NULL, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, -1, &set, NULL, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 0, &set, NULL, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 0, abi_bad[0], NULL, 8),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 0, NULL, abi_bad[4], 8),
		    EFAULT);
	/* How is not looked at without a set. */
	OK(syscall(SYS_rt_sigprocmask, 77, NULL, &set, 8));
	CHECK_ERRNO(syscall(SYS_rt_sigpending, abi_bad[1], 8), EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigpending, &set, 9), EINVAL);
	OK(syscall(SYS_rt_sigpending, &set, 4));
}

ABI_CASE(mask_never_holds_kill_and_stop)
{
	uint64_t old = 0;
	OK(kernel_mask(SIG_BLOCK, ~0ULL, NULL));
	OK(kernel_mask(SIG_SETMASK, 0, &old));
	CHECK_EQ(old, ~(BIT(SIGKILL) | BIT(SIGSTOP)));
}

ABI_CASE(mask_how)
{
	uint64_t old = 0;
	OK(kernel_mask(SIG_SETMASK, BIT(10) | BIT(40), NULL));
	OK(kernel_mask(SIG_BLOCK, BIT(12), &old));
	CHECK_EQ(old, BIT(10) | BIT(40));
	OK(kernel_mask(SIG_UNBLOCK, BIT(10) | BIT(11), &old));
	CHECK_EQ(old, BIT(10) | BIT(12) | BIT(40));
	OK(kernel_mask(SIG_SETMASK, 0, &old));
	CHECK_EQ(old, BIT(12) | BIT(40));
}

ABI_CASE(blocked_signal_waits_and_comes_at_unblock)
{
	atomic_store(&hits, 0);
	abi_handler(SIGUSR1, count, 0);
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	OK(raise(SIGUSR1));
	OK(raise(SIGUSR1));
	CHECK_EQ(hits, 0);
	CHECK_EQ(kernel_pending(), BIT(SIGUSR1));
	OK(kernel_mask(SIG_UNBLOCK, BIT(SIGUSR1), NULL));
	/* Delivered before the call returned, and once only. */
	CHECK_EQ(hits, 1);
	CHECK_EQ(kernel_pending(), 0);
}

ABI_CASE(raise_is_delivered_before_it_returns)
{
	atomic_store(&hits, 0);
	abi_handler(SIGUSR1, count, 0);
	for (int i = 1; i <= 1000; i++) {
		OK(syscall(SYS_tgkill, getpid(), abi_gettid(), SIGUSR1));
		CHECK_EQ(hits, i);
	}
}

ABI_CASE(ignored_signals_are_dropped)
{
	abi_handler(SIGUSR1, SIG_IGN, 0);
	OK(raise(SIGUSR1));
	/* Pending while blocked, gone when the action becomes to ignore. */
	abi_handler(SIGUSR1, count, 0);
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	OK(raise(SIGUSR1));
	CHECK_EQ(kernel_pending(), BIT(SIGUSR1));
	abi_handler(SIGUSR1, SIG_IGN, 0);
	CHECK_EQ(kernel_pending(), 0);
	/* The default of SIGCHLD, SIGURG, SIGWINCH, SIGCONT is to ignore. */
	static const int quiet[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
	for (int i = 0; i < 4; i++) {
		OK(raise(quiet[i]));
	}
}

ABI_CASE(handler_mask)
{
	uint64_t after = 0;
	struct sigaction action = {.sa_handler = note_mask};
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	OK(sigaction(SIGUSR1, &action, NULL));
	OK(kernel_mask(SIG_SETMASK, BIT(SIGTERM), NULL));
	OK(raise(SIGUSR1));
	CHECK_EQ(mask_inside, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM));
	OK(kernel_mask(SIG_SETMASK, 0, &after));
	CHECK_EQ(after, BIT(SIGTERM));
	action.sa_flags = SA_NODEFER;
	OK(sigaction(SIGUSR1, &action, NULL));
	OK(raise(SIGUSR1));
	CHECK_EQ(mask_inside, BIT(SIGUSR2));
}

ABI_CASE(handler_once)
{
	struct sigaction now;
	atomic_store(&hits, 0);
	abi_handler(SIGURG, count, SA_RESETHAND);
	OK(raise(SIGURG));
	OK(sigaction(SIGURG, NULL, &now));
	CHECK_EQ(now.sa_handler, SIG_DFL);
	OK(raise(SIGURG));
	CHECK_EQ(hits, 1);
}

/*
 * Volatile, because libc declares raise() a leaf: the compiler believes that no
 * function of this file runs within it.
 */
static volatile int depth_max;
static volatile int depth;

static void nest(int sig)
{
	depth++;
	if (depth > depth_max) {
		depth_max = depth;
	}
	if (depth < 20) {
		raise(sig);
	}
	depth--;
}

static volatile int runs;

static void again(int sig)
{
	depth++;
	if (depth > depth_max) {
		depth_max = depth;
	}
	if (++runs < 100) {
		raise(sig);
	}
	depth--;
}

ABI_CASE(handlers_nest)
{
	depth_max = 0;
	abi_handler(SIGUSR1, nest, SA_NODEFER);
	OK(raise(SIGUSR1));
	CHECK_EQ(depth_max, 20);
	/* Deferred: the second waits until the first has returned. */
	depth_max = 0;
	runs = 0;
	abi_handler(SIGUSR1, again, 0);
	OK(raise(SIGUSR1));
	CHECK_EQ(runs, 100);
	CHECK_EQ(depth_max, 1);
}

ABI_CASE(pending_signals_come_lowest_first)
{
	const int sigs[] = {SIGRTMIN + 3, SIGUSR2, SIGRTMIN,
			    SIGHUP,	  SIGTERM, SIGUSR1};
	atomic_store(&order_count, 0);
	OK(kernel_mask(SIG_BLOCK, ~0ULL, NULL));
	for (int i = 0; i < 6; i++) {
		struct sigaction action = {.sa_handler = note_order};
		sigfillset(&action.sa_mask);
		OK(sigaction(sigs[i], &action, NULL));
		OK(raise(sigs[i]));
	}
	OK(kernel_mask(SIG_SETMASK, 0, NULL));
	/* With all blocked in the handlers they run one after another. */
	CHECK_EQ(order_count, 6);
	CHECK_EQ(order[0], SIGHUP);
	CHECK_EQ(order[1], SIGUSR1);
	CHECK_EQ(order[2], SIGUSR2);
	CHECK_EQ(order[3], SIGTERM);
	CHECK_EQ(order[4], SIGRTMIN);
	CHECK_EQ(order[5], SIGRTMIN + 3);
}

ABI_CASE(synchronous_signals_come_first)
{
	static const int sigs[] = {SIGHUP, SIGUSR1, SIGSEGV, SIGBUS};
	atomic_store(&order_count, 0);
	OK(kernel_mask(SIG_BLOCK, ~0ULL, NULL));
	for (int i = 0; i < 4; i++) {
		struct sigaction action = {.sa_handler = note_order};
		sigfillset(&action.sa_mask);
		OK(sigaction(sigs[i], &action, NULL));
		OK(raise(sigs[i]));
	}
	OK(kernel_mask(SIG_SETMASK, 0, NULL));
	CHECK_EQ(order_count, 4);
	CHECK_EQ(order[0], SIGBUS);
	CHECK_EQ(order[1], SIGSEGV);
	CHECK_EQ(order[2], SIGHUP);
}

struct masked {
	uint64_t mask;
	uint64_t pending;
};

static void *look_at_mask(void *arg)
{
	struct masked *m = arg;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &m->mask, 8);
	m->pending = kernel_pending();
	return NULL;
}

ABI_CASE(new_thread_inherits_mask_not_pending)
{
	struct masked m = {0};
	OK(kernel_mask(SIG_SETMASK, BIT(SIGUSR1) | BIT(SIGUSR2), NULL));
	OK(syscall(SYS_tgkill, getpid(), abi_gettid(), SIGUSR1));
	abi_handler(SIGUSR1, SIG_DFL, 0);
	abi_join(abi_thread(look_at_mask, &m));
	CHECK_EQ(m.mask, BIT(SIGUSR1) | BIT(SIGUSR2));
	CHECK_EQ(m.pending, 0);
	/* One sent to the process is pending for all of its threads. */
	OK(kill(getpid(), SIGUSR2));
	abi_join(abi_thread(look_at_mask, &m));
	CHECK_EQ(m.pending, BIT(SIGUSR2));
	abi_handler(SIGUSR1, SIG_IGN, 0);
	abi_handler(SIGUSR2, SIG_IGN, 0);
}

ABI_CASE(send_errors)
{
	pid_t pid = getpid();
	pid_t tid = abi_gettid();
	CHECK_ERRNO(kill(pid, 65), EINVAL);
	CHECK_ERRNO(kill(pid, -1), EINVAL);
	CHECK_ERRNO(kill(0x3fffff, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, pid, tid, 65), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, pid, 0, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, 0, tid, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, -1, tid, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, pid, 0x3fffff, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, pid + 1000000, tid, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tkill, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, -5, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, 0x3fffff, 0), ESRCH);
	OK(syscall(SYS_tkill, tid, 0));
	OK(kill(pid, 0));
}
