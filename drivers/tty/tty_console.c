/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The terminal on the first serial port: /dev/console, /dev/ttyS0; and
 * /dev/tty, whoever's controlling terminal.
 *
 * The port's interrupt puts bytes into a ring; the thread "tty" takes them
 * through the line discipline (signals to groups need a thread).  While the
 * input queue is full the thread leaves the ring alone (`held`), a full ring
 * holds the port off, and the port the host.
 *
 * Only one console exists; it is started once and stays.
 */
#include "internal.h"

#include <drivers/serial.h>
#include <drivers/tty.h>
#include <init/hooks.h>
#include <lib/ring.h>
#include <mm/slab.h>
#include <process/session.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#define RECEIVE_SIZE 1024 /* power of two */

struct console {
	struct tty tty;
	struct serial_port *port; /* [I] */
	struct ring received;	  /* interrupt handler -> thread "tty" */
	bool held;		  /* [tty.lock] the input queue is full */
	struct wait_queue work;	  /* the thread sleeps here */
	uint8_t buffer[RECEIVE_SIZE];
};

static struct console *console; /* [a] NULL: not a terminal */
/* [a] rows << 16 | columns; 0: none new.  The launcher's first one may come
 * before the console is there. */
static uint32_t new_window;

static struct console *console_of(struct tty *tty)
{
	return container_of(tty, struct console, tty);
}

static size_t console_room(struct tty *tty)
{
	return serial_room(console_of(tty)->port);
}

static bool console_write(struct tty *tty, const void *text, size_t size)
{
	return serial_try_write(console_of(tty)->port, text, size);
}

static size_t console_queued(struct tty *tty)
{
	return SERIAL_RING_SIZE - console_room(tty);
}

static struct wait_queue *console_write_queue(struct tty *tty)
{
	return serial_write_queue(console_of(tty)->port);
}

static void console_input_room(struct tty *tty)
{
	struct console *c = console_of(tty);

	if (c->held) {
		c->held = false;
		wait_queue_wake_all(&c->work);
	}
}

static void console_destroy(struct tty *tty)
{
	(void)tty; /* the driver keeps its reference */
}

static const struct tty_driver console_driver = {
	.room = console_room,
	.write = console_write,
	.queued = console_queued,
	.write_queue = console_write_queue,
	.input_room = console_input_room,
	.destroy = console_destroy,
};

/* --- input ------------------------------------------------------------- */

/* Interrupt context, the port's lock held. */
static bool receive(void *arg, uint8_t byte)
{
	struct console *c = arg;

	if (!ring_put(&c->received, byte)) {
		return false;
	}
	wait_queue_wake_all(&c->work);
	return true;
}

void tty_set_console_window(unsigned rows, unsigned columns)
{
	struct console *c;
	uint32_t window = (uint32_t)(rows & 0xffff) << 16 | (columns & 0xffff);

	if (window == 0) {
		return;
	}
	__atomic_store_n(&new_window, window, __ATOMIC_SEQ_CST);
	c = __atomic_load_n(&console, __ATOMIC_SEQ_CST);
	if (c != NULL) {
		wait_queue_wake_all(&c->work);
	}
}

static bool has_work(struct console *c)
{
	return __atomic_load_n(&new_window, __ATOMIC_RELAXED) != 0 ||
	       (!READ_ONCE(c->held) && !ring_is_empty(&c->received));
}

/* Woken by receive(), console_input_room() and the window's change, each after
 * the fact: no wake-up is lost between test and sleep. */
