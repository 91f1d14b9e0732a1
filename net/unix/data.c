/* SPDX-License-Identifier: BSD-3-Clause */

/* Sending and receiving on AF_UNIX sockets.  The theory is in internal.h. */
#include "internal.h"

#include <lib/minmax.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/socket.h>
#include <vfs/poll.h>

#define READ_EVENTS  (POLL_IN | POLL_RDNORM)
#define WRITE_EVENTS (POLL_OUT | POLL_WRNORM | POLL_WRBAND)

/* --- sending
 * -------------------------------------------------------------------- */

bool unix_has_room(const struct unix_socket *s)
{
	return __atomic_load_n(&s->charged, __ATOMIC_SEQ_CST) <
	       READ_ONCE(s->socket.options.send_buffer);
}

bool unix_is_full(const struct unix_socket *s, const struct unix_socket *sender)
{
	return s != sender &&
	       __atomic_load_n(&s->peer, __ATOMIC_RELAXED) != sender &&
	       __atomic_load_n(&s->packet_count, __ATOMIC_SEQ_CST) >=
		       UNIX_QUEUE_MAX &&
	       __atomic_load_n(&s->state, __ATOMIC_RELAXED) != UNIX_CLOSED;
}

static bool cannot_send(const struct unix_socket *s)
{
	return (__atomic_load_n(&s->shutdown, __ATOMIC_ACQUIRE) &
		UNIX_SHUT_SEND) != 0;
}

/* No wake-up is lost: the waiter is queued before the tests. */
static int wait_room(struct unix_socket *s, unsigned flags)
{
	uint64_t timeout = READ_ONCE(s->socket.options.send_timeout_ns);
	uint64_t deadline;
	struct waiter waiter;
	int err = 0;

	if (unix_has_room(s)) {
		return 0;
	}
	if ((flags & UAPI_MSG_DONTWAIT) != 0) {
		return -EAGAIN;
	}
	deadline = socket_deadline(timeout);
	waiter_init(&waiter, 0);
	wait_queue_add(&s->writable, &waiter);
	while (err == 0) {
		thread_prepare_sleep(true);
		if (unix_has_room(s) || cannot_send(s)) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(deadline);
	}
	wait_queue_remove(&s->writable, &waiter);
	return socket_interrupted(err, timeout);
}

/* Also for one that is not accepted yet: it may ask when it is. */
static bool wants_credentials(const struct unix_socket *s,
			      const struct unix_socket *receiver)
{
	return READ_ONCE(s->socket.options.pass_credentials) ||
	       READ_ONCE(receiver->socket.options.pass_credentials) ||
	       __atomic_load_n(&receiver->listener, __ATOMIC_RELAXED) != NULL;
}

/* A datagram's receiver has no place: the sender waits for it. */
static int wait_place_locked(struct unix_socket *receiver,
			     const struct unix_socket *s, unsigned flags)
{
	uint64_t timeout = READ_ONCE(s->socket.options.send_timeout_ns);
	uint64_t deadline = socket_deadline(timeout);
	int err = 0;

	while (unix_is_full(receiver, s)) {
		if ((flags & UAPI_MSG_DONTWAIT) != 0) {
			return -EAGAIN;
		}
		if (err < 0) {
			return socket_interrupted(err, timeout);
		}
		err = wait_queue_sleep_mutex(&receiver->place, &receiver->lock,
					     WAIT_INTERRUPTIBLE, deadline);
	}
	return 0;
}

static int check_receiver_locked(struct unix_socket *receiver,
				 struct unix_socket *s, unsigned flags)
{
	bool connected = unix_is_connecting(s);

	if (receiver->state == UNIX_CLOSED) {
		return connected ? -EPIPE : -ECONNREFUSED;
	}
	if ((receiver->shutdown & UNIX_SHUT_RECEIVE) != 0) {
		return -EPIPE;
	}
	if (connected) {
		return 0;
	}
	if (receiver->peer != NULL && receiver->peer != s) {
		return -EPERM;
	}
	return wait_place_locked(receiver, s, flags);
}

/* Appends a packet; it is freed when the receiver cannot have it. */
static int deliver(struct unix_socket *receiver, struct unix_packet *packet,
		   unsigned flags)
{
	int err;

	mutex_lock(&receiver->lock);
	err = check_receiver_locked(receiver, packet->sender, flags);
	if (err == 0) {
		list_add_tail(&receiver->packets, &packet->link);
		receiver->packet_count++;
		receiver->queued += packet->size;
	}
	mutex_unlock(&receiver->lock);
	if (err < 0) {
		unix_packet_free(packet);
		return err;
	}
	wait_queue_wake(&receiver->readable, UINT32_MAX, READ_EVENTS);
	return 0;
}

