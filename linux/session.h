/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Sessions: programs that the launcher starts in the running machine.
 *
 * 1. Frames.  include/drivers/control.h describes them.  The control channel's
 *    interrupt handler brings them to session.c, which keeps what they say in
 *    the session: input in a ring, flags, credits.
 * 2. Threads.  "sessions" starts programs, one request at a time.  Each session
 *    has a thread that moves bytes between the ring, the program's pipes or
 *    pseudo terminal, and the channel, and at last reports the status.
 * 3. End.  When the program has ended, what it has written is sent (at most
 *    SESSION_DRAIN_MAX bytes: others may hold its output), then 'x'.  When the
 *    host leaves before, the program loses its streams and gets SIGHUP.
 *
 * Key: [I] immutable, [s] session_lock (irq-safe), [t] the session's thread,
 * [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drivers/control.h>
#include <sync/spinlock.h>
#include <sync/wait.h>

struct file;
struct process;
struct thread;

#define SESSION_DRAIN_MAX (1u << 20) /* what a pipe holds at most */

struct session {
	uint8_t id;		 /* [I] */
	bool terminal;		 /* [I] */
	struct thread *thread;	 /* [I] */
	struct process *process; /* [I] one reference, until the end */
	struct wait_queue wait;	 /* anything below [s] has changed */

	uint32_t input_head;	/* [s] bytes ever received */
	uint32_t input_tail;	/* [s] bytes ever taken */
	bool input_ended;	/* [s] */
	bool gone;		/* [s] the host has left */
	uint32_t output_credit; /* [s] bytes that the host takes */
	uint32_t window;	/* [s] rows << 16 | columns; 0: none new */

	bool triggered;	      /* [a] something may have changed */
	struct file *to;      /* [t] standard input; NULL: closed */
	struct file *from[2]; /* [t] output, error; NULL: at their end */
	size_t chunk_size;    /* [t] input taken, not written yet */
	size_t chunk_at;      /* [t] */
	uint32_t uncredited;  /* [t] input written but not told */
	int start_error;      /* of exec; [t] after the program's end */
	uint8_t chunk[CONTROL_OUTPUT_MAX];   /* [t] */
	uint8_t frame[CONTROL_OUTPUT_MAX];   /* [t] */
	uint8_t input[CONTROL_INPUT_WINDOW]; /* [s] */
};

extern struct spinlock session_lock;

/* Numbers of frames: little endian. */
static inline unsigned session_get_u16(const uint8_t *p)
{
	return (unsigned)(p[0] | p[1] << 8);
}

/* Before control_start(): requests may come from then on. */
void sessions_prepare(void);

/* Programs can run now; the environment is what they inherit, and stays. */
void sessions_start(const char *const *environment);

/* --- session_run.c ------------------------------------------------------ */

/* The thread of a session, until its end; gives the session up. */
void session_main(void *arg);

/* --- session_request.c -------------------------------------------------- */

/* A request, with pointers into one block of memory. */
struct session_request {
	bool terminal;
	unsigned rows, columns;
	const char *folder;
	const char **argv;
	const char **environment;
	void *memory; /* kfree'd by whoever got the request */
};

/* What programs inherit beside the variables of their request. */
void session_request_inherit(const char *const *environment);

/* 'n' or 'm' has come.  Interrupt context. */
void session_request_take(char type, const uint8_t *payload, size_t length);

/* Waits for the next whole request.  0, or what is wrong with it: -EINVAL,
 * -E2BIG, -ENOMEM; its session's number in either case. */
int session_request_next(uint8_t *id_out, struct session_request *out);

/* --- session.c ---------------------------------------------------------- */

/* No frames come any more. */
void session_remove(struct session *session);
