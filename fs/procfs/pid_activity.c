/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/io, syscall, wchan: what a process has moved and what a thread is
 * doing now.
 *
 * A sleeping thread's registers are copied with the lock of its process held:
 * it cannot leave the process, so its stack stays.  It may wake meanwhile; then
 * the line is as old as any.
 */
#include <fs/procfs/internal.h>

#include <arch/frame.h>
#include <debug/symbols.h>
#include <process/process.h>
#include <sched/thread.h>

#define ULL(x) ((unsigned long long)(x))

int proc_show_pid_io(struct table_text *text, const struct table_target *target)
{
	struct io_counts io = {0};

	if (target->thread != NULL) {
		io = target->thread->linux.io;
	} else {
		process_io_counts(target->process, &io);
	}
	/* Nothing that was made dirty is ever dropped uncounted. */
	table_text_add(text,
		       "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n"
		       "read_bytes: %llu\nwrite_bytes: %llu\n"
		       "cancelled_write_bytes: 0\n",
		       ULL(io.read_bytes), ULL(io.write_bytes), ULL(io.reads),
		       ULL(io.writes), ULL(io.disk_read_bytes),
		       ULL(io.disk_write_bytes));
	return 0;
}

struct frame_request {
	struct thread *thread;
	struct trapframe frame;
	bool found;
};

static bool sleeps(const struct thread *thread)
{
	uint32_t state = READ_ONCE(thread->state);

	return state == THREAD_SLEEPING ||
	       state == THREAD_SLEEPING_INTERRUPTIBLE;
}

/* process->lock held. */
static int copy_frame(struct thread *thread, void *arg)
{
	struct frame_request *request = arg;

	if (thread != request->thread) {
		return 0;
	}
	request->found =
		sleeps(thread) && frame_copy_of(thread, &request->frame);
	return 1;
}

static void add_call(struct table_text *text, const struct trapframe *frame)
{
	if (!frame_in_syscall(frame)) {
		table_text_add(text, "-1");
	} else {
		table_text_add(text, "%lu", frame_syscall_number(frame));
		for (unsigned i = 0; i < 6; i++) {
			table_text_add(text, " 0x%lx",
				       frame_syscall_arg(frame, i));
		}
	}
	table_text_add(text, " 0x%lx 0x%lx\n", (unsigned long)frame_sp(frame),
		       (unsigned long)frame_pc(frame));
}

int proc_show_pid_syscall(struct table_text *text,
			  const struct table_target *target)
{
	struct frame_request request = {.thread = proc_thread(target)};

	if (request.thread == thread_current()) {
		request.found = frame_copy_of(request.thread, &request.frame);
	} else if (request.thread != NULL) {
		process_for_each_thread(target->process, copy_frame, &request);
	}
	if (request.found) {
		add_call(text, &request.frame);
	} else {
		table_text_add(text, "running\n");
	}
	if (request.thread != NULL) {
		thread_put(request.thread);
	}
	return 0;
}

int proc_show_pid_wchan(struct table_text *text,
			const struct table_target *target)
{
	struct thread *thread = proc_thread(target);
	const char *name = NULL;
	uintptr_t offset;

	if (thread != NULL) {
		uint32_t state = READ_ONCE(thread->state);

		if (state == THREAD_SLEEPING ||
		    state == THREAD_SLEEPING_INTERRUPTIBLE) {
			name = symbols_lookup(READ_ONCE(thread->wait_channel),
					      &offset);
		}
		thread_put(thread);
	}
	table_text_add(text, "%s", name != NULL ? name : "0");
	return 0;
}
