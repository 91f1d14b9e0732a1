/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * AF_UNIX: streams, datagrams and sequenced packets within the machine.
 *
 * 1. Data.  A message is copied into a packet, which is appended to the
 *    receiver's queue; streams cut theirs into packets too.  The bytes of a
 *    packet are charged to its sender until it is taken, and a sender whose
 *    charge has reached SO_SNDBUF waits: that bounds all queues.
 * 2. Connections.  connect() makes the server's end at once, links both and
 *    puts it on the listener's queue; accept() takes it.  Both ends hold a
 *    reference to each other until each is closed.
 * 3. `shutdown` of a socket says what it can no longer do, whoever decided
 *    that: the peer's SHUT_WR ends our reading, its close ends both.
 * 4. A datagram goes into the queue of any socket that is not connected to
 *    another, and waits for a place there unless the two are each other's
 *    peers.  A full queue makes those who are connected to it not writable:
 *    the first of them to be asked stands on the queue with its relay.
 * 5. Names are files (inode->socket) or abstract (a hash table).  A name
 *    points to its socket without reference; names_lock guards that.
 * 6. Files on their way may be sockets that have files on their way, and so on
 *    or in a circle: flight.c has that theory.
 *
 * Locks: a socket's mutex guards its own state; the listener's is taken before
 * the connecting socket's (a listener never connects), two ends of a pair by
 * address, names_lock and flight_lock inside of both.  Data is copied to the
 * application under the receiver's mutex, and from it without lock.
 *
 * Key: [I] immutable, [l] own lock, [a] atomic, written under the lock,
 * [n] names_lock; [f], [c]: see flight.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/refcount.h>
#include <net/socket.h>
#include <sync/mutex.h>
#include <sync/wait.h>

#define UNIX_PACKET_MAX	  32768 /* bytes of a stream in one packet */
#define UNIX_DATAGRAM_MAX 212960
#define UNIX_QUEUE_MAX	  11 /* datagrams from others than its peer */
#define UNIX_PATH_MAX	  108
#define UNIX_PATH_OFFSET  2 /* of sun_path in struct sockaddr_un */

#define UNIX_SHUT_RECEIVE 1u
#define UNIX_SHUT_SEND	  2u
#define UNIX_SHUT_BOTH	  3u

struct inode;

enum unix_state {
	UNIX_FRESH,
	UNIX_LISTENING,
	UNIX_CONNECTED, /* datagrams: has a default destination */
	UNIX_CLOSED,
};

struct unix_name {
	struct refcount refs;
	struct list_node link;	       /* [n] abstract names */
	struct unix_socket *owner;     /* [n] NULL: closed; abstract names */
	struct socket_address address; /* [I] */
};

struct unix_socket {
	struct socket socket;
	struct refcount refs;
	struct mutex lock;
	uint32_t state;		    /* [a] enum unix_state */
	uint32_t shutdown;	    /* [a] UNIX_SHUT_* */
	struct unix_socket *peer;   /* [l] one reference */
	struct unix_name *name;	    /* [a] set once; one reference */
	struct inode *inode;	    /* [l] bound to this node; one reference */
	struct list packets;	    /* [l] */
	uint32_t packet_count;	    /* [a] */
	uint64_t queued;	    /* [a] bytes in packets */
	int32_t peek_offset;	    /* [a] SO_PEEK_OFF; < 0: not used */
	uint32_t charged;	    /* [a] sent and not yet taken */
	struct wait_queue readable; /* data, connections, the end */
	struct wait_queue writable; /* room, place in the backlog, the end */
	struct wait_queue place;    /* in its queue of datagrams; the end */
	struct waiter relay;	    /* in the peer's `place`, for `writable` */
	unsigned backlog;	    /* [l] */
	struct list pending;	    /* [l] ends to be accepted */
	uint32_t pending_count;	    /* [a] */
	struct list_node pending_link;	 /* [listener's lock] */
	struct unix_socket *listener;	 /* [a] until accepted; no reference */
	uint64_t flights;		 /* [f] times it is in flight */
	struct list_node flying_link;	 /* [f] when flights > 0 */
	struct list flights_here;	 /* [f] rights for its queue */
	struct list_node holder_link;	 /* [f] when there are any */
	bool lost;			 /* [c] not found in reach */
	struct list_node lost_link;	 /* [c] */
	struct unix_socket *lost_ends;	 /* [c] to be accepted, with rights */
	struct unix_socket *lost_next;	 /* [c] the next of those */
	struct socket_credentials own;	 /* [l] at listen or connect */
	struct socket_credentials other; /* [l] SO_PEERCRED */
};

