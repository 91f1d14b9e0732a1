/* SPDX-License-Identifier: BSD-3-Clause */

/* Connections of AF_UNIX: connect, listen, accept, socketpair. */
#include "internal.h"

#include <lib/minmax.h>
#include <uapi/errno.h>
#include <uapi/socket.h>
#include <vfs/poll.h>

static void set_state(struct unix_socket *s, enum unix_state state)
{
	__atomic_store_n(&s->state, state, __ATOMIC_RELEASE);
}

/* Both locks held: takes a reference to each. */
static void link_ends(struct unix_socket *a, struct unix_socket *b)
{
	unix_get(a);
	unix_get(b);
	a->peer = b;
	b->peer = a;
	set_state(a, UNIX_CONNECTED);
	set_state(b, UNIX_CONNECTED);
}

/* --- stream and sequenced packets
 * ------------------------------------------------
 */

/* The listener's lock is held: until there is room in its backlog. */
static int wait_backlog(struct unix_socket *listener, bool nonblock,
			uint64_t timeout_ns)
{
	uint64_t deadline = socket_deadline(timeout_ns);
	int err = 0;

	for (;;) {
		if (listener->state != UNIX_LISTENING ||
		    (listener->shutdown & UNIX_SHUT_RECEIVE) != 0) {
			return -ECONNREFUSED;
		}
		if (listener->pending_count <= listener->backlog) {
			return 0;
		}
		if (nonblock) {
			return -EAGAIN;
		}
		if (err < 0) {
			return socket_interrupted(err, timeout_ns);
		}
		err = wait_queue_sleep_mutex(&listener->writable,
					     &listener->lock,
					     WAIT_INTERRUPTIBLE, deadline);
	}
}

/* The listener's lock is held. */
static int link_to_listener(struct unix_socket *s, struct unix_socket *end,
			    struct unix_socket *listener)
{
	int err = 0;

	mutex_lock(&s->lock);
	if (s->state != UNIX_FRESH) {
		err = s->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	} else {
		link_ends(s, end);
		unix_credentials_current(&s->own);
		s->other = listener->own;
		end->other = s->own;
		end->own = listener->own;
		unix_name_get(listener->name);
		end->name = listener->name;
		end->listener = listener;
		list_add_tail(&listener->pending, &end->pending_link);
		listener->pending_count++;
	}
	mutex_unlock(&s->lock);
	return err;
}

static int connect_to(struct unix_socket *s, struct unix_socket *listener,
		      bool nonblock)
{
	struct unix_socket *end;
	int err;

	if (listener == s) {
		return -ECONNREFUSED;
	}
	end = unix_create(s->socket.type);
	if (end == NULL) {
		return -ENOMEM;
	}
	mutex_lock(&listener->lock);
	err = wait_backlog(listener, nonblock,
			   READ_ONCE(s->socket.options.send_timeout_ns));
	if (err == 0) {
		err = link_to_listener(s, end, listener);
	}
	mutex_unlock(&listener->lock);
	if (err < 0) {
		unix_put(end);
		return err;
	}
	wait_queue_wake(&listener->readable, 1, POLL_IN | POLL_RDNORM);
	unix_wake_all(s);
	return 0;
}

static int stream_connect(struct unix_socket *s,
			  const struct socket_address *address, bool nonblock)
{
	struct unix_socket *listener;
	int err = unix_autobind(s);

	if (err == 0) {
		err = unix_find(address, s->socket.type, &listener);
	}
	if (err < 0) {
		return err;
	}
	err = connect_to(s, listener, nonblock);
	unix_put(listener);
	return err;
}

/* --- datagrams
 * ------------------------------------------------------------------- */

/* What the old destination sent is lost; one that was connected to us learns
 * of it. */
static void leave_peer(struct unix_socket *s, struct unix_socket *old,
		       struct list *lost)
{
	if (list_is_empty(lost)) {
		return;
	}
	unix_free_packets(lost);
	wait_queue_wake_all(&s->place);
	if (__atomic_load_n(&old->peer, __ATOMIC_RELAXED) == s) {
		__atomic_store_n(&old->socket.error, ECONNRESET,
				 __ATOMIC_RELEASE);
		unix_wake_all(old);
	}
}

