/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Files in flight: counted for each user, and sockets among them collected
 * when nobody can receive them any more.
 *
 * 1. From the send to the end (received, or freed with their packet) files
 *    fly: their rights are on the list of the socket whose queue they are in
 *    or on the way to, and each socket among them counts how often it flies.
 * 2. A flying socket whose file has no other references than those is open
 *    nowhere.  It is in reach when it flies to a socket that is open, or
 *    that is in reach itself.  An end that was not accepted yet belongs to its
 *    listener.  All others are garbage: their rights are taken out of their
 *    queues, which closes them.
 * 3. All changes of who flies where, and all references that are made from
 *    flying ones (peeking), are made under flight_lock, which the collector
 *    holds while it looks: a socket that is open nowhere cannot get open, and
 *    garbage stays garbage after the lock was released.
 * 4. unix_flight_collect() is called when a socket was closed, and does its
 *    work when there were calls in proportion to what flies: the cost of each
 *    is bounded, and so is the garbage.
 *
 * Locks: flight_lock inside of the sockets' mutexes; users_lock is innermost.
 * Key: [f] flight_lock, [u] users_lock, [a] atomic, [c] the collector's.
 */
#include "internal.h"

#include <lib/hash.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/rlimit.h>
#include <uapi/errno.h>
#include <uapi/socket.h>
#include <vfs/file.h>

#define USER_BITS      6
#define CALLS_PER_LOOK 32   /* at least one call for so many that fly */
#define SEND_THRESHOLD 2048 /* sends count as calls when more fly */

struct unix_user {
	struct list_node link; /* [u] */
	uint32_t uid;	       /* [I] */
	uint64_t flying;       /* [u] files; 0: it goes */
};

static struct mutex flight_lock = MUTEX_INIT(flight_lock, "unix.flight");
static struct list flying = LIST_INITIALIZER(flying);	/* [f] sockets */
static struct list holders = LIST_INITIALIZER(holders); /* [f] with rights */
static uint32_t flying_count; /* [a] written under flight_lock */
static uint32_t calls;	      /* [a] since the last look */
static bool collecting;	      /* [f] */

static struct spinlock users_lock = SPINLOCK_INIT("unix.users");
static struct list users[1u << USER_BITS]; /* [u] not initialised: unused */

/* --- the count of each user
 * --------------------------------------------------------------------- */

static struct list *bucket_of(uint32_t uid)
{
	struct list *bucket = &users[hash_u64(uid, USER_BITS)];

	if (bucket->head.next == NULL) {
		list_init(bucket);
	}
	return bucket;
}

static struct unix_user *find_user(uint32_t uid)
{
	struct unix_user *user;

	list_for_each (user, bucket_of(uid), link) {
		if (user->uid == uid) {
			return user;
		}
	}
	return NULL;
}

/* As on Linux: the limit is looked at before, not after. */
static int user_charge(struct socket_rights *rights)
{
	uint64_t limit = rlimit_current(RLIMIT_NOFILE);
	bool bounded = !credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE) &&
		       !credentials_capable(CREDENTIALS_CAP_SYS_ADMIN);
	struct unix_user *fresh = kzalloc(sizeof(*fresh));
	struct unix_user *user;
	struct credentials own;
	int err = 0;

	if (fresh == NULL) {
		return -ENOMEM;
	}
	credentials_current(&own);
	fresh->uid = own.uid;
	spin_lock(&users_lock);
	user = find_user(own.uid);
	if (user == NULL) {
		user = fresh;
		fresh = NULL;
		list_add_head(bucket_of(own.uid), &user->link);
	}
	if (bounded && user->flying > limit) {
		err = -ETOOMANYREFS;
	} else {
		user->flying += rights->count;
		rights->flight.user = user;
	}
	spin_unlock(&users_lock);
	kfree(fresh);
	return err;
}

