/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The standard streams of the first program in pipe mode.
 *
 * Output is raw bytes on the console port; input and error travel through the
 * control channel.  All three look like pipes: fstat says FIFO, no position,
 * no terminal.  Without a control channel input is at its end at once and
 * error goes where output goes.  In terminal mode the three are the tty.
 *
 * No state but the ports: concurrency is the ports' and the channel's.
 */
#include <drivers/stdio.h>

#include <drivers/control.h>
#include <drivers/serial.h>
#include <drivers/tty.h>
#include <init/options.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define CHUNK_SIZE 1024

static struct serial_port *console; /* [I] after stdio_open() */

static ssize_t read_input(struct file *file, struct iov_iter *to, int64_t *pos)
{
	uint8_t chunk[CHUNK_SIZE];
	struct waiter waiter;
	ssize_t result;

	(void)pos;
	if (!control_is_open()) {
		return 0;
	}
	/* Woken by the control channel's interrupt; the ring is read again
	 * after thread_prepare_sleep(), so no byte is missed. */
	waiter_init(&waiter, WAIT_INTERRUPTIBLE);
	wait_queue_add(control_input_queue(), &waiter);
	for (;;) {
		thread_prepare_sleep(true);
		result = control_read_input(chunk,
					    MIN(sizeof(chunk), to->remaining));
		if (result != -EAGAIN || (file->flags & UAPI_O_NONBLOCK) != 0) {
			break;
		}
		if (thread_sleep(WAIT_FOREVER) < 0) {
			result = -ERESTARTSYS;
			break;
		}
	}
	thread_cancel_sleep();
	wait_queue_remove(control_input_queue(), &waiter);
	if (result > 0 && iov_copy_to(to, chunk, (size_t)result) == 0) {
		return -EFAULT;
	}
	return result;
}

static ssize_t write_chunks(struct iov_iter *from, bool error)
{
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	while (from->remaining > 0) {
		size_t size = iov_copy_from(from, chunk, sizeof(chunk));
		ssize_t err;

		if (size == 0) {
			return total > 0 ? total : -EFAULT;
		}
		err = error ? control_write_error(chunk, size)
			    : serial_write(console, chunk, size);
		if (err < 0) {
			err = err == -EINTR ? -ERESTARTSYS : err;
			return total > 0 ? total : err;
		}
		total += (ssize_t)size;
	}
	return total;
}

static ssize_t write_output(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	(void)file;
	(void)pos;
	return write_chunks(from, false);
}

static ssize_t write_error(struct file *file, struct iov_iter *from,
			   int64_t *pos)
{
	(void)file;
	(void)pos;
	return write_chunks(from, control_is_open());
}

static uint32_t poll_input(struct file *file, struct poll_table *table)
{
	bool ended;
	size_t available;

	(void)file;
	if (!control_is_open()) {
		return POLL_HUP;
	}
	poll_wait(table, control_input_queue());
	available = control_input_available(&ended);
	return (available > 0 ? POLL_IN | POLL_RDNORM : 0) |
	       (ended ? POLL_HUP : 0);
}

static uint32_t poll_output(struct file *file, struct poll_table *table)
{
	(void)file;
	poll_wait(table, serial_write_queue(console));
	return serial_can_write(console) ? POLL_OUT | POLL_WRNORM : 0;
}

static int stat_stream(struct file *file, struct kstat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->mode = MODE_FIFO | 0600;
	stat->link_count = 1;
	stat->block_size = 4096;
	stat->ino = 1 + (uintptr_t)file->private;
	return 0;
}

static size_t stream_name(struct file *file, char *buf, size_t size)
{
	return (size_t)ksnprintf(buf, size, "pipe:[%lu]",
				 1 + (unsigned long)file->private);
}

static const struct file_ops input_ops = {
	.read = read_input,
	.poll = poll_input,
	.stat = stat_stream,
	.name = stream_name,
};

static const struct file_ops output_ops = {
	.write = write_output,
	.poll = poll_output,
	.stat = stat_stream,
	.name = stream_name,
};

static const struct file_ops error_ops = {
	.write = write_error,
	.poll = poll_output,
	.stat = stat_stream,
	.name = stream_name,
};

static int open_streams(struct file *files_out[3])
{
	static const struct file_ops *const ops[3] = {&input_ops, &output_ops,
						      &error_ops};

	for (unsigned i = 0; i < 3; i++) {
		uint32_t mode = (i == 0 ? FILE_READ : FILE_WRITE) | FILE_STREAM;
		int err = file_create_anonymous(
			ops[i], (void *)(uintptr_t)i, mode,
			i == 0 ? UAPI_O_RDONLY : UAPI_O_WRONLY, &files_out[i]);

		if (err < 0) {
			while (i-- > 0) {
				file_put(files_out[i]);
			}
			return err;
		}
	}
	return 0;
}

/* Output only: what arrives on the console in pipe mode is dropped. */
static bool drop_byte(void *arg, uint8_t byte)
{
	(void)arg;
	(void)byte;
	return true;
}

int stdio_open(struct file *files_out[3])
{
	int err;

	console = serial_port(0);
	if (console == NULL) {
		return -ENODEV;
	}
	if (!options()->stdio_pipe) {
		return tty_open_console(console, files_out);
	}
	err = serial_start(console, drop_byte, NULL);
	if (err < 0) {
		return err;
	}
	return open_streams(files_out);
}

void stdio_flush(void)
{
	if (console != NULL) {
		serial_write_polled(console, "", 0);
	}
}
