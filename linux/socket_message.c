/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Messages: sendto(2), recvfrom(2), sendmsg(2), recvmsg(2) and the calls for
 * several at once.
 */
#include "socket.h"

#include <lib/minmax.h>
#include <lib/string.h>
#include <linux/syscall.h>
#include <mm/slab.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <vfs/iov.h>

#include "timespec.h"

#define FAST_VECTOR	  8
#define MESSAGE_COUNT_MAX 1024 /* of sendmmsg(2), recvmmsg(2): UIO_MAXIOV */

/* --- one buffer
 * -------------------------------------------------------------------- */

long sys_sendto(int fd, const void USER *buf, size_t size, unsigned flags,
		const void USER *user_address, unsigned length)
{
	struct socket_address address = {0};
	struct socket_message message = {.flags = flags};
	struct iov_iter iter;
	struct socket *socket;
	struct file_ref ref;
	long result;

	if (!user_range_ok(buf, size)) {
		return -EFAULT;
	}
	result = socket_get(fd, &ref, &socket);
	if (result < 0) {
		return result;
	}
	if (user_address != NULL) {
		result = socket_copy_address(&address, user_address, length);
		message.to = &address;
	}
	if (result == 0) {
		iov_init_user(&iter, buf, MIN(size, (size_t)IOV_TOTAL_MAX));
		message.data = &iter;
		result = socket_send(socket, &message);
	}
	fd_put(ref);
	return result;
}

long sys_recvfrom(int fd, void USER *buf, size_t size, unsigned flags,
		  void USER *user_address, void USER *length)
{
	struct socket_address from = {0};
	struct socket_message message = {.flags = flags};
	struct iov_iter iter;
	struct socket *socket;
	struct file_ref ref;
	long result;

	if (!user_range_ok(buf, size)) {
		return -EFAULT;
	}
	result = socket_get(fd, &ref, &socket);
	if (result < 0) {
		return result;
	}
	iov_init_user(&iter, buf, MIN(size, (size_t)IOV_TOTAL_MAX));
	message.data = &iter;
	message.from = user_address == NULL ? NULL : &from;
	result = socket_receive(socket, &message);
	if (result >= 0 && user_address != NULL) {
		int err = socket_put_address(user_address, length, &from);

		result = err < 0 ? err : result;
	}
	fd_put(ref);
	return result;
}

/* --- struct msghdr
 * ------------------------------------------------------------------ */

static int copy_header(struct uapi_msghdr *header, const void USER *from)
{
	if (user_copy_in(header, from, sizeof(*header)) < 0) {
		return -EFAULT;
	}
	if (header->vector_count > IOV_MAX_COUNT) {
		return -EMSGSIZE;
	}
	return (int32_t)header->name_length < 0 ? -EINVAL : 0;
}

static long send_header(struct socket *socket, const struct uapi_msghdr *header,
			unsigned flags)
{
	struct socket_address address;
	struct socket_control control;
	struct socket_message message = {.flags = flags, .control = &control};
	struct iov fast[FAST_VECTOR];
	struct iov *allocated = NULL;
	struct iov_iter iter;
	long result = 0;

	if (header->name != 0 && header->name_length != 0) {
		result = socket_copy_address(
			&address, (const void USER *)header->name,
			MIN(header->name_length, (uint32_t)SOCKET_ADDRESS_MAX));
		message.to = &address;
	}
	if (result == 0) {
		result = iov_import(&iter, (const void USER *)header->vector,
				    header->vector_count, fast, FAST_VECTOR,
				    &allocated);
	}
	if (result == 0) {
		result = socket_copy_control(&control, header->control,
					     header->control_length);
	}
	if (result == 0) {
		message.data = &iter;
		result = socket_send(socket, &message);
		socket_rights_destroy(control.rights);
	}
	kfree(allocated);
	return result;
}

/* What comes back besides the data: name, control messages, flags. */
static int put_header(struct socket *socket, struct uapi_msghdr *header,
		      void USER *to, struct socket_message *message)
{
	const size_t name_length = offsetof(struct uapi_msghdr, name_length);
	const size_t control_length =
		offsetof(struct uapi_msghdr, control_length);
	const size_t flags = offsetof(struct uapi_msghdr, flags);
	char USER *out = to;
	uint64_t used = header->control_length;
	int err = 0;

	socket_put_control(socket, message->control, header->control, &used,
			   message->flags, &message->flags_out);
	if (message->from != NULL) {
		err = socket_put_address((void USER *)header->name,
					 out + name_length, message->from);
	}
	if (err == 0) {
		err = user_put_u64(out + control_length, used);
	}
	if (err == 0) {
		err = user_put_u32(
			out + flags,
			message->flags_out |
				(message->flags & UAPI_MSG_CMSG_CLOEXEC));
	}
	return err;
}