/* A new default destination; NULL: none. */
static void set_destination(struct unix_socket *s, struct unix_socket *peer)
{
	struct unix_socket *old;
	struct list lost;

	list_init(&lost);
	mutex_lock(&s->lock);
	old = unix_detach_peer_locked(s);
	__atomic_store_n(&s->peer, peer, __ATOMIC_RELAXED);
	set_state(s, peer == NULL ? UNIX_FRESH : UNIX_CONNECTED);
	if (old != NULL && old != peer) {
		list_splice_tail(&lost, &s->packets);
		s->packet_count = 0;
		s->queued = 0;
	}
	mutex_unlock(&s->lock);
	if (old != NULL) {
		leave_peer(s, old, &lost);
		unix_put(old);
	}
	unix_wake_all(s);
}

static int datagram_connect(struct unix_socket *s,
			    const struct socket_address *address)
{
	struct unix_socket *peer;
	struct unix_socket *of_peer;
	int err;

	if (address->length >= UNIX_PATH_OFFSET &&
	    address->family == UAPI_AF_UNSPEC) {
		set_destination(s, NULL);
		return 0;
	}
	err = unix_autobind(s);
	if (err == 0) {
		err = unix_find(address, s->socket.type, &peer);
	}
	if (err < 0) {
		return err;
	}
	of_peer = unix_peer(peer);
	if (of_peer != NULL) {
		unix_put(of_peer);
		if (of_peer != s) {
			unix_put(peer);
			return -EPERM;
		}
	}
	set_destination(s, peer);
	return 0;
}

int unix_connect(struct socket *socket, const struct socket_address *address,
		 bool nonblock)
{
	struct unix_socket *s = unix_of(socket);

	return unix_is_connecting(s) ? stream_connect(s, address, nonblock)
				     : datagram_connect(s, address);
}

/* --- listen, accept, pair
 * ---------------------------------------------------------
 */

int unix_listen(struct socket *socket, unsigned backlog)
{
	struct unix_socket *s = unix_of(socket);
	int err = 0;

	if (!unix_is_connecting(s)) {
		return -EOPNOTSUPP;
	}
	mutex_lock(&s->lock);
	if (s->name == NULL ||
	    (s->state != UNIX_FRESH && s->state != UNIX_LISTENING)) {
		err = -EINVAL;
	} else {
		s->backlog = MIN(backlog, (unsigned)UAPI_SOMAXCONN);
		unix_credentials_current(&s->own);
		set_state(s, UNIX_LISTENING);
		WRITE_ONCE(socket->listening, true);
	}
	mutex_unlock(&s->lock);
	wait_queue_wake_all(&s->writable);
	return err;
}

/* The lock is held: until somebody has connected. */
static int wait_pending(struct unix_socket *s, bool nonblock)
{
	uint64_t timeout = READ_ONCE(s->socket.options.receive_timeout_ns);
	uint64_t deadline = socket_deadline(timeout);
	int err = 0;

	for (;;) {
		if (s->state != UNIX_LISTENING ||
		    (s->shutdown & UNIX_SHUT_RECEIVE) != 0) {
			return -EINVAL;
		}
		if (!list_is_empty(&s->pending)) {
			return 0;
		}
		if (nonblock) {
			return -EAGAIN;
		}
		if (err < 0) {
			return socket_interrupted(err, timeout);
		}
		/* one connection, one acceptor woken */
		err = wait_queue_sleep_mutex(
			&s->readable, &s->lock,
			WAIT_INTERRUPTIBLE | WAIT_EXCLUSIVE, deadline);
	}
}

int unix_accept(struct socket *socket, bool nonblock,
		struct socket **socket_out)
{
	struct unix_socket *s = unix_of(socket);
	struct unix_socket *end;
	int err;

	if (!unix_is_connecting(s)) {
		return -EOPNOTSUPP;
	}
	mutex_lock(&s->lock);
	err = wait_pending(s, nonblock);
	if (err == 0) {
		end = list_entry(list_pop_head(&s->pending), struct unix_socket,
				 pending_link);
		s->pending_count--;
		__atomic_store_n(&end->listener, NULL, __ATOMIC_RELEASE);
		*socket_out = &end->socket;
	}
	mutex_unlock(&s->lock);
	if (err == 0) {
		wait_queue_wake(&s->writable, 1, POLL_OUT);
	}
	return err;
}

int unix_pair(struct socket *first, struct socket *second)
{
	struct unix_socket *a = unix_of(first);
	struct unix_socket *b = unix_of(second);

	unix_credentials_current(&a->own);
	b->own = a->own;
	a->other = a->own;
	b->other = a->own;
	link_ends(a, b); /* nobody else knows them yet */
	return 0;
}