static void wait_for_work(struct console *c)
{
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&c->work, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		if (has_work(c)) {
			thread_cancel_sleep();
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	wait_queue_remove(&c->work, &waiter);
}

static void take_input(struct console *c)
{
	const uint8_t *bytes;
	size_t count = ring_peek(&c->received, &bytes);
	size_t taken;

	if (count == 0) {
		return;
	}
	mutex_lock(&c->tty.lock);
	taken = line_input_receive(&c->tty, bytes, count);
	c->held = taken < count;
	mutex_unlock(&c->tty.lock);
	ring_drop(&c->received, taken);
	serial_resume(c->port);
}

static void take_window(struct console *c)
{
	uint32_t window = __atomic_exchange_n(&new_window, 0, __ATOMIC_SEQ_CST);

	if (window != 0) {
		tty_set_window(&c->tty,
			       &(struct uapi_winsize){
				       .rows = (uint16_t)(window >> 16),
				       .columns = (uint16_t)window,
			       });
	}
}

static void console_thread(void *arg)
{
	struct console *c = arg;

	for (;;) {
		wait_for_work(c);
		take_window(c);
		take_input(c);
	}
}

/* --- start ------------------------------------------------------------- */

static int start_console(struct serial_port *port)
{
	struct console *c = kzalloc(sizeof(*c));
	struct thread *thread;
	int err;

	if (c == NULL) {
		return -ENOMEM;
	}
	c->port = port;
	ring_init(&c->received, c->buffer, sizeof(c->buffer));
	wait_queue_init(&c->work);
	tty_init(&c->tty, &console_driver, "/dev/console",
		 MAKE_DEVICE(TTY_MAJOR_CONSOLE, 1));
	err = thread_create_kernel("tty", console_thread, c, &thread);
	if (err < 0) {
		return err; /* the machine ends: nothing is leaked */
	}
	thread_start(thread);
	thread_put(thread);
	err = serial_start(port, receive, c);
	if (err < 0) {
		return err;
	}
	__atomic_store_n(&console, c, __ATOMIC_SEQ_CST);
	/* One that came before; the program is to find it in force. */
	take_window(c);
	return 0;
}

/* By its path, so that ttyname(3) finds it; without /dev as a bare file. */
static int open_file(struct file **file_out)
{
	const int flags = UAPI_O_RDWR | UAPI_O_NOCTTY;
	int err = vfs_open(PATH_AT_CWD, "/dev/console", flags, 0, WALK_FOLLOW,
			   file_out);

	if (err == 0) {
		return 0;
	}
	err = file_create_anonymous(NULL, NULL,
				    FILE_READ | FILE_WRITE | FILE_STREAM, flags,
				    file_out);
	return err < 0 ? err : tty_attach(&console->tty, *file_out);
}

int tty_open_console(struct serial_port *port, struct file *files_out[3])
{
	int err = console == NULL ? start_console(port) : 0;

	for (unsigned i = 0; i < 3 && err == 0; i++) {
		err = open_file(&files_out[i]);
		while (err < 0 && i > 0) {
			file_put(files_out[--i]);
		}
	}
	return err;
}

void tty_claim(struct file *file)
{
	if (file->ops == &tty_file_ops) {
		tty_job_claim(file->private);
	}
}

/* --- nodes ------------------------------------------------------------- */

static int open_console(struct inode *inode, struct file *file)
{
	struct console *c = __atomic_load_n(&console, __ATOMIC_ACQUIRE);

	(void)inode;
	return c != NULL ? tty_attach(&c->tty, file) : -ENXIO;
}

static int open_controlling(struct inode *inode, struct file *file)
{
	struct tty *tty;
	int err;

	(void)inode;
	mutex_lock(&tty_table_lock);
	tty = session_tty();
	if (tty != NULL && tty_is_known(tty)) {
		tty_get(tty);
	} else {
		tty = NULL;
	}
	mutex_unlock(&tty_table_lock);
	if (tty == NULL) {
		return -ENXIO;
	}
	err = tty_attach(tty, file);
	tty_put(tty);
	return err;
}

static struct char_device nodes[] = {
	{
		.name = "console",
		.device = MAKE_DEVICE(TTY_MAJOR_CONSOLE, 1),
		.mode = MODE_CHARACTER | 0600,
		.ops = &tty_file_ops,
		.open = open_console,
	},
	{
		.name = "ttyS0",
		.device = MAKE_DEVICE(TTY_MAJOR_SERIAL, 64),
		.mode = MODE_CHARACTER | 0600,
		.ops = &tty_file_ops,
		.open = open_console,
	},
	{
		.name = "tty",
		.device = MAKE_DEVICE(TTY_MAJOR_CONSOLE, 0),
		.mode = MODE_CHARACTER | 0666,
		.ops = &tty_file_ops,
		.open = open_controlling,
	},
};

static int register_nodes(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nodes); i++) {
		int err = char_device_register(&nodes[i]);

		if (err < 0) {
			return err;
		}
	}
	return 0;
}
INIT_HOOK(tty, register_nodes, INIT_DRIVER);
