/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Terminals.
 *
 * 1. Overview.  A struct tty is what programs see: termios, a queue of input
 *    bytes with marks where lines end, the session it controls.  Behind it is
 *    a tty_driver: the console's serial port or the master of a pseudo
 *    terminal.
 *
 *	device -> line_input_receive() -> input queue -> tty_read()
 *	             | echo                                program
 *	device <- driver->write() <- line_output_*() <- tty_write()
 *
 * 2. Context.  Everything runs in thread context (signals to groups need it).
 *    A driver whose input comes by interrupt keeps it in a ring for a thread.
 * 3. Life.  One reference per open file, one of the driver.  process->tty is a
 *    bare pointer: it is compared and turned into a reference under
 *    tty_table_lock, and a tty leaves the table, and all processes, before it
 *    is freed.
 * 4. Locks, in this order: tty_table_lock, read_lock, write_lock, lock.  `lock`
 *    is held over no sleep but its own wait_queue_sleep_mutex().
 * 5. Bounds.  TTY_INPUT_SIZE bytes of input; the device is held off beyond
 *    (raw, or complete lines wait) or the bytes are lost (a line that long).
 *
 * Key: [I] immutable, [l] lock, [t] tty_table_lock, [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/refcount.h>
#include <lib/types.h>
#include <sync/mutex.h>
#include <sync/wait.h>
#include <uapi/termios.h>

#define TTY_INPUT_SIZE 4096 /* power of two */
#define TTY_ECHO_SIZE  256
/* What one byte of output can become: a tab of blanks. */
#define TTY_EXPANSION_MAX 8

#define TTY_MAJOR_CONSOLE 5
#define TTY_MAJOR_SERIAL  4
#define TTY_MAJOR_PTS	  136

struct file;
struct iov_iter;
struct poll_table;
struct tty;

/* All but destroy are called with tty->lock held and do not sleep. */
struct tty_driver {
	size_t (*room)(struct tty *tty);
	/* All of it, or nothing: false. */
	bool (*write)(struct tty *tty, const void *text, size_t size);
	/* Bytes written that have not left. */
	size_t (*queued)(struct tty *tty);
	/* Drops those (TCOFLUSH); NULL: cannot. */
	void (*flush)(struct tty *tty);
	/* Woken when room grows. */
	struct wait_queue *(*write_queue)(struct tty *tty);
	/* The program has read: input held off may come now. */
	void (*input_room)(struct tty *tty);
	/* The last slave file was closed; NULL. */
	void (*closed)(struct tty *tty);
	/* What packet mode tells a master, UAPI_TIOCPKT_*; NULL. */
	void (*happened)(struct tty *tty, uint8_t event);
	/* The last reference was put. */
	void (*destroy)(struct tty *tty);
};

struct tty {
	struct refcount refs;
	const struct tty_driver *driver; /* [I] */
	const char *name;		 /* [I] "/dev/console" */
	uint64_t device;		 /* [I] MAKE_DEVICE() */
	struct list_node table_link;	 /* [t] */
	struct mutex read_lock;		 /* one reader at a time */
	struct mutex write_lock;	 /* writes do not mix */
	struct mutex lock;
	struct wait_queue read_wait;  /* input, hangup */
	struct wait_queue write_wait; /* restart, hangup */

	struct uapi_termios2 termios; /* [l] */
	struct uapi_termios locked;   /* [l] bits that may not change */
	struct uapi_winsize window;   /* [l] */
	int session;		      /* [l] 0: none */
	int group;		      /* [l] foreground; 0: none */
	unsigned open_count;	      /* [l] files */
	bool hung_up;		      /* [l] for ever: reads end, writes fail */
	bool stopped;		      /* [l] output: ^S, TCOOFF */
	bool exclusive;		      /* [l] TIOCEXCL */

	/* Input; see line_input.c.  Positions count bytes ever. */
	uint32_t read_at;	       /* [l] */
	uint32_t line_at;	       /* [l] end of the complete lines */
	uint32_t write_at;	       /* [l] */
	bool literal_next;	       /* [l] ^V was typed */
	bool erasing;		       /* [l] ECHOPRT: inside \.../ */
	uint32_t column;	       /* [l] of the output */
	uint32_t line_column;	       /* [l] where the input line began */
	uint32_t echo_count;	       /* [l] */
	uint8_t echo[TTY_ECHO_SIZE];   /* [l] echo without room so far */
	uint8_t input[TTY_INPUT_SIZE]; /* [l] */
	uint8_t marks[TTY_INPUT_SIZE]; /* [l] MARK_* */
};

static inline uint32_t tty_iflag(const struct tty *tty, uint32_t bits)
{
	return tty->termios.iflag & bits;
}

static inline uint32_t tty_oflag(const struct tty *tty, uint32_t bits)
{
	return tty->termios.oflag & bits;
}

static inline uint32_t tty_lflag(const struct tty *tty, uint32_t bits)
{
	return tty->termios.lflag & bits;
}

static inline void tty_tell(struct tty *tty, uint8_t event)
{
	if (tty->driver->happened != NULL) {
		tty->driver->happened(tty, event);
	}
}

/* --- tty.c ------------------------------------------------------------- */

extern const struct file_ops tty_file_ops;
extern struct mutex tty_table_lock;

/* In memory that is zero; one reference, in the table.  May sleep. */
void tty_init(struct tty *tty, const struct tty_driver *driver,
	      const char *name, uint64_t device);
void tty_get(struct tty *tty);
void tty_put(struct tty *tty); /* may sleep; not with tty_table_lock */

/* True when the pointer names a living terminal.  Table lock held. */
bool tty_is_known(const struct tty *tty);

/* Makes `file` a file on the tty, with a reference of its own.  -EIO (hung
 * up), -EBUSY (TIOCEXCL). */
int tty_attach(struct tty *tty, struct file *file);

/* The other side is gone: readers get the end, writers -EIO, the session
 * SIGHUP and SIGCONT, its processes no terminal. */
void tty_hang_up(struct tty *tty);

/* Waits until all output has left.  0, -ERESTARTSYS. */
int tty_drain(struct tty *tty);

/* --- tty_ioctl.c -------------------------------------------------------- */

long tty_ioctl(struct file *file, unsigned command, unsigned long arg);
/* The part that works on both ends of a pseudo terminal; -ENOTTY: not one of
 * these.  `checked` false: no job control (the master). */
long tty_mode_ioctl(struct tty *tty, unsigned command, unsigned long arg,
		    bool checked);
long tty_set_window(struct tty *tty, const struct uapi_winsize *window);

/* --- tty_job.c ---------------------------------------------------------- */

/*
 * Job control of the current process: 0, or it is in the background and
 * -EIO, or the signal (SIGTTIN, SIGTTOU) was sent to its group and
 * -ERESTARTSYS.
 */
int tty_job_check(struct tty *tty, int signal);
/* To the foreground group, if any.  tty->lock held. */
void tty_job_signal(struct tty *tty, int signal);
/* The current session leader takes it, if neither has another. */
void tty_job_claim(struct tty *tty);
long tty_job_ioctl(struct tty *tty, unsigned command, unsigned long arg,
		   bool master);

/* --- line_input.c ------------------------------------------------------- */

/* Raw, sane, echo: what a new terminal has. */
void line_input_reset(struct tty *tty);
/*
 * Input from the device; lock held.  Returns how many bytes were taken: fewer
 * when the queue is full; the driver is told by input_room().
 */
size_t line_input_receive(struct tty *tty, const uint8_t *bytes, size_t count);
/* The device is held off until the program has read. */
bool line_input_is_full(const struct tty *tty);
/* Something to read for poll(). */
bool line_input_is_ready(const struct tty *tty);
/* Bytes for FIONREAD. */
size_t line_input_count(const struct tty *tty);
/*
 * Takes up to `size` bytes, of one line in canonical mode; *end_out: the line
 * (or what there is) ended, the read is complete.
 */
size_t line_input_take(struct tty *tty, uint8_t *to, size_t size,
		       bool *end_out);
void line_input_flush(struct tty *tty);
/* The mode changed from `old_lflag`. */
void line_input_mode_changed(struct tty *tty, uint32_t old_lflag);

/* --- line_erase.c ------------------------------------------------------- */

/* ERASE, KILL or WERASE was typed (c): lock held. */
void line_erase(struct tty *tty, uint8_t c);
/* Ends the \.../ of ECHOPRT. */
void line_erase_finish(struct tty *tty);
/* Echoes a byte of input, control characters as ^X if ECHOCTL. */
void line_erase_echo(struct tty *tty, uint8_t c);

/* --- line_output.c ------------------------------------------------------ */

/* The bytes of `text` that fit into `out` when processed; *used_out bytes of
 * out are filled.  Lock held. */
size_t line_output_process(struct tty *tty, const uint8_t *text, size_t size,
			   uint8_t *out, size_t room, size_t *used_out);
/* Queues bytes of echo and sends them if there is room. */
void line_output_echo(struct tty *tty, const char *text, size_t size);
/* Sends what echo has waited; false: some still waits. */
bool line_output_flush_echo(struct tty *tty);
void line_output_stop(struct tty *tty);
void line_output_start(struct tty *tty);
