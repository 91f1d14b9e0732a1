/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Sessions: what the host's frames do, and the start of programs.
 *
 * Requests are put together and checked by session_request.c.  Signals go to
 * the program's process group, as from a terminal.  At most CONTROL_SESSION_MAX
 * sessions exist.
 *
 * Locks: session_lock guards the slots and the [s] members; it is taken in
 * interrupts, inside the serial port's lock.
 */
#include "session.h"

#include <debug/log.h>
#include <drivers/tty.h>
#include <lib/errno_name.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/pipe.h>

#include "program.h"

struct spinlock session_lock = SPINLOCK_INIT("session");
static struct session *slots[CONTROL_SESSION_MAX]; /* [session_lock] */

/* --- frames (interrupt context) ------------------------------------------ */

static uint32_t get_u32(const uint8_t *p)
{
	return session_get_u16(p) | (uint32_t)session_get_u16(p + 2) << 16;
}

/* Input beyond the credit is lost: the host broke the rule. */
static void store_input(struct session *s, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (s->input_head - s->input_tail == CONTROL_INPUT_WINDOW) {
			break;
		}
		s->input[s->input_head++ % CONTROL_INPUT_WINDOW] = bytes[i];
	}
}

static void add_credit(struct session *s, uint32_t credit)
{
	if (credit <= CONTROL_OUTPUT_WINDOW - s->output_credit) {
		s->output_credit += credit;
	}
}

/* session_lock held. */
static void take_frame(struct session *s, char type, const uint8_t *p,
		       size_t length)
{
	switch (type) {
	case 'i':
		store_input(s, p, length);
		break;
	case 'z':
		s->input_ended = true;
		break;
	case 's':
		if (length == 1 && p[0] >= 1 && p[0] <= SIGNAL_COUNT) {
			signal_send_group(s->process->pid, p[0], NULL);
		}
		break;
	case 'w':
		if (length == 4) {
			s->window = session_get_u16(p) << 16 |
				    session_get_u16(p + 2);
		}
		break;
	case 'c':
		if (length == 4) {
			add_credit(s, get_u32(p));
		}
		break;
	case 'q':
		s->gone = true;
		break;
	default:
		break; /* a newer launcher's */
	}
	wait_queue_wake_all(&s->wait);
}

static void on_frame(char type, const uint8_t *payload, size_t length)
{
	struct session *s;

	if (length == 0 || payload[0] >= CONTROL_SESSION_MAX) {
		return;
	}
	if (type == 'n' || type == 'm') {
		session_request_take(type, payload, length);
		return;
	}
	spin_lock(&session_lock);
	s = slots[payload[0]];
	if (s != NULL) {
		take_frame(s, type, payload + 1, length - 1);
	}
	spin_unlock(&session_lock);
}

void session_remove(struct session *session)
{
	unsigned long state = spin_lock_irqsave(&session_lock);

	slots[session->id] = NULL;
	spin_unlock_irqrestore(&session_lock, state);
}

/* --- start -----------------------------------------------------------------
 */

static void put_files(struct file *files[3])
{
	for (int i = 0; i < 3; i++) {
		if (files[i] != NULL) {
			file_put(files[i]);
		}
	}
}

static int open_terminal(struct session *s, const struct session_request *p,
			 struct file *streams[3])
{
	int err = tty_create_pair(p->rows, p->columns, &s->to, &streams[0]);

	if (err < 0) {
		return err;
	}
	file_get(s->to);
	s->from[0] = s->to;
	for (int i = 1; i < 3; i++) {
		file_get(streams[0]);
		streams[i] = streams[0];
	}
	return 0;
}

/* Our ends never block; the program's do. */
static int open_pipes(struct session *s, struct file *streams[3])
{
	struct file *ends[2];
	int err;

	for (int i = 0; i < 3; i++) {
		err = pipe_create(0, ends);
		if (err < 0) {
			return err;
		}
		streams[i] = ends[i == 0 ? 0 : 1];
		if (i == 0) {
			s->to = ends[1];
		} else {
			s->from[i - 1] = ends[0];
		}
		file_set_flags(ends[i == 0 ? 1 : 0], -1, UAPI_O_NONBLOCK);
	}
	return 0;
}

static int start_program(struct session *s, const struct session_request *p,
			 struct file *streams[3])
{
	struct program program = {
		.argv = p->argv,
		.environment = p->environment,
		.folder = p->folder[0] != '\0' ? p->folder : NULL,
		.streams = {streams[0], streams[1], streams[2]},
		.search = true,
		.memory = p->memory,
		.error_out = &s->start_error,
	};
	unsigned long state;
	int err = thread_create_kernel("session", session_main, s, &s->thread);

	if (err < 0) {
		return err;
	}
	err = program_start(&program, &s->process);
	if (err < 0) {
		thread_put(s->thread);
		return err;
	}
	state = spin_lock_irqsave(&session_lock);
	slots[s->id] = s;
	spin_unlock_irqrestore(&session_lock, state);
	return 0;
}

static int open_session(uint8_t id, const struct session_request *p)
{
	struct session *s = kzalloc(sizeof(*s));
	struct file *streams[3] = {NULL, NULL, NULL};
	struct thread *thread;
	int err;

	if (s == NULL) {
		return -ENOMEM;
	}
	s->id = id;
	s->terminal = p->terminal;
	s->output_credit = CONTROL_OUTPUT_WINDOW;
	wait_queue_init(&s->wait);
	err = p->terminal ? open_terminal(s, p, streams)
			  : open_pipes(s, streams);
	if (err == 0) {
		err = start_program(s, p, streams);
	}
	put_files(streams);
	if (err < 0) {
		put_files((struct file *[]){s->to, s->from[0], s->from[1]});
		kfree(s);
		return err;
	}
	/* From here on the session is its thread's. */
	thread = s->thread;
	thread_start(thread);
	thread_put(thread);
	return 0;
}

/* The slot is free for good: only this thread fills slots. */
static int serve(uint8_t id, const struct session_request *p)
{
	int err = slots[id] != NULL ? -EBUSY : open_session(id, p);

	if (err < 0) {
		kfree(p->memory);
	}
	return err;
}

static void sessions_main(void *arg)
{
	(void)arg;
	for (;;) {
		struct session_request wanted;
		uint8_t id;
		int err = session_request_next(&id, &wanted);

		if (err == 0) {
			err = serve(id, &wanted);
		}
		if (err < 0) {
			uint8_t refusal[5] = {id, (uint8_t)-err, 0, 0, 0};

			control_send('f', refusal, sizeof(refusal), NULL, 0);
		}
	}
}

void sessions_prepare(void)
{
	control_set_session_handler(on_frame);
}

void sessions_start(const char *const *environment)
{
	struct thread *thread;
	int err;

	session_request_inherit(environment);
	err = thread_create_kernel("sessions", sessions_main, NULL, &thread);
	if (err < 0) {
		log_error("no sessions: %s", errno_name(err));
		return;
	}
	thread_start(thread);
	thread_put(thread);
}
