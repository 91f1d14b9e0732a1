/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * poll(2), ppoll(2): the application's array in, poll_entries(), answers out.
 */
#include <linux/syscall.h>

#include <arch/frame.h>
#include <mm/slab.h>
#include <process/rlimit.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <vfs/poll.h>

#include "poll_wait.h"
#include "timespec.h"

#define INLINE_ENTRIES 16

struct uapi_pollfd {
	int32_t fd;
	uint16_t events;
	uint16_t revents;
};

static const struct uapi_pollfd USER *element(const void USER *fds, unsigned i)
{
	return (const struct uapi_pollfd USER *)fds + i;
}

static int copy_entries(struct poll_entry *entries, const void USER *fds,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct uapi_pollfd in;

		if (user_copy_in(&in, element(fds, i), sizeof(in)) < 0) {
			return -EFAULT;
		}
		entries[i].fd = in.fd;
		entries[i].events = in.events;
	}
	return 0;
}

static int give_answers(const struct poll_entry *entries, void USER *fds,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char USER *to = (char USER *)element(fds, i) +
				offsetof(struct uapi_pollfd, revents);

		if (user_put_u16(to, entries[i].revents) < 0) {
			return -EFAULT;
		}
	}
	return 0;
}

/* -EINTR means: a signal came, nothing was ready. */
static int do_poll(void USER *fds, unsigned count, uint64_t deadline_ns)
{
	struct poll_entry fast[INLINE_ENTRIES];
	struct poll_entry *entries = fast;
	int result;

	if (count > rlimit_current(RLIMIT_NOFILE)) {
		return -EINVAL;
	}
	if (count > INLINE_ENTRIES) {
		entries = kcalloc(count, sizeof(*entries));
		if (entries == NULL) {
			return -ENOMEM;
		}
	}
	result = copy_entries(entries, fds, count);
	if (result == 0) {
		result = poll_entries(entries, count, deadline_ns);
	}
	if (result >= 0) {
		int err = give_answers(entries, fds, count);

		result = err < 0 ? err : result;
	}
	if (entries != fast) {
		kfree(entries);
	}
	return result;
}

static long poll_until(void USER *fds, unsigned count, uint64_t deadline_ns);

/* restart_syscall(2): the registers are still those of the call. */
static long poll_again(void)
{
	const struct trapframe *frame = frame_current();

	return poll_until((void USER *)frame_syscall_arg(frame, 0),
			  (unsigned)frame_syscall_arg(frame, 1),
			  thread_current()->linux.restart_deadline_ns);
}

/* A signal without handler does not make the wait longer. */
static long poll_until(void USER *fds, unsigned count, uint64_t deadline_ns)
{
	struct thread_state_linux *own = &thread_current()->linux;
	int result = do_poll(fds, count, deadline_ns);

	if (result != -EINTR) {
		return result;
	}
	own->restart = poll_again;
	own->restart_deadline_ns = deadline_ns;
	own->in_restart_block = true;
	return -ERESTART_RESTARTBLOCK;
}

long sys_poll(void USER *fds, unsigned count, int timeout_ms)
{
	return poll_until(fds, count, poll_deadline_ms(timeout_ms));
}

long sys_ppoll(void USER *fds, unsigned count, void USER *timeout,
	       const void USER *mask, size_t mask_size)
{
	uint64_t deadline;
	int result = poll_deadline_timespec(timeout, &deadline);

	if (result == 0) {
		result = poll_set_mask(mask, mask_size);
	}
	if (result < 0) {
		return result;
	}
	result = do_poll(fds, count, deadline);
	if (mask != NULL) {
		signal_restore_mask(result == -EINTR);
	}
	if (timeout != NULL) {
		/* A timeout that cannot be written stays as it is. */
		timespec_put_ns(timeout, poll_time_left(deadline));
	}
	return result == -EINTR ? -ERESTARTNOHAND : result;
}
