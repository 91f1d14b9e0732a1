/* SPDX-License-Identifier: BSD-3-Clause */

/* getrandom(2). */
#include <linux/syscall.h>

#include <init/random.h>
#include <lib/minmax.h>
#include <lib/secret.h>
#include <process/signal.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define GRND_NONBLOCK 1u
#define GRND_RANDOM   2u
#define GRND_INSECURE 4u

#define STEP	  256
#define SIZE_MAX_ 0x7ffff000u /* as read(2) */

long sys_getrandom(void USER *buf, size_t size, unsigned flags)
{
	uint8_t USER *to = buf;
	uint8_t bytes[STEP];
	size_t done = 0;
	size_t piece;

	if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0 ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) ==
		    (GRND_RANDOM | GRND_INSECURE)) {
		return -EINVAL;
	}
	if (!random_is_ready() && (flags & GRND_INSECURE) == 0) {
		if ((flags & GRND_NONBLOCK) != 0) {
			return -EAGAIN;
		}
		if (random_wait() < 0) {
			return -ERESTARTSYS;
		}
	}
	for (size = MIN(size, (size_t)SIZE_MAX_); done < size; done += piece) {
		piece = MIN(size - done, sizeof(bytes));
		random_bytes(bytes, piece);
		if (user_copy_out(to + done, bytes, piece) < 0) {
			break;
		}
		sched_relax();
		if (thread_has_signal(thread_current())) {
			done += piece;
			break; /* a short count, as for any large read */
		}
	}
	secret_clear(bytes, sizeof(bytes));
	return done == 0 && size > 0 ? -EFAULT : (long)done;
}
