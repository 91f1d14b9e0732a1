/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Pseudo terminals: /dev/ptmx makes a pair, the slave is /dev/pts/N.
 *
 *	program on the slave --write--> to_master ring --read--> master
 *	program on the slave <--read--- line discipline <-write- master
 *
 * The slave is a struct tty; the master holds a reference to it until it is
 * closed.  That hangs the slave up.  When the last slave file is closed the
 * master reads what is left and then gets -EIO, until the slave is opened
 * again. PTY_MAX pairs exist at most.  In packet mode (TIOCPKT) each read of
 * the master begins with a byte: 0 and data follow, or what has happened.
 *
 * Locks: all of a pair under tty.lock; the table of pairs under tty_table_lock.
 */
#include "internal.h"

#include <arch/user.h>
#include <drivers/tty.h>
#include <init/hooks.h>
#include <lib/bitmap.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/ring.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/ioctl.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define PTY_MAX	    256
#define RING_SIZE   4096 /* power of two */
#define CHUNK_SIZE  512
#define NAME_PREFIX 5 /* "/dev/" */

struct pty {
	struct tty tty;		       /* the slave */
	struct char_device node;       /* [I] */
	char name[24];		       /* [I] "/dev/pts/0" */
	unsigned number;	       /* [I] */
	bool locked;		       /* [l] TIOCSPTLCK: no open yet */
	bool was_open;		       /* [l] the slave was, once */
	bool packet_mode;	       /* [l] TIOCPKT */
	uint8_t events;		       /* [l] TIOCPKT_* to be told */
	struct ring to_master;	       /* [l] */
	struct wait_queue master_wait; /* data, room, slave closed or opened */
	uint8_t buffer[RING_SIZE];
};

static struct pty *ptys[PTY_MAX];		/* [tty_table_lock] */
static uint64_t numbers[BITMAP_WORDS(PTY_MAX)]; /* [tty_table_lock] taken */

static struct pty *pty_of(struct tty *tty)
{
	return container_of(tty, struct pty, tty);
}

/* --- the slave's driver -------------------------------------------------- */

static size_t pty_room(struct tty *tty)
{
	return ring_room(&pty_of(tty)->to_master);
}

static bool pty_write(struct tty *tty, const void *text, size_t size)
{
	struct pty *pty = pty_of(tty);

	if (ring_room(&pty->to_master) < size) {
		return false;
	}
	ring_write(&pty->to_master, text, size);
	wait_queue_wake(&pty->master_wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
	return true;
}

static size_t pty_queued(struct tty *tty)
{
	(void)tty;
	return 0; /* written is sent: the master has it */
}

static void drop_output(struct pty *pty)
{
	ring_drop(&pty->to_master, ring_used(&pty->to_master));
	wait_queue_wake_all(&pty->tty.write_wait);
}

/* An event undoes its opposite that has not been told. */
static void pty_happened(struct tty *tty, uint8_t event)
{
	const uint8_t pairs[] = {UAPI_TIOCPKT_STOP | UAPI_TIOCPKT_START,
				 UAPI_TIOCPKT_NOSTOP | UAPI_TIOCPKT_DOSTOP};
	struct pty *pty = pty_of(tty);

	if (!pty->packet_mode) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if ((pairs[i] & event) != 0) {
			pty->events &= (uint8_t)~pairs[i];
		}
	}
	pty->events |= event;
	wait_queue_wake(&pty->master_wait, UINT32_MAX,
			POLL_PRI | POLL_IN | POLL_RDNORM);
}

static void pty_flush(struct tty *tty)
{
	drop_output(pty_of(tty));
	pty_happened(tty, UAPI_TIOCPKT_FLUSHWRITE);
}

static struct wait_queue *pty_write_queue(struct tty *tty)
{
	return &tty->write_wait;
}

static void pty_input_room(struct tty *tty)
{
	wait_queue_wake(&pty_of(tty)->master_wait, UINT32_MAX,
			POLL_OUT | POLL_WRNORM);
}

static void pty_closed(struct tty *tty)
{
	wait_queue_wake(&pty_of(tty)->master_wait, UINT32_MAX, 0);
}

static void pty_destroy(struct tty *tty)
{
	kfree(pty_of(tty));
}

static const struct tty_driver pty_driver = {
	.room = pty_room,
	.write = pty_write,
	.queued = pty_queued,
	.flush = pty_flush,
	.write_queue = pty_write_queue,
	.input_room = pty_input_room,
	.closed = pty_closed,
	.happened = pty_happened,
	.destroy = pty_destroy,
};