struct unix_packet {
	struct list_node link;
	struct unix_socket *sender; /* one reference */
	struct socket_control control;
	size_t size;
	size_t offset; /* bytes of a stream that were taken */
	bool peeked;   /* an empty one, with SO_PEEK_OFF */
	uint8_t data[];
};

static inline struct unix_socket *unix_of(struct socket *socket)
{
	return container_of(socket, struct unix_socket, socket);
}

static inline bool unix_is_connecting(const struct unix_socket *s)
{
	return s->socket.type != 2; /* all but datagrams */
}

/* --- unix.c ------------------------------------------------------------------
 */

/* One reference; NULL: no memory. */
struct unix_socket *unix_create(int type);
void unix_get(struct unix_socket *s);
void unix_put(struct unix_socket *s);
/* Ends it: wakes everybody, frees its queue, lets the peer know; drops the
 * caller's reference. */
void unix_close(struct unix_socket *s);
void unix_credentials_current(struct socket_credentials *out);
/* Takes the peer away; the caller gets its reference.  The lock is held. */
struct unix_socket *unix_detach_peer_locked(struct unix_socket *s);
/* The peer, referenced, or NULL. */
struct unix_socket *unix_peer(struct unix_socket *s);
void unix_wake_all(struct unix_socket *s);

/* --- connect.c
 * ----------------------------------------------------------------- */

int unix_connect(struct socket *socket, const struct socket_address *address,
		 bool nonblock);
int unix_listen(struct socket *socket, unsigned backlog);
int unix_accept(struct socket *socket, bool nonblock,
		struct socket **socket_out);
int unix_pair(struct socket *a, struct socket *b);

/* --- name.c
 * ---------------------------------------------------------------------- */

int unix_bind(struct socket *socket, const struct socket_address *address);
/* Gives one that passes credentials a name, when it has none. */
int unix_autobind(struct unix_socket *s);
/* The socket of a name, referenced: 0, -ECONNREFUSED, -EPROTOTYPE, or what
 * the path says. */
int unix_find(const struct socket_address *address, int type,
	      struct unix_socket **socket_out);
void unix_name_get(struct unix_name *name);
void unix_name_put(struct unix_name *name);
/* The socket goes: its name leads nowhere from here on. */
void unix_unbind(struct unix_socket *s);

/* --- packet.c
 * -------------------------------------------------------------------- */

/* Room for `size` bytes, charged to the sender; NULL: no memory. */
struct unix_packet *unix_packet_create(struct unix_socket *sender, size_t size);
/* Uncharges, drops what goes along.  No locks held: may sleep. */
void unix_packet_free(struct unix_packet *packet);
/* Moves files and credentials of the message into it; files fly to `to` from
 * here on.  -ETOOMANYREFS, -ENOMEM. */
int unix_packet_attach(struct unix_packet *packet,
		       struct socket_message *message, bool credentials,
		       struct unix_socket *to);

/* --- flight.c
 * -------------------------------------------------------------------- */

/* Counts the files of a message to `to`.  -ETOOMANYREFS: beyond the user's
 * RLIMIT_NOFILE; -ENOMEM. */
int unix_flight_begin(struct socket_rights *rights, struct unix_socket *to);
/* They are received or will be freed.  No effect on those that do not fly. */
void unix_flight_end(struct socket_rights *rights);
/* A copy of rights that stay in flight; NULL: no memory. */
struct socket_rights *unix_flight_peek(const struct socket_rights *rights);
/* The collector looks at no listener that was gone before this call. */
void unix_flight_barrier(void);
/* A socket was closed: time to look for those that nobody can receive.  No
 * locks held. */
void unix_flight_collect(void);

/* --- data.c
 * ---------------------------------------------------------------------- */

ssize_t unix_send(struct socket *socket, struct socket_message *message);
ssize_t unix_receive(struct socket *socket, struct socket_message *message);
bool unix_has_room(const struct unix_socket *s);
/* No datagram of `sender` has a place in its queue now. */
bool unix_is_full(const struct unix_socket *s,
		  const struct unix_socket *sender);
/* Frees unlinked packets.  No locks held. */
void unix_free_packets(struct list *packets);