static long receive_header(struct socket *socket, struct uapi_msghdr *header,
			   void USER *to, unsigned flags)
{
	struct socket_address from;
	struct socket_control control = {0};
	struct socket_message message = {
		.flags = flags,
		.control = &control,
		.from = header->name == 0 ? NULL : &from,
	};
	struct iov fast[FAST_VECTOR];
	struct iov *allocated = NULL;
	struct iov_iter iter;
	long result =
		iov_import(&iter, (const void USER *)header->vector,
			   header->vector_count, fast, FAST_VECTOR, &allocated);

	if (result == 0) {
		message.data = &iter;
		result = socket_receive(socket, &message);
	}
	if (result >= 0) {
		int err = put_header(socket, header, to, &message);

		result = err < 0 ? err : result;
	}
	socket_rights_destroy(control.rights);
	kfree(allocated);
	return result;
}

long sys_sendmsg(int fd, const void USER *user_header, unsigned flags)
{
	struct uapi_msghdr header;
	struct socket *socket;
	struct file_ref ref;
	long result = socket_get(fd, &ref, &socket);

	if (result < 0) {
		return result;
	}
	result = copy_header(&header, user_header);
	if (result == 0) {
		result = send_header(socket, &header, flags);
	}
	fd_put(ref);
	return result;
}

long sys_recvmsg(int fd, void USER *user_header, unsigned flags)
{
	struct uapi_msghdr header;
	struct socket *socket;
	struct file_ref ref;
	long result = socket_get(fd, &ref, &socket);

	if (result < 0) {
		return result;
	}
	result = copy_header(&header, user_header);
	if (result == 0) {
		result = receive_header(socket, &header, user_header, flags);
	}
	fd_put(ref);
	return result;
}

/* --- several messages
 * ---------------------------------------------------------------- */

static char USER *element(void USER *messages, unsigned i)
{
	return (char USER *)messages + i * sizeof(struct uapi_mmsghdr);
}

static int put_length(char USER *message, long length)
{
	return user_put_u32(message + offsetof(struct uapi_mmsghdr, length),
			    (uint32_t)length);
}

long sys_sendmmsg(int fd, void USER *messages, unsigned count, unsigned flags)
{
	struct socket *socket;
	struct file_ref ref;
	unsigned sent = 0;
	long result = socket_get(fd, &ref, &socket);

	if (result < 0) {
		return result;
	}
	count = MIN(count, (unsigned)MESSAGE_COUNT_MAX);
	while (sent < count) {
		struct uapi_msghdr header;
		char USER *message = element(messages, sent);

		result = copy_header(&header, message);
		if (result == 0) {
			result = send_header(socket, &header, flags);
		}
		if (result >= 0) {
			result = put_length(message, result);
		}
		if (result < 0) {
			break;
		}
		sent++;
	}
	fd_put(ref);
	return sent > 0 ? (long)sent : result;
}

/* The timeout is looked at between messages only, as on Linux. */
static long receive_many(struct socket *socket, void USER *messages,
			 unsigned count, unsigned flags, uint64_t deadline_ns)
{
	unsigned received = 0;
	long result = 0;

	while (received < count) {
		struct uapi_msghdr header;
		char USER *message = element(messages, received);

		result = copy_header(&header, message);
		if (result == 0) {
			result = receive_header(socket, &header, message,
						flags & ~UAPI_MSG_WAITFORONE);
		}
		if (result >= 0) {
			result = put_length(message, result);
		}
		if (result < 0) {
			break;
		}
		received++;
		if ((flags & UAPI_MSG_WAITFORONE) != 0) {
			flags |= UAPI_MSG_DONTWAIT;
		}
		if (clock_monotonic_ns() >= deadline_ns) {
			break;
		}
	}
	return received > 0 ? (long)received : result;
}

long sys_recvmmsg(int fd, void USER *messages, unsigned count, unsigned flags,
		  const void USER *timeout)
{
	uint64_t deadline = WAIT_FOREVER;
	struct socket *socket;
	struct file_ref ref;
	uint64_t ns;
	long result;

	if (timeout != NULL) {
		result = timespec_get_ns(&ns, timeout);
		if (result < 0) {
			return result;
		}
		deadline = deadline_after(ns);
	}
	result = socket_get(fd, &ref, &socket);
	if (result < 0) {
		return result;
	}
	result = receive_many(socket, messages,
			      MIN(count, (unsigned)MESSAGE_COUNT_MAX), flags,
			      deadline);
	fd_put(ref);
	return result;
}