static int open_slave(struct inode *inode, struct file *file)
{
	unsigned number = (unsigned)DEVICE_MINOR(inode->device);
	struct pty *pty = NULL;
	int err = -EIO;

	mutex_lock(&tty_table_lock);
	if (number < PTY_MAX && ptys[number] != NULL) {
		pty = ptys[number];
		tty_get(&pty->tty);
	}
	mutex_unlock(&tty_table_lock);
	if (pty == NULL) {
		return -ENXIO;
	}
	if (!READ_ONCE(pty->locked)) {
		err = tty_attach(&pty->tty, file);
	}
	if (err == 0) {
		WRITE_ONCE(pty->was_open, true);
	}
	tty_put(&pty->tty);
	return err;
}

/* --- the master ---------------------------------------------------------- */

/* Lock held. */
static bool slave_is_gone(const struct pty *pty)
{
	return pty->was_open && pty->tty.open_count == 0;
}

/* What there is, in packet mode one packet; 0: nothing.  Lock held. */
static size_t take_now(struct pty *pty, uint8_t *to, size_t size)
{
	if (!pty->packet_mode) {
		return ring_read(&pty->to_master, to, size);
	}
	if (pty->events != 0) {
		*to = pty->events;
		pty->events = 0;
		return 1;
	}
	if (ring_is_empty(&pty->to_master)) {
		return 0;
	}
	*to = UAPI_TIOCPKT_DATA;
	return 1 + ring_read(&pty->to_master, to + 1, size - 1);
}

/* Takes bytes, waiting for the first: count, -EIO, -EAGAIN, -ERESTARTSYS. */
static ssize_t take(struct pty *pty, uint8_t *to, size_t size, bool wait)
{
	ssize_t result;

	mutex_lock(&pty->tty.lock);
	for (;;) {
		result = (ssize_t)take_now(pty, to, size);
		if (result > 0) {
			line_output_flush_echo(&pty->tty);
			break;
		}
		if (slave_is_gone(pty)) {
			result = -EIO;
			break;
		}
		if (!wait) {
			result = -EAGAIN;
			break;
		}
		/* Woken by pty_write() and pty_closed(), lock held there. */
		if (wait_queue_sleep_mutex(&pty->master_wait, &pty->tty.lock,
					   WAIT_INTERRUPTIBLE,
					   WAIT_FOREVER) == -EINTR) {
			result = -ERESTARTSYS;
			break;
		}
	}
	mutex_unlock(&pty->tty.lock);
	if (result > 0) {
		wait_queue_wake_all(&pty->tty.write_wait);
	}
	return result;
}

static ssize_t master_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct pty *pty = file->private;
	bool wait = (file->flags & UAPI_O_NONBLOCK) == 0;
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	(void)pos;
	while (to->remaining > 0) {
		ssize_t count =
			take(pty, chunk, MIN(sizeof(chunk), to->remaining),
			     wait && total == 0);
		size_t copied;

		if (count < 0) {
			return total > 0 ? total : count;
		}
		copied = iov_copy_to(to, chunk, (size_t)count);
		total += (ssize_t)copied;
		if (copied < (size_t)count) {
			return total > 0 ? total : -EFAULT;
		}
		if (READ_ONCE(pty->packet_mode)) {
			break; /* one packet for each read */
		}
	}
	return total;
}

/* Gives all bytes to the line discipline: count or an error before the first
 * one. */
static ssize_t give(struct pty *pty, const uint8_t *from, size_t size,
		    bool wait)
{
	size_t done = 0;
	ssize_t err = 0;

	mutex_lock(&pty->tty.lock);
	while (done < size) {
		size_t taken =
			line_input_receive(&pty->tty, from + done, size - done);

		done += taken;
		if (taken > 0) {
			continue;
		}
		if (!wait) {
			err = -EAGAIN;
			break;
		}
		/* Woken by pty_input_room(), lock held there. */
		if (wait_queue_sleep_mutex(&pty->master_wait, &pty->tty.lock,
					   WAIT_INTERRUPTIBLE,
					   WAIT_FOREVER) == -EINTR) {
			err = -ERESTARTSYS;
			break;
		}
	}
	mutex_unlock(&pty->tty.lock);
	return done > 0 ? (ssize_t)done : err;
}

static ssize_t master_write(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	bool wait = (file->flags & UAPI_O_NONBLOCK) == 0;
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	(void)pos;
	while (from->remaining > 0) {
		size_t size = iov_copy_from(from, chunk, sizeof(chunk));
		ssize_t count;

		if (size == 0) {
			return total > 0 ? total : -EFAULT;
		}
		count = give(file->private, chunk, size, wait);
		if (count < 0) {
			return total > 0 ? total : count;
		}
		total += count;
		if ((size_t)count < size) {
			return total;
		}
	}
	return total;
}

