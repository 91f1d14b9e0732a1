/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Requests for programs: pieces from the host, put together and checked.
 *
 * The frame handler keeps one piece, 'n' or 'm', until the thread "sessions"
 * has taken it; one that comes meanwhile breaks the protocol and is dropped.
 * The host is asked for the next piece with 'a', so memory is taken as a
 * request grows, in thread context, up to CONTROL_REQUEST_MAX.  All counts and
 * strings are checked before anything is done with them.
 *
 * Key: [t] the thread "sessions".
 */
#include "session.h"

#include <lib/string.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define NEW_HEADER  10 /* id, flags, rows, columns, two counts */
#define MORE_HEADER 2  /* id, flags */

static struct wait_queue piece_wait = WAIT_QUEUE_INIT(piece_wait);
static uint8_t piece[CONTROL_FRAME_MAX]; /* while piece_size != 0 */
static char piece_type;
static size_t piece_size; /* [a] 0: free for the handler */

static uint8_t *whole; /* [t] pieces so far; NULL: none */
static size_t whole_size;

static const char *const *inherited; /* [I] environment */

void session_request_inherit(const char *const *environment)
{
	inherited = environment;
}

/* --- pieces ----------------------------------------------------------- */

void session_request_take(char type, const uint8_t *payload, size_t length)
{
	if (__atomic_load_n(&piece_size, __ATOMIC_ACQUIRE) == 0) {
		memcpy(piece, payload, length);
		piece_type = type;
		__atomic_store_n(&piece_size, length, __ATOMIC_RELEASE);
		wait_queue_wake_all(&piece_wait);
	}
}

static void wait_for_piece(void)
{
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&piece_wait, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		if (__atomic_load_n(&piece_size, __ATOMIC_ACQUIRE) != 0) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	wait_queue_remove(&piece_wait, &waiter);
}

static void forget(void)
{
	kfree(whole);
	whole = NULL;
	whole_size = 0;
}

/* 0, -EINVAL (no piece of what there is), -E2BIG, -ENOMEM. */
static int add_piece(void)
{
	size_t header = piece_type == 'n' ? 0 : MORE_HEADER;
	size_t size = piece_size - header;
	uint8_t *grown;

	if (piece_type == 'n') {
		forget();
	} else if (whole == NULL || piece_size < MORE_HEADER ||
		   piece[0] != whole[0]) {
		return -EINVAL;
	}
	if (size > CONTROL_REQUEST_MAX - whole_size) {
		return -E2BIG;
	}
	grown = krealloc(whole, whole_size + size);
	if (grown == NULL) {
		return -ENOMEM;
	}
	memcpy(grown + whole_size, piece + header, size);
	whole = grown;
	whole_size += size;
	return 0;
}

/* --- what they say ------------------------------------------------------ */

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
static int parse(const uint8_t *p, size_t size, struct session_request *out)
{
	const uint8_t *text = p + NEW_HEADER;
	size_t arguments, variables, pointers;
	char *string;

	if (size < NEW_HEADER) {
		return -EINVAL;
	}
	size -= NEW_HEADER;
	out->terminal = (p[1] & CONTROL_NEW_TERMINAL) != 0;
	out->rows = session_get_u16(p + 2);
	out->columns = session_get_u16(p + 4);
	arguments = session_get_u16(p + 6);
	variables = session_get_u16(p + 8);
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

/* --- one by one ----------------------------------------------------------- */

int session_request_next(uint8_t *id_out, struct session_request *out)
{
	bool more;
	int err;

	do {
		wait_for_piece();
		*id_out = piece[0];
		more = piece_size > 1 && (piece[1] & CONTROL_NEW_MORE) != 0;
		err = add_piece();
		__atomic_store_n(&piece_size, 0, __ATOMIC_RELEASE);
		if (err == 0 && more) {
			control_send('a', id_out, 1, NULL, 0);
		}
	} while (err == 0 && more);
	if (err == 0) {
		err = parse(whole, whole_size, out);
	}
	forget();
	return err;
}