static void user_uncharge(struct socket_rights *rights)
{
	struct unix_user *user = rights->flight.user;
	bool last;

	rights->flight.user = NULL;
	spin_lock(&users_lock);
	user->flying -= rights->count;
	last = user->flying == 0;
	if (last) {
		list_remove(&user->link);
	}
	spin_unlock(&users_lock);
	if (last) {
		kfree(user);
	}
}

/* --- who flies where
 * --------------------------------------------------------------------- */

/* The socket of AF_UNIX that the file is, or NULL. */
static struct unix_socket *unix_of_file(const struct file *file)
{
	struct socket *socket = file == NULL ? NULL : socket_of(file);

	return socket != NULL && socket->family == UAPI_AF_UNIX
		       ? unix_of(socket)
		       : NULL;
}

static bool has_sockets(const struct socket_rights *rights)
{
	for (unsigned i = 0; i < rights->count; i++) {
		if (unix_of_file(rights->files[i]) != NULL) {
			return true;
		}
	}
	return false;
}

static void set_flying_count(uint32_t count)
{
	__atomic_store_n(&flying_count, count, __ATOMIC_RELAXED);
}

static void take_off_locked(struct unix_socket *s)
{
	if (s->flights++ == 0) {
		list_add_tail(&flying, &s->flying_link);
		set_flying_count(flying_count + 1);
	}
}

static void land_locked(struct unix_socket *s)
{
	if (--s->flights == 0) {
		list_remove(&s->flying_link);
		set_flying_count(flying_count - 1);
	}
}

int unix_flight_begin(struct socket_rights *rights, struct unix_socket *to)
{
	int err = user_charge(rights);

	if (err < 0 || !has_sockets(rights)) {
		return err;
	}
	mutex_lock(&flight_lock);
	for (unsigned i = 0; i < rights->count; i++) {
		struct unix_socket *s = unix_of_file(rights->files[i]);

		if (s != NULL) {
			take_off_locked(s);
		}
	}
	if (list_is_empty(&to->flights_here)) {
		list_add_tail(&holders, &to->holder_link);
	}
	list_add_tail(&to->flights_here, &rights->flight.link);
	rights->flight.to = &to->socket;
	mutex_unlock(&flight_lock);
	if (READ_ONCE(flying_count) > SEND_THRESHOLD) {
		unix_flight_collect();
	}
	return 0;
}

void unix_flight_end(struct socket_rights *rights)
{
	struct unix_socket *to;

	if (rights == NULL || rights->flight.user == NULL) {
		return;
	}
	user_uncharge(rights);
	if (rights->flight.to == NULL) {
		return;
	}
	to = unix_of(rights->flight.to);
	rights->flight.to = NULL;
	mutex_lock(&flight_lock);
	list_remove(&rights->flight.link);
	if (list_is_empty(&to->flights_here)) {
		list_remove(&to->holder_link);
	}
	for (unsigned i = 0; i < rights->count; i++) {
		struct unix_socket *s = unix_of_file(rights->files[i]);

		if (s != NULL) {
			land_locked(s);
		}
	}
	mutex_unlock(&flight_lock);
}

struct socket_rights *unix_flight_peek(const struct socket_rights *rights)
{
	struct socket_rights *copy;

	if (rights->flight.to == NULL) {
		return socket_rights_clone(rights);
	}
	mutex_lock(&flight_lock);
	copy = socket_rights_clone(rights);
	mutex_unlock(&flight_lock);
	return copy;
}

void unix_flight_barrier(void)
{
	mutex_lock(&flight_lock);
	mutex_unlock(&flight_lock);
}

/* --- the collector
 * --------------------------------------------------------------------- */

/* Nothing but flights refers to its file; flight_lock held. */
static bool open_nowhere(const struct unix_socket *s)
{
	return refcount_read(&s->socket.file->refs) == s->flights;
}

/* Who can receive what is in the queue: an end that waits to be accepted is
 * its listener's.  The listener lives: see unix_flight_barrier(). */