static uint32_t master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private;
	uint32_t events = 0;

	poll_wait(table, &pty->master_wait);
	mutex_lock(&pty->tty.lock);
	if (!ring_is_empty(&pty->to_master)) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (pty->packet_mode && pty->events != 0) {
		events |= POLL_PRI | POLL_IN | POLL_RDNORM;
	}
	if (!line_input_is_full(&pty->tty)) {
		events |= POLL_OUT | POLL_WRNORM;
	}
	if (slave_is_gone(pty)) {
		events |= POLL_HUP;
	}
	mutex_unlock(&pty->tty.lock);
	return events;
}

static long set_lock(struct pty *pty, const void USER *from)
{
	uint32_t value;
	int err = user_get_u32(&value, from);

	if (err == 0) {
		WRITE_ONCE(pty->locked, value != 0);
	}
	return err;
}

static long set_packet_mode(struct pty *pty, const void USER *from)
{
	uint32_t value;
	int err = user_get_u32(&value, from);

	if (err < 0) {
		return err;
	}
	mutex_lock(&pty->tty.lock);
	pty->packet_mode = value != 0;
	pty->events = 0;
	mutex_unlock(&pty->tty.lock);
	return 0;
}

/* TIOCGPTPEER: the slave by descriptor, whatever /dev looks like. */
static long open_peer(struct pty *pty, unsigned long flags)
{
	struct file *file;
	int err;

	if ((flags & ~(unsigned long)(UAPI_O_ACCMODE | UAPI_O_NOCTTY |
				      UAPI_O_NONBLOCK | UAPI_O_CLOEXEC)) != 0) {
		return -EINVAL;
	}
	err = vfs_open(PATH_AT_CWD, pty->name,
		       (int)(flags & ~(unsigned long)UAPI_O_CLOEXEC), 0,
		       WALK_FOLLOW, &file);
	if (err < 0) {
		return err;
	}
	err = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

static long send_signal(struct pty *pty, unsigned long signal)
{
	if (signal < 1 || signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	mutex_lock(&pty->tty.lock);
	tty_job_signal(&pty->tty, (int)signal);
	mutex_unlock(&pty->tty.lock);
	return 0;
}

static long flush_from_master(struct pty *pty, unsigned long which)
{
	if (which > UAPI_TCIOFLUSH) {
		return -EINVAL;
	}
	mutex_lock(&pty->tty.lock);
	if (which != UAPI_TCIFLUSH) {
		line_input_flush(&pty->tty);
	}
	if (which != UAPI_TCOFLUSH) {
		drop_output(pty);
	}
	mutex_unlock(&pty->tty.lock);
	return 0;
}

static long master_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	struct pty *pty = file->private;
	void USER *user = (void USER *)arg;

	switch (command) {
	case UAPI_TIOCGPTN:
		return user_put_u32(user, pty->number);
	case UAPI_TIOCSPTLCK:
		return set_lock(pty, user);
	case UAPI_TIOCGPTLCK:
		return user_put_u32(user, READ_ONCE(pty->locked));
	case UAPI_TIOCGPTPEER:
		return open_peer(pty, arg);
	case UAPI_TIOCSIG:
		return send_signal(pty, arg);
	case UAPI_TIOCPKT:
		return set_packet_mode(pty, user);
	case UAPI_TIOCGPKT:
		return user_put_u32(user, READ_ONCE(pty->packet_mode));
	case UAPI_FIONREAD:
		return user_put_u32(user, (uint32_t)ring_used(&pty->to_master));
	case UAPI_TCFLSH:
		return flush_from_master(pty, arg);
	case UAPI_TCSBRK:
	case UAPI_TCSBRKP:
		return 0;
	case UAPI_TIOCSCTTY:
	case UAPI_TIOCNOTTY:
	case UAPI_TIOCGPGRP:
	case UAPI_TIOCSPGRP:
	case UAPI_TIOCGSID:
		return tty_job_ioctl(&pty->tty, command, arg, true);
	default:
		return tty_mode_ioctl(&pty->tty, command, arg, false);
	}
}

static void master_release(struct file *file)
{
	struct pty *pty = file->private;
	unsigned number = pty->number;

	mutex_lock(&tty_table_lock);
	ptys[number] = NULL;
	mutex_unlock(&tty_table_lock);
	char_device_unregister(&pty->node);
	tty_hang_up(&pty->tty);
	mutex_lock(&tty_table_lock);
	bitmap_clear(numbers, number);
	mutex_unlock(&tty_table_lock);
	tty_put(&pty->tty);
}

static const struct file_ops master_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.sends_sigio = true,
	.ioctl = master_ioctl,
	.release = master_release,
};

