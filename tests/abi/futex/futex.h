/* SPDX-License-Identifier: BSD-3-Clause */
/* futex(2) as the checks call it. */
#pragma once

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define P FUTEX_PRIVATE_FLAG

static inline long futex(void *word, int op, uint32_t value,
			 const void *timeout, void *word2, uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static inline long futex_wake(void *word, int count)
{
	return futex(word, FUTEX_WAKE | P, count, NULL, NULL, 0);
}

static inline long futex_wait(void *word, uint32_t value, const void *timeout)
{
	return futex(word, FUTEX_WAIT | P, value, timeout, NULL, 0);
}

static inline struct timespec after_ms(clockid_t clock, long ms)
{
	struct timespec when;
	clock_gettime(clock, &when);
	when.tv_nsec += ms % 1000 * 1000000;
	when.tv_sec += ms / 1000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_nsec -= 1000000000;
		when.tv_sec++;
	}
	return when;
}
