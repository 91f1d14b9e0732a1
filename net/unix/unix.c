/* SPDX-License-Identifier: BSD-3-Clause */

/* AF_UNIX sockets: life, names, readiness.  The theory is in internal.h. */
#include "internal.h"

#include <init/hooks.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/ioctl.h>
#include <uapi/socket.h>
#include <vfs/poll.h>

#define END_EVENTS                                                             \
	(POLL_IN | POLL_RDNORM | POLL_OUT | POLL_WRNORM | POLL_HUP |           \
	 POLL_RDHUP | POLL_ERR)

static const struct socket_ops unix_ops;

void unix_credentials_current(struct socket_credentials *out)
{
	struct process *process = process_current();

	*out = (struct socket_credentials){0};
	if (process != NULL) {
		spin_lock(&process->lock);
		out->pid = process->pid;
		out->uid = process->credentials.euid;
		out->gid = process->credentials.egid;
		spin_unlock(&process->lock);
	}
}

/* The peer's queue got a place: in a wake-up, with its lock held. */
static bool relay_woken(struct waiter *waiter, uint32_t events)
{
	struct unix_socket *s = container_of(waiter, struct unix_socket, relay);

	list_remove(&waiter->link);
	wait_queue_wake(&s->writable, UINT32_MAX, events);
	return false;
}

struct unix_socket *unix_create(int type)
{
	struct unix_socket *s = kzalloc(sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	socket_init(&s->socket, &unix_ops, UAPI_AF_UNIX, type, 0);
	refcount_init(&s->refs);
	mutex_init(&s->lock, "unix");
	list_init(&s->packets);
	list_init(&s->pending);
	list_init(&s->flights_here);
	wait_queue_init(&s->readable);
	wait_queue_init(&s->writable);
	wait_queue_init(&s->place);
	s->peek_offset = -1;
	waiter_init_func(&s->relay, relay_woken, 0);
	return s;
}

void unix_get(struct unix_socket *s)
{
	refcount_get(&s->refs);
}

void unix_put(struct unix_socket *s)
{
	if (refcount_put(&s->refs)) {
		if (s->socket.listening) {
			unix_flight_barrier();
		}
		unix_name_put(s->name);
		kfree(s);
	}
}

struct unix_socket *unix_peer(struct unix_socket *s)
{
	struct unix_socket *peer;

	mutex_lock(&s->lock);
	peer = s->peer;
	if (peer != NULL) {
		unix_get(peer);
	}
	mutex_unlock(&s->lock);
	return peer;
}

struct unix_socket *unix_detach_peer_locked(struct unix_socket *s)
{
	struct unix_socket *peer = s->peer;

