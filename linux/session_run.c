/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The thread of a session: moves bytes until the program has ended.
 *
 * One loop: move what can be moved without waiting; when nothing could, stand
 * on all queues (the frames', the program's end, the files'), look once more,
 * and sleep.  A wake-up sets `triggered`, so none is lost between the look and
 * the sleep.  Only sending a frame waits by itself, for the serial port.
 *
 * Locks: session_lock for the [s] members, never over a call that sleeps.
 */
#include "session.h"

#include <drivers/tty.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/poll.h>

#define CREDIT_THRESHOLD (CONTROL_INPUT_WINDOW / 4)
#define WAITERS_MAX	 8 /* frames, end, three files of two queues */

struct stand {
	struct waiter waiter;
	struct wait_queue *queue;
	struct session *session;
};

struct stands {
	struct poll_table table;
	struct session *session;
	unsigned count;
	struct stand stands[WAITERS_MAX];
};

static void put_u32(uint8_t *p, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		p[i] = (uint8_t)(value >> (8 * i));
	}
}

static void send_number(struct session *s, char type, uint32_t value)
{
	uint8_t head[5] = {s->id};

	put_u32(head + 1, value);
	control_send(type, head, sizeof(head), NULL, 0);
}

static void close_file(struct file **file)
{
	if (*file != NULL) {
		file_put(*file);
		*file = NULL;
	}
}

static bool has_ended(const struct session *s)
{
	return __atomic_load_n(&s->process->state, __ATOMIC_ACQUIRE) >=
	       PROCESS_ZOMBIE;
}

/* --- input ---------------------------------------------------------------- */

/* The next piece from the ring; *ended_out: and there will be none. */
static void fill_chunk(struct session *s, bool *ended_out)
{
	unsigned long state = spin_lock_irqsave(&session_lock);
	size_t size =
		MIN(sizeof(s->chunk), (size_t)(s->input_head - s->input_tail));

	for (size_t i = 0; i < size; i++) {
		s->chunk[i] = s->input[s->input_tail++ % CONTROL_INPUT_WINDOW];
	}
	*ended_out = size == 0 && s->input_ended;
	spin_unlock_irqrestore(&session_lock, state);
	s->chunk_at = 0;
	s->chunk_size = size;
}

static void tell_credit(struct session *s, size_t size)
{
	s->uncredited += (uint32_t)size;
	if (s->uncredited >= CREDIT_THRESHOLD) {
		send_number(s, 'c', s->uncredited);
		s->uncredited = 0;
	}
}

/* Bytes that are done with, written or, when nobody reads, thrown away; 0:
 * not now. */
static size_t write_chunk(struct session *s)
{
	size_t size = s->chunk_size - s->chunk_at;
	struct iov_iter iter;
	ssize_t done;

	if (s->to == NULL) {
		return size;
	}
	iov_init_kernel(&iter, s->chunk + s->chunk_at, size);
	done = file_write(s->to, &iter, NULL);
	if (done >= 0) {
		return (size_t)done;
	}
	if (done == -EAGAIN) {
		return 0;
	}
	close_file(&s->to);
	return size;
}

/* True when something was moved. */
static bool move_input(struct session *s)
{
	bool ended = false;
	size_t done;

	if (s->chunk_at == s->chunk_size) {
		fill_chunk(s, &ended);
	}
	if (s->chunk_at == s->chunk_size) {
		/* A terminal stays open: its input ends with ^D. */
		if (ended && !s->terminal && s->to != NULL) {
			close_file(&s->to);
			return true;
		}
		return false;
	}
	done = write_chunk(s);
	s->chunk_at += done;
	tell_credit(s, done);
	return done != 0;
}

static void apply_window(struct session *s)
{
	unsigned long state = spin_lock_irqsave(&session_lock);
	uint32_t window = s->window;

	s->window = 0;
	spin_unlock_irqrestore(&session_lock, state);
	if (window != 0 && s->terminal && s->from[0] != NULL) {
		tty_set_pair_window(s->from[0], window >> 16, window & 0xffff);
	}
}

/* --- output --------------------------------------------------------------- */

static uint32_t output_credit(struct session *s)
{
	return __atomic_load_n(&s->output_credit, __ATOMIC_RELAXED);
}

static void send_output(struct session *s, unsigned stream, size_t size)
{
	uint8_t head[2] = {s->id, (uint8_t)(stream + 1)};
	unsigned long state = spin_lock_irqsave(&session_lock);

	s->output_credit -= (uint32_t)size;
	spin_unlock_irqrestore(&session_lock, state);
	control_send('o', head, sizeof(head), s->frame, size);
}

/* Bytes moved. */
static size_t move_output(struct session *s, unsigned stream)
{
	struct iov_iter iter;
	size_t size = MIN(sizeof(s->frame), (size_t)output_credit(s));
	ssize_t count;

	if (s->from[stream] == NULL || size == 0) {
		return 0;
	}
	iov_init_kernel(&iter, s->frame, size);
	count = file_read(s->from[stream], &iter, NULL);
	if (count > 0) {
		send_output(s, stream, (size_t)count);
		return (size_t)count;
	}
	if (count != -EAGAIN) {
		close_file(&s->from[stream]); /* -EIO: the terminal's end */
	}
	return 0;
}