/* One packet with the next `size` bytes and, if `attach`, what goes along. */
static ssize_t send_packet(struct unix_socket *s, struct unix_socket *receiver,
			   struct socket_message *message, size_t size,
			   bool attach)
{
	struct unix_packet *packet;
	int err = wait_room(s, message->flags);

	if (err < 0) {
		return err;
	}
	if (cannot_send(s)) {
		return -EPIPE;
	}
	packet = unix_packet_create(s, size);
	if (packet == NULL) {
		return -ENOMEM;
	}
	if (iov_copy_from(message->data, packet->data, size) != size) {
		unix_packet_free(packet);
		return -EFAULT;
	}
	if (attach) {
		err = unix_packet_attach(packet, message,
					 wants_credentials(s, receiver),
					 receiver);
		if (err < 0) {
			unix_packet_free(packet);
			return err;
		}
	}
	err = deliver(receiver, packet, message->flags);
	return err < 0 ? err : (ssize_t)size;
}

static ssize_t send_stream(struct unix_socket *s, struct unix_socket *receiver,
			   struct socket_message *message)
{
	size_t limit =
		MIN((size_t)UNIX_PACKET_MAX,
		    (size_t)READ_ONCE(s->socket.options.send_buffer) / 2);
	ssize_t done = 0;

	while (message->data->remaining > 0) {
		size_t size = MIN(message->data->remaining, limit);
		ssize_t sent = send_packet(s, receiver, message, size, true);

		if (sent < 0) {
			return done > 0 ? done : sent;
		}
		done += sent;
	}
	return done;
}

static ssize_t send_message(struct unix_socket *s, struct unix_socket *receiver,
			    struct socket_message *message)
{
	size_t size = message->data->remaining;

	if (size > UNIX_DATAGRAM_MAX ||
	    size > READ_ONCE(s->socket.options.send_buffer)) {
		return -EMSGSIZE;
	}
	return send_packet(s, receiver, message, size, true);
}

/* Where a message goes, referenced. */
static int find_receiver(struct unix_socket *s,
			 const struct socket_message *message,
			 struct unix_socket **receiver_out)
{
	const struct socket_address *to = message->to;

	if (to != NULL && to->length > 0) {
		if (unix_is_connecting(s)) {
			return s->state == UNIX_CONNECTED ? -EISCONN
							  : -EOPNOTSUPP;
		}
		return unix_find(to, s->socket.type, receiver_out);
	}
	*receiver_out = unix_peer(s);
	return *receiver_out == NULL ? -ENOTCONN : 0;
}

/* The default destination of datagrams is gone: forget it. */
static void forget_peer(struct unix_socket *s, struct unix_socket *peer)
{
	bool forgotten = false;

	mutex_lock(&s->lock);
	if (s->peer == peer) {
		unix_detach_peer_locked(s);
		__atomic_store_n(&s->state, UNIX_FRESH, __ATOMIC_RELEASE);
		forgotten = true;
	}
	mutex_unlock(&s->lock);
	if (forgotten) {
		unix_put(peer);
	}
}

ssize_t unix_send(struct socket *socket, struct socket_message *message)
{
	struct unix_socket *s = unix_of(socket);
	struct unix_socket *receiver;
	ssize_t result;

	if ((message->flags & UAPI_MSG_OOB) != 0) {
		return -EOPNOTSUPP;
	}
	result = find_receiver(s, message, &receiver);
	if (result == 0 && socket->type != UAPI_SOCK_STREAM) {
		result = unix_autobind(s);
		if (result < 0) {
			unix_put(receiver);
		}
	}
	if (result < 0) {
		return result;
	}
	if (cannot_send(s)) {
		result = -EPIPE;
	} else if (socket->type == UAPI_SOCK_STREAM) {
		result = send_stream(s, receiver, message);
	} else {
		result = send_message(s, receiver, message);
	}
	if (result == -ECONNREFUSED && message->to == NULL) {
		forget_peer(s, receiver);
	}
	unix_put(receiver);
	return result;
}

/* --- receiving
 * ------------------------------------------------------------------- */

/* Where peeking begins: SO_PEEK_OFF. */
static size_t peek_offset(const struct unix_socket *s, unsigned flags)
{
	return (flags & UAPI_MSG_PEEK) != 0 && s->peek_offset > 0
		       ? (size_t)s->peek_offset
		       : 0;
}

static void move_peek_offset(struct unix_socket *s, bool peek, size_t size)
{
	int64_t offset = s->peek_offset;

	if (offset >= 0) {
		offset += peek ? (int64_t)size : -(int64_t)size;
		WRITE_ONCE(s->peek_offset,
			   (int32_t)MAX(MIN(offset, (int64_t)INT32_MAX),
					(int64_t)0));
	}
}

/* The message to be received, or NULL; with SO_PEEK_OFF what was peeked is
 * passed over.  *skip_out: bytes of it to leave out. */