	if (peer != NULL) {
		wait_queue_remove(&peer->place, &s->relay);
		__atomic_store_n(&s->peer, NULL, __ATOMIC_RELAXED);
	}
	return peer;
}

void unix_wake_all(struct unix_socket *s)
{
	wait_queue_wake(&s->readable, UINT32_MAX, END_EVENTS);
	wait_queue_wake(&s->writable, UINT32_MAX, END_EVENTS);
	wait_queue_wake(&s->place, UINT32_MAX, END_EVENTS);
}

static void add_shutdown(struct unix_socket *s, uint32_t bits)
{
	mutex_lock(&s->lock);
	__atomic_store_n(&s->shutdown, s->shutdown | bits, __ATOMIC_RELEASE);
	mutex_unlock(&s->lock);
	unix_wake_all(s);
}

/* --- the end
 * ------------------------------------------------------------------- */

/* Data that was never read is an error for the one who sent it. */
static void tell_peer(struct unix_socket *peer, bool unread)
{
	if (!unix_is_connecting(peer)) {
		return;
	}
	if (unread) {
		__atomic_store_n(&peer->socket.error, ECONNRESET,
				 __ATOMIC_RELEASE);
	}
	add_shutdown(peer, UNIX_SHUT_BOTH);
}

void unix_close(struct unix_socket *s)
{
	struct unix_socket *peer;
	struct list_node *node;
	struct list packets;
	struct list pending;

	list_init(&packets);
	list_init(&pending);
	mutex_lock(&s->lock);
	__atomic_store_n(&s->state, UNIX_CLOSED, __ATOMIC_RELEASE);
	__atomic_store_n(&s->shutdown, UNIX_SHUT_BOTH, __ATOMIC_RELEASE);
	peer = unix_detach_peer_locked(s);
	__atomic_store_n(&s->listener, NULL, __ATOMIC_RELEASE);
	list_splice_tail(&packets, &s->packets);
	list_splice_tail(&pending, &s->pending);
	s->packet_count = 0;
	s->pending_count = 0;
	mutex_unlock(&s->lock);
	unix_unbind(s);
	if (peer != NULL) {
		tell_peer(peer, !list_is_empty(&packets));
		unix_put(peer);
	}
	while ((node = list_pop_head(&pending)) != NULL) {
		unix_close(list_entry(node, struct unix_socket, pending_link));
	}
	unix_free_packets(&packets);
	unix_wake_all(s);
	unix_put(s);
}

static void unix_release(struct socket *socket)
{
	unix_close(unix_of(socket));
	unix_flight_collect();
}

static int unix_shutdown(struct socket *socket, int how)
{
	static const uint32_t own[] = {UNIX_SHUT_RECEIVE, UNIX_SHUT_SEND,
				       UNIX_SHUT_BOTH};
	static const uint32_t others[] = {UNIX_SHUT_SEND, UNIX_SHUT_RECEIVE,
					  UNIX_SHUT_BOTH};
	struct unix_socket *s = unix_of(socket);
	struct unix_socket *peer = unix_peer(s);

	add_shutdown(s, own[how]);
	if (peer != NULL) {
		if (unix_is_connecting(s)) {
			add_shutdown(peer, others[how]);
		}
		unix_put(peer);
	}
	return 0;
}

/* --- names, readiness, options
 * ------------------------------------------------------
 */

static void give_name(const struct unix_name *name,
		      struct socket_address *address_out)
{
	if (name != NULL) {
		*address_out = name->address;
		return;
	}
	address_out->length = UNIX_PATH_OFFSET;
	address_out->family = UAPI_AF_UNIX;
}

static int unix_name(struct socket *socket, bool of_peer,
		     struct socket_address *address_out)
{
	struct unix_socket *s = unix_of(socket);
	struct unix_socket *peer;