static struct unix_socket *owner_of(struct unix_socket *holder)
{
	struct unix_socket *listener =
		__atomic_load_n(&holder->listener, __ATOMIC_ACQUIRE);

	return listener == NULL ? holder : listener;
}

/* What flies to the holder is in reach; those found first are put on `found`.
 */
static void reach(struct unix_socket *holder, struct list *found)
{
	struct socket_rights *rights;

	list_for_each (rights, &holder->flights_here, flight.link) {
		for (unsigned i = 0; i < rights->count; i++) {
			struct unix_socket *s = unix_of_file(rights->files[i]);

			if (s != NULL && s->lost) {
				s->lost = false;
				list_remove(&s->lost_link);
				list_add_tail(found, &s->lost_link);
			}
		}
	}
}

static void reach_through(struct unix_socket *s, struct list *found)
{
	reach(s, found);
	for (struct unix_socket *end = s->lost_ends; end != NULL;
	     end = end->lost_next) {
		reach(end, found);
	}
}

/* All that nobody has open and nobody can receive; flight_lock held. */
static void find_garbage_locked(struct list *garbage)
{
	struct unix_socket *s;
	struct list_node *node;
	struct list found;

	list_init(&found);
	list_for_each (s, &flying, flying_link) {
		s->lost_ends = NULL;
		s->lost = open_nowhere(s);
		if (s->lost) {
			list_add_tail(garbage, &s->lost_link);
		}
	}
	list_for_each (s, &holders, holder_link) {
		struct unix_socket *owner = owner_of(s);

		if (owner->flights == 0 || !owner->lost) {
			reach(s, &found);
		} else if (owner != s) {
			s->lost_next = owner->lost_ends;
			owner->lost_ends = s;
		}
	}
	while ((node = list_pop_head(&found)) != NULL) {
		reach_through(list_entry(node, struct unix_socket, lost_link),
			      &found);
	}
}

/* Takes the files out of a queue. */
static void strip(struct unix_socket *s, struct list *stripped)
{
	struct unix_packet *packet;
	struct unix_socket *end;

	mutex_lock(&s->lock);
	list_for_each (packet, &s->packets, link) {
		if (packet->control.rights != NULL) {
			list_add_tail(stripped, &packet->control.rights->link);
			packet->control.rights = NULL;
		}
	}
	list_for_each (end, &s->pending, pending_link) {
		strip(end, stripped); /* once: ends have none */
	}
	mutex_unlock(&s->lock);
}

static void sweep(struct list *garbage)
{
	struct socket_rights *rights;
	struct list_node *node;
	struct list stripped;

	list_init(&stripped);
	while ((node = list_pop_head(garbage)) != NULL) {
		struct unix_socket *s =
			list_entry(node, struct unix_socket, lost_link);

		strip(s, &stripped);
		unix_put(s);
	}
	/* Freeing one frees sockets that others fly to. */
	list_for_each (rights, &stripped, link) {
		unix_flight_end(rights);
	}
	while ((node = list_pop_head(&stripped)) != NULL) {
		socket_rights_destroy(
			list_entry(node, struct socket_rights, link));
	}
}

void unix_flight_collect(void)
{
	struct list garbage;
	struct unix_socket *s;

	if (READ_ONCE(flying_count) == 0 ||
	    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) <
		    READ_ONCE(flying_count) / CALLS_PER_LOOK) {
		return;
	}
	list_init(&garbage);
	mutex_lock(&flight_lock);
	if (collecting) {
		mutex_unlock(&flight_lock);
		return;
	}
	collecting = true;
	__atomic_store_n(&calls, 0, __ATOMIC_RELAXED);
	find_garbage_locked(&garbage);
	list_for_each (s, &garbage, lost_link) {
		unix_get(s);
	}
	mutex_unlock(&flight_lock);
	sweep(&garbage);
	mutex_lock(&flight_lock);
	collecting = false;
	mutex_unlock(&flight_lock);
}