static struct unix_packet *find_message(const struct unix_socket *s,
					unsigned flags, size_t *skip_out)
{
	bool at_offset = (flags & UAPI_MSG_PEEK) != 0 && s->peek_offset >= 0;
	size_t skip = peek_offset(s, flags);
	struct unix_packet *packet;

	list_for_each (packet, &s->packets, link) {
		if (!at_offset || skip < packet->size ||
		    (skip == 0 && !packet->peeked)) {
			*skip_out = skip;
			return packet;
		}
		skip -= packet->size;
	}
	return NULL;
}

static bool has_data(const struct unix_socket *s, unsigned flags)
{
	size_t skip;

	return s->socket.type == UAPI_SOCK_STREAM
		       ? s->queued > peek_offset(s, flags)
		       : find_message(s, flags, &skip) != NULL;
}

/* The lock is held: until there is data.  0: there is some; 1: the end. */
static int wait_packet_locked(struct unix_socket *s, unsigned flags,
			      uint64_t deadline)
{
	uint64_t timeout = READ_ONCE(s->socket.options.receive_timeout_ns);
	int err = 0;

	while (!has_data(s, flags)) {
		int pending = socket_take_error(&s->socket);

		if (pending < 0) {
			return pending;
		}
		if ((s->shutdown & UNIX_SHUT_RECEIVE) != 0) {
			return 1;
		}
		if (unix_is_connecting(s) && s->state != UNIX_CONNECTED) {
			return s->socket.type == UAPI_SOCK_STREAM ? -EINVAL
								  : -ENOTCONN;
		}
		if ((flags & UAPI_MSG_DONTWAIT) != 0) {
			return -EAGAIN;
		}
		if (err < 0) {
			return socket_interrupted(err, timeout);
		}
		err = wait_queue_sleep_mutex(&s->readable, &s->lock,
					     WAIT_INTERRUPTIBLE, deadline);
	}
	return 0;
}

static void give_address(const struct unix_packet *packet,
			 struct socket_message *message)
{
	struct unix_name *name =
		__atomic_load_n(&packet->sender->name, __ATOMIC_ACQUIRE);

	if (message->from == NULL) {
		return;
	}
	if (name == NULL) {
		message->from->length = 0;
	} else {
		*message->from = name->address;
	}
}

/* Files and identity of a packet; files stay in it when it is only peeked. */
static void give_control(struct unix_packet *packet,
			 struct socket_message *message, bool peek)
{
	struct socket_control *from = &packet->control;
	struct socket_control *to = message->control;

	if (to == NULL) {
		if (from->rights != NULL) {
			message->flags_out |= UAPI_MSG_CTRUNC;
		}
		return;
	}
	to->has_credentials = from->has_credentials;
	to->credentials = from->credentials;
	if (from->rights == NULL) {
		return;
	}
	if (peek) {
		to->rights = unix_flight_peek(from->rights);
		if (to->rights == NULL) {
			message->flags_out |= UAPI_MSG_CTRUNC;
		}
		return;
	}
	to->rights = from->rights;
	from->rights = NULL;
}

/* SO_TIMESTAMP: messages only, and the time of receipt, as on Linux. */
static void give_time(const struct unix_socket *s,
		      struct socket_message *message)
{
	if (message->control != NULL &&
	    (READ_ONCE(s->socket.options.timestamp) ||
	     READ_ONCE(s->socket.options.timestamp_ns))) {
		message->control->time_ns = clock_realtime_ns();
	}
}

static void unlink_locked(struct unix_socket *s, struct unix_packet *packet,
			  struct list *done)
{
	list_remove(&packet->link);
	__atomic_fetch_sub(&s->packet_count, 1, __ATOMIC_SEQ_CST);
	list_add_tail(done, &packet->link);
}

void unix_free_packets(struct list *packets)
{
	struct list_node *node;

	while ((node = list_pop_head(packets)) != NULL) {
		unix_packet_free(list_entry(node, struct unix_packet, link));
	}
}

static void free_all(struct unix_socket *s, struct list *done)
{
	bool any = !list_is_empty(done);

	unix_free_packets(done);
	if (any && s->socket.type == UAPI_SOCK_DGRAM) {
		wait_queue_wake(&s->place, UINT32_MAX, WRITE_EVENTS);
	}
}

/* Messages keep their borders: one per call, the rest is lost. */
static ssize_t receive_message(struct unix_socket *s,
			       struct socket_message *message,
			       struct list *done)
{
	uint64_t deadline =
		socket_deadline(s->socket.options.receive_timeout_ns);
	bool peek = (message->flags & UAPI_MSG_PEEK) != 0;
	struct unix_packet *packet;
	size_t left;
	size_t size;
	size_t skip;
	int state = wait_packet_locked(s, message->flags, deadline);