	if (!of_peer) {
		give_name(__atomic_load_n(&s->name, __ATOMIC_ACQUIRE),
			  address_out);
		return 0;
	}
	peer = unix_peer(s);
	if (peer == NULL) {
		return -ENOTCONN;
	}
	give_name(__atomic_load_n(&peer->name, __ATOMIC_ACQUIRE), address_out);
	unix_put(peer);
	return 0;
}

/* The default destination of datagrams takes one more; if not, `writable` will
 * be woken: the relay stands on the queue before the second test. */
static bool peer_has_place(struct unix_socket *s)
{
	bool full;

	mutex_lock(&s->lock);
	full = s->peer != NULL && unix_is_full(s->peer, s);
	if (full) {
		wait_queue_remove(&s->peer->place, &s->relay);
		wait_queue_add(&s->peer->place, &s->relay);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		full = unix_is_full(s->peer, s);
	}
	mutex_unlock(&s->lock);
	return !full;
}

/* Writable when three quarters of the buffer are free, as on Linux, so that
 * writers come with more than a few bytes. */
static bool is_writable(struct unix_socket *s)
{
	return __atomic_load_n(&s->charged, __ATOMIC_ACQUIRE) <=
		       READ_ONCE(s->socket.options.send_buffer) / 4 &&
	       (unix_is_connecting(s) || peer_has_place(s));
}

static uint32_t unix_poll(struct socket *socket, struct poll_table *table)
{
	struct unix_socket *s = unix_of(socket);
	uint32_t events = 0;
	uint32_t shutdown;
	uint32_t state;

	poll_wait(table, &s->readable);
	poll_wait(table, &s->writable);
	state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	shutdown = __atomic_load_n(&s->shutdown, __ATOMIC_ACQUIRE);
	if (__atomic_load_n(&socket->error, __ATOMIC_ACQUIRE) != 0) {
		events |= POLL_ERR;
	}
	if (shutdown == UNIX_SHUT_BOTH ||
	    (unix_is_connecting(s) && state == UNIX_FRESH)) {
		events |= POLL_HUP;
	}
	if ((shutdown & UNIX_SHUT_RECEIVE) != 0) {
		events |= POLL_RDHUP | POLL_IN | POLL_RDNORM;
	}
	if (READ_ONCE(s->packet_count) > 0 || READ_ONCE(s->pending_count) > 0) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (state != UNIX_LISTENING && is_writable(s)) {
		events |= POLL_OUT | POLL_WRNORM | POLL_WRBAND;
	}
	return events;
}

static long unix_ioctl(struct socket *socket, unsigned command,
		       unsigned long arg)
{
	struct unix_socket *s = unix_of(socket);
	uint64_t value;

	if (command == UAPI_FIONREAD) {
		if (s->state == UNIX_LISTENING) {
			return -EINVAL;
		}
		value = READ_ONCE(s->queued);
		if (socket->type != UAPI_SOCK_STREAM) {
			struct unix_packet *packet;

			mutex_lock(&s->lock);
			packet = list_first(&s->packets, struct unix_packet,
					    link);
			value = packet == NULL ? 0 : packet->size;
			mutex_unlock(&s->lock);
		}
	} else if (command == UAPI_TIOCOUTQ) {
		value = __atomic_load_n(&s->charged, __ATOMIC_RELAXED);
	} else {
		return -ENOTTY;
	}
	return user_put_u32((void USER *)arg, (uint32_t)value);
}

static int unix_get_option(struct socket *socket, int level, int option,
			   void *value, size_t *size)
{
	struct unix_socket *s = unix_of(socket);
	struct socket_credentials credentials;

	if (level != UAPI_SOL_SOCKET) {
		return -EOPNOTSUPP;
	}
	if (option == UAPI_SO_PEEK_OFF) {
		int32_t offset = READ_ONCE(s->peek_offset);

		*size = MIN(*size, sizeof(offset));
		memcpy(value, &offset, *size);
		return 0;
	}
	if (option != UAPI_SO_PEERCRED) {
		return -ENOPROTOOPT;
	}
	mutex_lock(&s->lock);
	credentials = s->other;
	mutex_unlock(&s->lock);
	if (credentials.pid == 0) {
		credentials.uid = UINT32_MAX; /* never connected */
		credentials.gid = UINT32_MAX;
	}
	*size = MIN(*size, sizeof(credentials));
	memcpy(value, &credentials, *size);
	return 0;
}

/* value: an int at least, socket_set_option() has looked. */
static int unix_set_option(struct socket *socket, int level, int option,
			   const void *value, size_t size)
{
	struct unix_socket *s = unix_of(socket);
	int32_t offset;

	(void)size;
	if (level != UAPI_SOL_SOCKET) {
		return -EOPNOTSUPP;
	}
	if (option != UAPI_SO_PEEK_OFF) {
		return -ENOPROTOOPT;
	}
	memcpy(&offset, value, sizeof(offset));
	mutex_lock(&s->lock);
	WRITE_ONCE(s->peek_offset, offset);
	mutex_unlock(&s->lock);
	return 0;
}

static const struct socket_ops unix_ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.pair = unix_pair,
	.send = unix_send,
	.receive = unix_receive,
	.shutdown = unix_shutdown,
	.name = unix_name,
	.poll = unix_poll,
	.ioctl = unix_ioctl,
	.get_option = unix_get_option,
	.set_option = unix_set_option,
	.release = unix_release,
};

static int unix_family_create(int type, int protocol,
			      struct socket **socket_out)
{
	struct unix_socket *s;

	if (protocol != 0 && protocol != UAPI_AF_UNIX) {
		return -EPROTONOSUPPORT;
	}
	if (type == UAPI_SOCK_RAW) {
		type = UAPI_SOCK_DGRAM;
	}
	if (type != UAPI_SOCK_STREAM && type != UAPI_SOCK_DGRAM &&
	    type != UAPI_SOCK_SEQPACKET) {
		return -ESOCKTNOSUPPORT;
	}
	s = unix_create(type);
	if (s == NULL) {
		return -ENOMEM;
	}
	*socket_out = &s->socket;
	return 0;
}

static struct socket_family unix_family = {
	.family = UAPI_AF_UNIX,
	.create = unix_family_create,
};

static int unix_start(void)
{
	socket_family_register(&unix_family);
	return 0;
}
INIT_HOOK(unix_sockets, unix_start, INIT_CORE);