/* --- waiting -------------------------------------------------------------- */

/* Queue lock held, maybe in an interrupt. */
static bool woken(struct waiter *waiter, uint32_t events)
{
	struct session *s = container_of(waiter, struct stand, waiter)->session;

	(void)events;
	__atomic_store_n(&s->triggered, true, __ATOMIC_SEQ_CST);
	return thread_wake(s->thread);
}

static void stand_on(struct poll_table *table, struct wait_queue *queue)
{
	struct stands *all = container_of(table, struct stands, table);
	struct stand *stand;

	if (all->count == WAITERS_MAX) {
		return; /* cannot be: two queues a file at most */
	}
	stand = &all->stands[all->count++];
	waiter_init_func(&stand->waiter, woken, 0);
	stand->queue = queue;
	stand->session = all->session;
	wait_queue_add(queue, &stand->waiter);
}

static bool has_news(struct session *s)
{
	unsigned long state = spin_lock_irqsave(&session_lock);
	bool news = s->window != 0 || s->gone ||
		    (s->chunk_at == s->chunk_size &&
		     s->input_head != s->input_tail) ||
		    (s->input_ended && !s->terminal && s->to != NULL &&
		     s->chunk_at == s->chunk_size);

	spin_unlock_irqrestore(&session_lock, state);
	return news;
}

/* Stands on the files; true when one of them is ready for what we want. */
static bool ask_files(struct session *s, struct poll_table *table)
{
	bool ready = false;

	if (s->to != NULL && s->chunk_at < s->chunk_size) {
		ready = (file_poll(s->to, table) &
			 (POLL_OUT | POLL_ERR | POLL_HUP)) != 0;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (s->from[i] != NULL && output_credit(s) != 0) {
			ready |= (file_poll(s->from[i], table) &
				  (POLL_IN | POLL_ERR | POLL_HUP)) != 0;
		}
	}
	return ready;
}

static void sleep_until_triggered(struct session *s)
{
	thread_prepare_sleep(false);
	if (__atomic_load_n(&s->triggered, __ATOMIC_SEQ_CST)) {
		thread_cancel_sleep();
	} else {
		thread_sleep(WAIT_FOREVER);
	}
}

static void leave_all(struct stands *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		wait_queue_remove(all->stands[i].queue, &all->stands[i].waiter);
	}
}

/* Until anything may have changed. */
static void wait_for_change(struct session *s)
{
	struct stands all = {.table = {.queue = stand_on}, .session = s};

	__atomic_store_n(&s->triggered, false, __ATOMIC_SEQ_CST);
	stand_on(&all.table, &s->wait);
	stand_on(&all.table, &s->process->exit_wait);
	if (!ask_files(s, &all.table) && !has_news(s) && !has_ended(s)) {
		sleep_until_triggered(s);
	}
	leave_all(&all);
}

/* The program has ended; the host has not taken what it wrote. */
static void wait_for_credit(struct session *s)
{
	struct stands all = {.table = {.queue = stand_on}, .session = s};

	__atomic_store_n(&s->triggered, false, __ATOMIC_SEQ_CST);
	stand_on(&all.table, &s->wait);
	if (output_credit(s) == 0 &&
	    !__atomic_load_n(&s->gone, __ATOMIC_RELAXED)) {
		sleep_until_triggered(s);
	}
	leave_all(&all);
}

/* --- the loop --------------------------------------------------------------
 */

static bool is_gone(struct session *s)
{
	return __atomic_load_n(&s->gone, __ATOMIC_RELAXED);
}

static void close_all(struct session *s)
{
	close_file(&s->to);
	close_file(&s->from[0]);
	close_file(&s->from[1]);
}

/* Nobody listens: the program is told, and waited for. */
static void abandon(struct session *s)
{
	close_all(s);
	signal_send_process(s->process, UAPI_SIGHUP, NULL);
	signal_send_process(s->process, UAPI_SIGCONT, NULL);
}

/* Until the program has ended, or the host has left. */
static void serve_program(struct session *s)
{
	while (!has_ended(s) && !is_gone(s)) {
		bool moved = move_input(s);

		apply_window(s);
		for (unsigned i = 0; i < 2; i++) {
			moved |= move_output(s, i) != 0;
		}
		if (!moved) {
			wait_for_change(s);
		}
	}
}

/* What the program has left in its pipes. */
static void drain(struct session *s)
{
	size_t total = 0;

	while (total < SESSION_DRAIN_MAX && !is_gone(s)) {
		size_t moved = move_output(s, 0) + move_output(s, 1);

		total += moved;
		if (moved == 0 && output_credit(s) != 0) {
			break;
		}
		if (moved == 0) {
			wait_for_credit(s);
		}
	}
}

void session_main(void *arg)
{
	struct session *s = arg;
	uint32_t status;

	send_number(s, 'c', CONTROL_INPUT_WINDOW);
	serve_program(s);
	if (is_gone(s)) {
		abandon(s);
	} else {
		drain(s);
	}
	close_all(s);
	status = process_wait(s->process);
	session_remove(s);
	if (s->start_error != 0) {
		send_number(s, 'f', (uint32_t)-s->start_error);
	} else {
		send_number(s, 'x', status);
	}
	process_put(s->process);
	kfree(s);
	thread_exit();
}
