/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Sessions: what the host's frames do, and the start of programs.
 *
 * A request is kept whole in `request` until the thread "sessions" has dealt
 * with it; one that comes meanwhile breaks the protocol and is dropped.  All
 * counts and strings in it are checked before anything is allocated.  At most
 * CONTROL_SESSION_MAX sessions exist.
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

#define NEW_HEADER 10 /* id, flags, rows, columns, two counts */

struct spinlock session_lock = SPINLOCK_INIT("session");
static struct session *slots[CONTROL_SESSION_MAX]; /* [session_lock] */

static struct wait_queue request_wait = WAIT_QUEUE_INIT(request_wait);
static uint8_t request[CONTROL_FRAME_MAX]; /* while request_size != 0 */
static size_t request_size;		   /* [a] 0: free for the handler */

static const char *const *inherited; /* [I] environment */

/* A request, with pointers into one block of memory. */
struct parsed {
	bool terminal;
	unsigned rows, columns;
	const char *folder;
	const char **argv;
	const char **environment;
	void *memory;
};

/* --- frames (interrupt context) ------------------------------------------ */

static unsigned get_u16(const uint8_t *p)
{
	return (unsigned)(p[0] | p[1] << 8);
}

static uint32_t get_u32(const uint8_t *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static void take_request(const uint8_t *payload, size_t length)
{
	if (__atomic_load_n(&request_size, __ATOMIC_ACQUIRE) == 0) {
		memcpy(request, payload, length);
		__atomic_store_n(&request_size, length, __ATOMIC_RELEASE);
		wait_queue_wake_all(&request_wait);
	}
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
			signal_send_process(s->process, p[0], NULL);
		}
		break;
	case 'w':
		if (length == 4) {
			s->window = get_u16(p) << 16 | get_u16(p + 2);
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
	if (type == 'n') {
		take_request(payload, length);
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

/* --- requests --------------------------------------------------------------
 */

/* Strings end with their zeros: how many there are, or -1. */
static long count_strings(const uint8_t *text, size_t size)
{
	long count = 0;

	if (size == 0 || text[size - 1] != '\0') {
		return -1;
	}
	for (size_t i = 0; i < size; i++) {
		count += text[i] == '\0';
	}
	return count;
}

static bool is_overridden(const char *variable, const char *const *by)
{
	const char *end = strchr(variable, '=');
	size_t length =
		end != NULL ? (size_t)(end - variable) + 1 : strlen(variable);

	for (; *by != NULL; by++) {
		if (strncmp(*by, variable, length) == 0) {
			return true;
		}
	}
	return false;
}

/* Appends what is inherited and not overridden; room was allocated. */
static void inherit(const char **environment, size_t count)
{
	size_t at = count;

	for (size_t i = 0; inherited[i] != NULL; i++) {
		if (!is_overridden(inherited[i], environment)) {
			environment[at++] = inherited[i];
		}
	}
}

static size_t inherited_count(void)
{
	size_t count = 0;

	while (inherited[count] != NULL) {
		count++;
	}
	return count;
}

/* The block: argv, environment, strings.  0, -EINVAL, -ENOMEM. */
static int parse(const uint8_t *p, size_t size, struct parsed *out)
{
	const uint8_t *text = p + NEW_HEADER;
	size_t arguments, variables, pointers;
	char *string;

	if (size < NEW_HEADER) {
		return -EINVAL;
	}
	size -= NEW_HEADER;
	out->terminal = (p[1] & CONTROL_NEW_TERMINAL) != 0;
	out->rows = get_u16(p + 2);
	out->columns = get_u16(p + 4);
	arguments = get_u16(p + 6);
	variables = get_u16(p + 8);
	if (arguments == 0 ||
	    count_strings(text, size) != (long)(1 + arguments + variables)) {
		return -EINVAL;
	}
	pointers = arguments + variables + inherited_count() + 2;
	out->memory = kzalloc(pointers * sizeof(char *) + size);
	if (out->memory == NULL) {
		return -ENOMEM;
	}
	out->argv = out->memory;
	out->environment = out->argv + arguments + 1;
	string = memcpy(out->argv + pointers, text, size);
	out->folder = string;
	for (size_t i = 0; i < arguments + variables; i++) {
		string += strlen(string) + 1;
		if (i < arguments) {
			out->argv[i] = string;
		} else {
			out->environment[i - arguments] = string;
		}
	}
	inherit(out->environment, variables);
	return 0;
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

static int open_terminal(struct session *s, const struct parsed *p,
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
		file_set_flags(ends[i == 0 ? 1 : 0], UAPI_O_NONBLOCK);
	}
	return 0;
}

static int start_program(struct session *s, const struct parsed *p,
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

static int open_session(uint8_t id, const struct parsed *p)
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
static int serve(const uint8_t *p, size_t size)
{
	struct parsed parsed = {.memory = NULL};
	int err = slots[p[0]] != NULL ? -EBUSY : parse(p, size, &parsed);

	if (err == 0) {
		err = open_session(p[0], &parsed);
		if (err < 0) {
			kfree(parsed.memory);
		}
	}
	return err;
}

static void wait_for_request(void)
{
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&request_wait, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		if (__atomic_load_n(&request_size, __ATOMIC_ACQUIRE) != 0) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	wait_queue_remove(&request_wait, &waiter);
}

static void sessions_main(void *arg)
{
	(void)arg;
	for (;;) {
		uint8_t id;
		int err;

		wait_for_request();
		id = request[0];
		err = serve(request, request_size);
		__atomic_store_n(&request_size, 0, __ATOMIC_RELEASE);
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

	inherited = environment;
	err = thread_create_kernel("sessions", sessions_main, NULL, &thread);
	if (err < 0) {
		log_error("no sessions: %s", errno_name(err));
		return;
	}
	thread_start(thread);
	thread_put(thread);
}