/* --- making a pair ------------------------------------------------------- */

static int take_number(void)
{
	size_t number;

	mutex_lock(&tty_table_lock);
	number = bitmap_find_clear(numbers, PTY_MAX, 0);
	if (number < PTY_MAX) {
		bitmap_set(numbers, number);
	}
	mutex_unlock(&tty_table_lock);
	return number < PTY_MAX ? (int)number : -ENOSPC;
}

static void release_number(unsigned number)
{
	mutex_lock(&tty_table_lock);
	bitmap_clear(numbers, number);
	mutex_unlock(&tty_table_lock);
}

static int create(unsigned number, struct pty **pty_out)
{
	struct pty *pty = kzalloc(sizeof(*pty));
	uint64_t device = MAKE_DEVICE(TTY_MAJOR_PTS, number);
	int err;

	if (pty == NULL) {
		return -ENOMEM;
	}
	ksnprintf(pty->name, sizeof(pty->name), "/dev/pts/%u", number);
	pty->number = number;
	pty->locked = true;
	ring_init(&pty->to_master, pty->buffer, sizeof(pty->buffer));
	wait_queue_init(&pty->master_wait);
	pty->node = (struct char_device){
		.name = pty->name + NAME_PREFIX,
		.device = device,
		.mode = MODE_CHARACTER | 0620,
		.ops = &tty_file_ops,
		.open = open_slave,
	};
	tty_init(&pty->tty, &pty_driver, pty->name, device);
	err = char_device_register(&pty->node);
	if (err < 0) {
		tty_hang_up(&pty->tty);
		tty_put(&pty->tty);
		return err;
	}
	mutex_lock(&tty_table_lock);
	ptys[number] = pty;
	mutex_unlock(&tty_table_lock);
	*pty_out = pty;
	return 0;
}

static int open_master(struct inode *inode, struct file *file)
{
	int number = take_number();
	struct pty *pty;
	int err;

	(void)inode;
	if (number < 0) {
		return number;
	}
	err = create((unsigned)number, &pty);
	if (err < 0) {
		release_number((unsigned)number);
		return err;
	}
	file->private = pty;
	file->ops = &master_ops;
	file->mode |= FILE_STREAM;
	file->mode &= ~(uint32_t)(FILE_SEEKABLE | FILE_POSITION_LOCKED);
	return 0;
}

/* By its path, so that ttyname(3) finds it; without /dev as a bare file. */
static int open_slave_file(struct pty *pty, struct file **file_out)
{
	const int flags = UAPI_O_RDWR | UAPI_O_NOCTTY;
	int err = vfs_open(PATH_AT_CWD, pty->name, flags, 0, WALK_FOLLOW,
			   file_out);

	if (err == 0) {
		return 0;
	}
	err = file_create_anonymous(NULL, NULL,
				    FILE_READ | FILE_WRITE | FILE_STREAM, flags,
				    file_out);
	if (err == 0) {
		err = tty_attach(&pty->tty, *file_out);
		if (err < 0) {
			file_put(*file_out);
		} else {
			WRITE_ONCE(pty->was_open, true);
		}
	}
	return err;
}

int tty_create_pair(unsigned rows, unsigned columns, struct file **master_out,
		    struct file **slave_out)
{
	struct file *master;
	struct pty *pty;
	int err = file_create_anonymous(NULL, NULL,
					FILE_READ | FILE_WRITE | FILE_STREAM,
					UAPI_O_RDWR | UAPI_O_NONBLOCK, &master);

	if (err < 0) {
		return err;
	}
	err = open_master(NULL, master);
	if (err == 0) {
		pty = master->private;
		WRITE_ONCE(pty->locked, false);
		tty_set_pair_window(master, rows, columns);
		err = open_slave_file(pty, slave_out);
	}
	if (err < 0) {
		file_put(master);
		return err;
	}
	*master_out = master;
	return 0;
}

void tty_set_pair_window(struct file *master, unsigned rows, unsigned columns)
{
	struct pty *pty = master->private;

	if (rows != 0 && columns != 0) {
		tty_set_window(&pty->tty, &(struct uapi_winsize){
						  .rows = (uint16_t)rows,
						  .columns = (uint16_t)columns,
					  });
	}
}

static struct char_device ptmx = {
	.name = "ptmx",
	.device = MAKE_DEVICE(TTY_MAJOR_CONSOLE, 2),
	.mode = MODE_CHARACTER | 0666,
	.ops = &master_ops,
	.open = open_master,
};

static int register_ptmx(void)
{
	return char_device_register(&ptmx);
}
INIT_HOOK(pty, register_ptmx, INIT_DRIVER);
