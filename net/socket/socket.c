/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Sockets as files, and the list of families (written at boot only).
 */
#include <net/socket.h>

#include <arch/user.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/ioctl.h>
#include <uapi/signal.h>
#include <uapi/socket.h>
#include <vfs/async.h>
#include <vfs/file.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define SOCKET_DEVICE MAKE_DEVICE(0, 8) /* st_dev */

static struct list families = LIST_INITIALIZER(families); /* [I] after boot */
static uint64_t last_number;				  /* [a] */

void socket_family_register(struct socket_family *family)
{
	list_add_tail(&families, &family->link);
}

int socket_create(int family, int type, int protocol,
		  struct socket **socket_out)
{
	struct socket_family *candidate;

	list_for_each (candidate, &families, link) {
		if (candidate->family == family) {
			return candidate->create(type, protocol, socket_out);
		}
	}
	return -EAFNOSUPPORT;
}

void socket_init(struct socket *socket, const struct socket_ops *ops,
		 int family, int type, int protocol)
{
	memset(socket, 0, sizeof(*socket));
	socket->ops = ops;
	socket->family = family;
	socket->type = type;
	socket->protocol = protocol;
	socket->options.send_buffer = SOCKET_BUFFER_DEFAULT;
	socket->options.receive_buffer = SOCKET_BUFFER_DEFAULT;
	socket->options.receive_low_water = 1;
	socket->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	anonymous_node_init(&socket->node, SOCKET_MAGIC, SOCKET_DEVICE,
			    socket->number, MODE_SOCKET | 0777);
}

int socket_take_error(struct socket *socket)
{
	if (__atomic_load_n(&socket->error, __ATOMIC_RELAXED) == 0) {
		return 0;
	}
	return -__atomic_exchange_n(&socket->error, 0, __ATOMIC_ACQ_REL);
}

uint64_t socket_deadline(uint64_t timeout_ns)
{
	uint64_t now = clock_monotonic_ns();

	if (timeout_ns == 0 || timeout_ns >= WAIT_FOREVER - now) {
		return WAIT_FOREVER;
	}
	return now + timeout_ns;
}

int socket_interrupted(int err, uint64_t timeout_ns)
{
	if (err == -ETIMEDOUT) {
		return -EAGAIN;
	}
	if (err == -EINTR && timeout_ns == 0) {
		return -ERESTARTSYS;
	}
	return err;
}

static void send_sigpipe(void)
{
	struct thread *thread = thread_current();

	if (thread->process != NULL) {
		signal_send_thread(thread, UAPI_SIGPIPE, NULL);
	}
}

static unsigned blocking_flag(const struct socket *socket)
{
	return socket->file != NULL && (READ_ONCE(socket->file->flags) &
					UAPI_O_NONBLOCK) != 0
		       ? UAPI_MSG_DONTWAIT
		       : 0;
}

ssize_t socket_send(struct socket *socket, struct socket_message *message)
{
	ssize_t result;

	if (socket->ops->send == NULL) {
		return -EOPNOTSUPP;
	}
	message->flags |= blocking_flag(socket);
	result = socket->ops->send(socket, message);
	if (result == -EPIPE && (message->flags & UAPI_MSG_NOSIGNAL) == 0) {
		send_sigpipe();
	}
	return result;
}

ssize_t socket_receive(struct socket *socket, struct socket_message *message)
{
	if (socket->ops->receive == NULL) {
		return -EOPNOTSUPP;
	}
	message->flags |= blocking_flag(socket);
	message->flags_out = 0;
	return socket->ops->receive(socket, message);
}

/* --- the file
 * ------------------------------------------------------------------- */

static ssize_t file_receive(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct socket_message message = {.data = to};

	(void)pos;
	return socket_receive(file->private, &message);
}

static ssize_t file_send(struct file *file, struct iov_iter *from, int64_t *pos)
{
	struct socket_message message = {.data = from};

	(void)pos;
	return socket_send(file->private, &message);
}

static uint32_t file_events(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->private;

	return socket->ops->poll(socket, table);
}

/* F_SETOWN and F_GETOWN by another name. */
static long control_owner(struct file *file, unsigned command,
			  unsigned long arg)
{
	int type;
	int pid;

	if (command == UAPI_FIOGETOWN || command == UAPI_SIOCGPGRP) {
		file_async_get_owner(file, &type, &pid);
		pid = type == UAPI_F_OWNER_PGRP ? -pid : pid;
		return user_put_u32((void USER *)arg, (uint32_t)pid);
	}
	if (user_get_u32((uint32_t *)&pid, (const void USER *)arg) < 0) {
		return -EFAULT;
	}
	if (pid == INT32_MIN) {
		return -EINVAL;
	}
	return pid < 0 ? file_async_set_owner(file, UAPI_F_OWNER_PGRP, -pid)
		       : file_async_set_owner(file, UAPI_F_OWNER_PID, pid);
}

static long file_control(struct file *file, unsigned command, unsigned long arg)
{
	struct socket *socket = file->private;

	if (command >= UAPI_FIOSETOWN && command <= UAPI_SIOCGPGRP) {
		return control_owner(file, command, arg);
	}
	return socket->ops->ioctl == NULL
		       ? -ENOTTY
		       : socket->ops->ioctl(socket, command, arg);
}

static struct anonymous_node *file_node(struct file *file)
{
	struct socket *socket = file->private;

	return &socket->node;
}

static void file_release(struct file *file)
{
	struct socket *socket = file->private;

	socket->ops->release(socket);
}

static size_t file_text(struct file *file, char *buf, size_t size)
{
	const struct socket *socket = file->private;

	return (size_t)ksnprintf(buf, size, "socket:[%lu]",
				 (unsigned long)socket->number);
}

static const struct file_ops socket_file_ops = {
	.read = file_receive,
	.write = file_send,
	.poll = file_events,
	.sends_sigio = true,
	.ioctl = file_control,
	.node = file_node,
	.release = file_release,
	.name = file_text,
};

int socket_open(struct socket *socket, unsigned flags, struct file **file_out)
{
	int err = file_create_anonymous(
		&socket_file_ops, socket, FILE_READ | FILE_WRITE | FILE_STREAM,
		UAPI_O_RDWR | (flags & UAPI_O_NONBLOCK), file_out);

	if (err < 0) {
		socket->ops->release(socket);
		return err;
	}
	socket->file = *file_out;
	return 0;
}

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_file_ops ? file->private : NULL;
}
