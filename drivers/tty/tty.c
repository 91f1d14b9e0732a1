/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Terminals as files: life, reading, writing, readiness.  internal.h has the
 * model.
 */
#include "internal.h"

#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <process/process.h>
#include <process/session.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define CHUNK_SIZE 512
#define VTIME_UNIT (100 * NSEC_PER_MSEC)

struct mutex tty_table_lock = MUTEX_INIT(tty_table_lock, "tty.table");
static struct list table = LIST_INITIALIZER(table); /* [tty_table_lock] */

/* --- life ---------------------------------------------------------------- */

void tty_init(struct tty *tty, const struct tty_driver *driver,
	      const char *name, uint64_t device)
{
	refcount_init(&tty->refs);
	tty->driver = driver;
	tty->name = name;
	tty->device = device;
	mutex_init(&tty->read_lock, "tty.read");
	mutex_init(&tty->write_lock, "tty.write");
	mutex_init(&tty->lock, "tty");
	wait_queue_init(&tty->read_wait);
	wait_queue_init(&tty->write_wait);
	line_input_reset(tty);
	mutex_lock(&tty_table_lock);
	list_add_tail(&table, &tty->table_link);
	mutex_unlock(&tty_table_lock);
}

void tty_get(struct tty *tty)
{
	refcount_get(&tty->refs);
}

void tty_put(struct tty *tty)
{
	if (refcount_put(&tty->refs)) {
		tty->driver->destroy(tty);
	}
}

bool tty_is_known(const struct tty *tty)
{
	struct tty *other;

	list_for_each (other, &table, table_link) {
		if (other == tty) {
			return true;
		}
	}
	return false;
}

int tty_attach(struct tty *tty, struct file *file)
{
	int err = 0;

	mutex_lock(&tty->lock);
	if (tty->hung_up) {
		err = -EIO;
	} else if (tty->exclusive &&
		   !credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		err = -EBUSY;
	} else {
		tty->open_count++;
	}
	mutex_unlock(&tty->lock);
	if (err < 0) {
		return err;
	}
	tty_get(tty);
	file->private = tty;
	file->ops = &tty_file_ops;
	file->mode |= FILE_STREAM;
	file->mode &= ~(uint32_t)(FILE_SEEKABLE | FILE_POSITION_LOCKED);
	if ((file->flags & UAPI_O_NOCTTY) == 0) {
		tty_job_claim(tty);
	}
	return 0;
}

static void tty_release(struct file *file)
{
	struct tty *tty = file->private;

	mutex_lock(&tty->lock);
	if (--tty->open_count == 0) {
		tty->exclusive = false;
		if (tty->driver->closed != NULL) {
			tty->driver->closed(tty);
		}
	}
	mutex_unlock(&tty->lock);
	tty_put(tty);
}

static void signal_leader(int session)
{
	struct process *leader = process_find(session);

	if (leader != NULL) {
		signal_send_process(leader, UAPI_SIGHUP, NULL);
		signal_send_process(leader, UAPI_SIGCONT, NULL);
		process_put(leader);
	}
}

void tty_hang_up(struct tty *tty)
{
	int session;
	int group;

	mutex_lock(&tty_table_lock);
	list_remove(&tty->table_link);
	mutex_unlock(&tty_table_lock);
	mutex_lock(&tty->lock);
	tty->hung_up = true;
	session = tty->session;
	group = tty->group;
	tty->session = 0;
	tty->group = 0;
	mutex_unlock(&tty->lock);
	if (session != 0) {
		signal_leader(session);
		session_clear_tty(session, tty);
	}
	if (group != 0) {
		signal_send_group(group, UAPI_SIGHUP, NULL);
		signal_send_group(group, UAPI_SIGCONT, NULL);
	}
	wait_queue_wake(&tty->read_wait, UINT32_MAX, 0);
	wait_queue_wake(&tty->write_wait, UINT32_MAX, 0);
}

/* --- reading ---------------------------------------------------------------
 */

struct read_request {
	struct tty *tty;
	struct iov_iter *to;
	size_t total;
	size_t minimum;	  /* raw mode: VMIN, but 1 when 0 */
	uint64_t time_ns; /* raw mode: VTIME */
	bool waits;	  /* raw mode, VMIN 0 and VTIME 0: no */
	bool nonblock;
	bool ended;
};

static bool has_data(const struct tty *tty)
{
	return tty_lflag(tty, UAPI_ICANON) ? tty->line_at != tty->read_at
					   : tty->write_at != tty->read_at;
}