	if (state != 0) {
		return state < 0 ? state : 0;
	}
	packet = find_message(s, message->flags, &skip);
	left = packet->size - skip;
	size = MIN(left, message->data->remaining);
	if (iov_copy_to(message->data, packet->data + skip, size) != size) {
		return -EFAULT;
	}
	give_address(packet, message);
	give_control(packet, message, peek);
	give_time(s, message);
	if (size < left) {
		message->flags_out |= UAPI_MSG_TRUNC;
	}
	if (s->socket.type == UAPI_SOCK_SEQPACKET) {
		message->flags_out |= UAPI_MSG_EOR;
	}
	packet->peeked = peek;
	move_peek_offset(s, peek, peek ? size : packet->size);
	if (!peek) {
		s->queued -= packet->size;
		unlink_locked(s, packet, done);
	}
	return (ssize_t)((message->flags & UAPI_MSG_TRUNC) != 0 ? left : size);
}

/* True when bytes of both may be returned by one call. */
static bool same_sender(const struct socket_control *a,
			const struct socket_control *b)
{
	return a->has_credentials == b->has_credentials &&
	       (!a->has_credentials ||
		(a->credentials.pid == b->credentials.pid &&
		 a->credentials.uid == b->credentials.uid &&
		 a->credentials.gid == b->credentials.gid));
}

/* Takes what is in the queue, up to a packet of somebody else; one with files
 * is the last. */
static ssize_t take_stream_locked(struct unix_socket *s,
				  struct socket_message *message,
				  struct socket_control *company, bool first,
				  struct list *done)
{
	bool peek = (message->flags & UAPI_MSG_PEEK) != 0;
	struct unix_packet *packet;
	struct unix_packet *next;
	size_t skip = peek_offset(s, message->flags);
	ssize_t taken = 0;

	list_for_each_safe (packet, next, &s->packets, link) {
		size_t at = packet->offset + skip;
		size_t size;
		bool had_rights = packet->control.rights != NULL;

		if (at >= packet->size) {
			skip = at - packet->size;
			continue;
		}
		skip = 0;
		size = MIN(packet->size - at, message->data->remaining);
		if (!first && !same_sender(company, &packet->control)) {
			break;
		}
		if (iov_copy_to(message->data, packet->data + at, size) !=
		    size) {
			return taken > 0 ? taken : -EFAULT;
		}
		if (first) {
			*company = packet->control;
			give_address(packet, message);
		}
		company->rights = packet->control.rights;
		if (first || had_rights) {
			give_control(packet, message, peek);
		}
		first = false;
		taken += (ssize_t)size;
		move_peek_offset(s, peek, size);
		if (!peek) {
			packet->offset += size;
			s->queued -= size;
			if (packet->offset == packet->size) {
				unlink_locked(s, packet, done);
			}
		}
		if (message->data->remaining == 0 || had_rights) {
			break;
		}
	}
	return taken;
}

static ssize_t receive_stream(struct unix_socket *s,
			      struct socket_message *message, struct list *done)
{
	uint64_t deadline =
		socket_deadline(s->socket.options.receive_timeout_ns);
	bool all = (message->flags & UAPI_MSG_WAITALL) != 0;
	size_t mark = READ_ONCE(s->socket.options.receive_low_water);
	size_t wanted = all ? message->data->remaining
			    : MIN(mark, message->data->remaining);
	struct socket_control company = {0};
	ssize_t total = 0;

	if (message->data->remaining == 0) {
		return 0;
	}
	do {
		int state = wait_packet_locked(s, message->flags, deadline);
		ssize_t taken;

		if (state != 0) {
			return total > 0 || state > 0 ? total : state;
		}
		taken = take_stream_locked(s, message, &company, total == 0,
					   done);
		if (taken <= 0) {
			return total > 0 ? total : taken;
		}
		total += taken;
	} while ((size_t)total < wanted && company.rights == NULL &&
		 (message->flags & UAPI_MSG_PEEK) == 0);
	return total;
}

ssize_t unix_receive(struct socket *socket, struct socket_message *message)
{
	struct unix_socket *s = unix_of(socket);
	struct list done;
	ssize_t result;

	if ((message->flags & (UAPI_MSG_OOB | UAPI_MSG_ERRQUEUE)) != 0) {
		return (message->flags & UAPI_MSG_OOB) != 0 ? -EOPNOTSUPP
							    : -EAGAIN;
	}
	if (message->from != NULL) {
		message->from->length = 0;
	}
	list_init(&done);
	mutex_lock(&s->lock);
	result = socket->type == UAPI_SOCK_STREAM
			 ? receive_stream(s, message, &done)
			 : receive_message(s, message, &done);
	mutex_unlock(&s->lock);
	if (message->control != NULL) {
		unix_flight_end(message->control->rights);
	}
	free_all(s, &done);
	return result;
}
