/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's own calls, where libc's wrappers differ from them. */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

#define BIT(sig) (1ULL << ((sig)-1))

static inline long kernel_mask(int how, uint64_t set, uint64_t *old)
{
	return syscall(SYS_rt_sigprocmask, how, &set, old, 8);
}

static inline uint64_t kernel_pending(void)
{
	uint64_t set = 0;
	syscall(SYS_rt_sigpending, &set, 8);
	return set;
}

static inline long kernel_wait(uint64_t set, siginfo_t *info,
			       const struct timespec *timeout)
{
	return syscall(SYS_rt_sigtimedwait, &set, info, timeout, 8);
}