/* What the mode asks of this read.  Lock held. */
static void read_mode(struct read_request *request)
{
	const struct tty *tty = request->tty;
	uint8_t minimum = tty->termios.cc[UAPI_VMIN];
	uint8_t time = tty->termios.cc[UAPI_VTIME];

	request->minimum = 1;
	request->time_ns = 0;
	request->waits = true;
	if (!tty_lflag(tty, UAPI_ICANON)) {
		request->minimum = MAX(minimum, 1);
		request->time_ns = time * VTIME_UNIT;
		request->waits = minimum != 0 || time != 0;
	}
}

/* The first byte has no limit when VMIN is set; VTIME 0: none ever. */
static uint64_t read_deadline(const struct read_request *request)
{
	const struct tty *tty = request->tty;

	if (request->time_ns == 0 ||
	    (request->total == 0 && tty->termios.cc[UAPI_VMIN] != 0)) {
		return WAIT_FOREVER;
	}
	return clock_monotonic_ns() + request->time_ns;
}

/* Moves what is there, without tty->lock during the copy.  0 or -EFAULT. */
static int read_available(struct read_request *request)
{
	struct tty *tty = request->tty;
	uint8_t chunk[CHUNK_SIZE];

	while (!request->ended && request->to->remaining > 0 && has_data(tty)) {
		size_t count = line_input_take(
			tty, chunk, MIN(sizeof(chunk), request->to->remaining),
			&request->ended);
		size_t copied;

		mutex_unlock(&tty->lock);
		copied =
			count == 0 ? 0 : iov_copy_to(request->to, chunk, count);
		mutex_lock(&tty->lock);
		request->total += copied;
		if (copied < count) {
			return -EFAULT;
		}
	}
	return 0;
}

/* Lock held; returns an error or 0 with the read done. */
static int read_locked(struct read_request *request)
{
	struct tty *tty = request->tty;

	for (;;) {
		int err = read_available(request);

		if (err < 0) {
			return err;
		}
		read_mode(request);
		if (request->ended || request->to->remaining == 0 ||
		    request->total >= request->minimum || tty->hung_up ||
		    !request->waits) {
			return 0;
		}
		if (request->nonblock) {
			return -EAGAIN;
		}
		/* Woken by line_input_receive() and tty_hang_up(), which
		 * change the condition under tty->lock. */
		err = wait_queue_sleep_mutex(&tty->read_wait, &tty->lock,
					     WAIT_INTERRUPTIBLE,
					     read_deadline(request));
		if (err == -ETIMEDOUT && !has_data(tty)) {
			return 0;
		}
		if (err == -EINTR) {
			return -ERESTARTSYS;
		}
	}
}

static int lock_interruptible(struct mutex *mutex, bool nonblock)
{
	if (mutex_trylock(mutex)) {
		return 0;
	}
	if (nonblock) {
		return -EAGAIN;
	}
	return mutex_lock_interruptible(mutex) < 0 ? -ERESTARTSYS : 0;
}

static ssize_t tty_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct read_request request = {
		.tty = file->private,
		.to = to,
		.nonblock = (file->flags & UAPI_O_NONBLOCK) != 0,
	};
	struct tty *tty = request.tty;
	int err;

	(void)pos;
	err = tty_job_check(tty, UAPI_SIGTTIN);
	if (err == 0 && to->remaining > 0) {
		err = lock_interruptible(&tty->read_lock, request.nonblock);
	}
	if (err < 0 || to->remaining == 0) {
		return err;
	}
	mutex_lock(&tty->lock);
	err = read_locked(&request);
	mutex_unlock(&tty->lock);
	mutex_unlock(&tty->read_lock);
	return request.total > 0 ? (ssize_t)request.total : err;
}

/* --- writing ---------------------------------------------------------------
 */

/* One attempt; lock held.  Bytes of text taken, 0 when there is no room. */
static ssize_t write_some(struct tty *tty, const uint8_t *text, size_t size)
{
	uint8_t out[2 * CHUNK_SIZE];
	uint32_t column = tty->column;
	uint32_t line_column = tty->line_column;
	size_t taken;
	size_t used;

	if (tty->hung_up) {
		return -EIO;
	}
	if (tty->stopped || !line_output_flush_echo(tty)) {
		return 0;
	}
	taken = line_output_process(tty, text, size, out,
				    MIN(sizeof(out), tty->driver->room(tty)),
				    &used);
	if (used > 0 && !tty->driver->write(tty, out, used)) {
		tty->column = column; /* somebody else took the room */
		tty->line_column = line_column;
		return 0;
	}
	return (ssize_t)taken;
}

/* Looked at without the lock: a hint that is tested again under it. */
static bool can_write(const struct tty *tty)
{
	return READ_ONCE(tty->hung_up) ||
	       (!READ_ONCE(tty->stopped) &&
		tty->driver->room((struct tty *)tty) >= TTY_EXPANSION_MAX);
}

static bool is_drained(const struct tty *tty)
{
	return READ_ONCE(tty->hung_up) ||
	       tty->driver->queued((struct tty *)tty) == 0;
}

/*
 * Sleeps until the condition holds.  Woken through the driver's queue (room)
 * or write_wait (restart, hangup); the condition is tested again after both
 * waiters are queued.
 */
static int wait_until(struct tty *tty, bool (*condition)(const struct tty *))
{
	struct waiter device;
	struct waiter state;
	int err = 0;

	waiter_init(&device, WAIT_INTERRUPTIBLE);
	waiter_init(&state, WAIT_INTERRUPTIBLE);
	wait_queue_add(tty->driver->write_queue(tty), &device);
	wait_queue_add(&tty->write_wait, &state);
	for (;;) {
		thread_prepare_sleep(true);
		if (condition(tty)) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(WAIT_FOREVER);
		if (err < 0) {
			break;
		}
	}
	wait_queue_remove(&tty->write_wait, &state);
	wait_queue_remove(tty->driver->write_queue(tty), &device);
	return err < 0 ? -ERESTARTSYS : 0;
}

int tty_drain(struct tty *tty)
{
	return wait_until(tty, is_drained);
}

/* All of the text unless interrupted: bytes written, or an error before the
 * first. */
static ssize_t write_all(struct tty *tty, const uint8_t *text, size_t size,
			 bool nonblock)
{
	size_t done = 0;

	while (done < size) {
		ssize_t taken;

		mutex_lock(&tty->lock);
		taken = write_some(tty, text + done, size - done);
		mutex_unlock(&tty->lock);
		if (taken == 0) {
			taken = nonblock ? -EAGAIN : wait_until(tty, can_write);
		}
		if (taken < 0) {
			return done > 0 ? (ssize_t)done : taken;
		}
		done += (size_t)taken;
	}
	return (ssize_t)done;
}

static ssize_t write_iter(struct tty *tty, struct iov_iter *from, bool nonblock)
{
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	while (from->remaining > 0) {
		size_t size = iov_copy_from(from, chunk, sizeof(chunk));
		ssize_t written;

		if (size == 0) {
			return total > 0 ? total : -EFAULT;
		}
		written = write_all(tty, chunk, size, nonblock);
		if (written < 0) {
			return total > 0 ? total : written;
		}
		total += written;
		if ((size_t)written < size) {
			return total;
		}
	}
	return total;
}

static ssize_t tty_write(struct file *file, struct iov_iter *from, int64_t *pos)
{
	struct tty *tty = file->private;
	bool nonblock = (file->flags & UAPI_O_NONBLOCK) != 0;
	ssize_t result = 0;

	(void)pos;
	if ((READ_ONCE(tty->termios.lflag) & UAPI_TOSTOP) != 0) {
		result = tty_job_check(tty, UAPI_SIGTTOU);
	}
	if (result == 0) {
		result = lock_interruptible(&tty->write_lock, nonblock);
	}
	if (result < 0) {
		return result;
	}
	result = write_iter(tty, from, nonblock);
	mutex_unlock(&tty->write_lock);
	return result;
}

/* --- the rest of the file --------------------------------------------------
 */

static uint32_t tty_poll(struct file *file, struct poll_table *wait)
{
	struct tty *tty = file->private;
	uint32_t events = 0;

	poll_wait(wait, &tty->read_wait);
	poll_wait(wait, &tty->write_wait);
	poll_wait(wait, tty->driver->write_queue(tty));
	mutex_lock(&tty->lock);
	if (line_input_is_ready(tty)) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (!tty->stopped && tty->driver->room(tty) >= TTY_EXPANSION_MAX) {
		events |= POLL_OUT | POLL_WRNORM;
	}
	if (tty->hung_up) {
		events = POLL_IN | POLL_RDNORM | POLL_OUT | POLL_WRNORM |
			 POLL_ERR | POLL_HUP;
	}
	mutex_unlock(&tty->lock);
	return events;
}

/* Of the console before there is a /dev: a file without path. */
static int tty_stat(struct file *file, struct kstat *stat)
{
	const struct tty *tty = file->private;

	if (file->dentry != NULL) {
		return vfs_stat(&(struct path){.mount = file->mount,
					       .dentry = file->dentry},
				stat);
	}
	memset(stat, 0, sizeof(*stat));
	stat->mode = MODE_CHARACTER | 0600;
	stat->link_count = 1;
	stat->block_size = 1024;
	stat->rdev = tty->device;
	stat->ino = tty->device;
	return 0;
}

static size_t tty_name(struct file *file, char *buf, size_t size)
{
	const struct tty *tty = file->private;

	return (size_t)ksnprintf(buf, size, "%s", tty->name);
}

const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.sends_sigio = true,
	.ioctl = tty_ioctl,
	.stat = tty_stat,
	.name = tty_name,
	.release = tty_release,
};
