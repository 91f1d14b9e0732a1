/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Advisory locks.
 *
 * Each inode that was ever locked has a struct file_locks with three kinds of
 * locks in one list; kinds do not see each other.  An owner is a pointer: the
 * descriptor table (POSIX), the file (OFD, flock).  The locks of one owner and
 * kind never overlap and are joined where they touch (not flock: one, whole
 * file).
 *
 * A waiter sleeps on the inode's queue and looks again when something was
 * released.  Waiters for POSIX locks are in a global list, with whom they wait
 * for, so that a circle is found before it closes: EDEADLK.  Only waiting
 * takes that list's lock.
 *
 * Locks: file_locks.lock, then blocked_lock.  Bounds: memory; LOCKS_PER_INODE.
 */
#include <vfs/locks.h>

#include <fs/vfs/internal.h>
#include <lib/minmax.h>
#include <mm/slab.h>
#include <process/process.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>

#define LOCKS_PER_INODE 65536
#define CHAIN_MAX	64 /* owners that a search for a circle follows */

enum lock_kind { LOCK_POSIX, LOCK_OFD, LOCK_FLOCK };

struct lock {
	struct list_node link; /* [lock] */
	enum lock_kind kind;
	const void *owner;
	int type; /* UAPI_F_RDLCK or UAPI_F_WRLCK */
	int pid;
	int64_t start, end; /* end included */
};

struct file_locks {
	struct spinlock lock;
	struct list list;	/* [lock] by start within an owner and kind */
	unsigned count;		/* [lock] */
	struct wait_queue wait; /* something was released */
};

struct blocked {
	struct list_node link;
	const void *owner;
	const void *waits_for;
};

static struct spinlock blocked_lock = SPINLOCK_INIT("locks.blocked");
static struct list blocked = LIST_INITIALIZER(blocked); /* [blocked_lock] */

/* --- per inode
 * -------------------------------------------------------------------- */

static struct file_locks *get_locks(const struct inode *inode)
{
	return __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE);
}

static struct file_locks *make_locks(struct inode *inode)
{
	struct file_locks *locks = get_locks(inode);
	struct file_locks *none = NULL;

	if (locks != NULL) {
		return locks;
	}
	locks = kzalloc(sizeof(*locks));
	if (locks == NULL) {
		return NULL;
	}
	spinlock_init(&locks->lock, "file_locks");
	list_init(&locks->list);
	wait_queue_init(&locks->wait);
	if (!__atomic_compare_exchange_n(&inode->locks, &none, locks, false,
					 __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
		kfree(locks);
		return none;
	}
	return locks;
}

void locks_free_inode(struct inode *inode)
{
	kfree(inode->locks); /* who held one had the inode open */
}

/* --- conflicts
 * ----------------------------------------------------------------------- */

static bool overlaps(const struct lock *a, const struct lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static struct lock *find_conflict(struct file_locks *locks,
				  const struct lock *wanted)
{
	struct lock *lock;

	list_for_each (lock, &locks->list, link) {
		/* POSIX and OFD locks exclude each other. */
		bool same_world = (lock->kind == LOCK_FLOCK) ==
				  (wanted->kind == LOCK_FLOCK);

		if (same_world && lock->owner != wanted->owner &&
		    overlaps(lock, wanted) &&
		    (lock->type == UAPI_F_WRLCK ||
		     wanted->type == UAPI_F_WRLCK)) {
			return lock;
		}
	}
	return NULL;
}

/* --- ranges
 * ----------------------------------------------------------------------------
 */

/* Two locks that a change may need, allocated before the spinlock. */
struct spare {
	struct lock *locks[2];
};

static int spare_fill(struct spare *spare)
{
	for (unsigned i = 0; i < ARRAY_SIZE(spare->locks); i++) {
		if (spare->locks[i] == NULL) {
			spare->locks[i] = kzalloc(sizeof(struct lock));
		}
		if (spare->locks[i] == NULL) {
			return -ENOLCK;
		}
	}
	return 0;
}

static void spare_free(struct spare *spare)
{
	for (unsigned i = 0; i < ARRAY_SIZE(spare->locks); i++) {
		kfree(spare->locks[i]);
	}
}

static struct lock *spare_take(struct spare *spare)
{
	unsigned i = spare->locks[0] != NULL ? 0 : 1;
	struct lock *lock = spare->locks[i];

	spare->locks[i] = NULL;
	return lock;
}

static bool is_mine(const struct lock *lock, const struct lock *wanted)
{
	return lock->kind == wanted->kind && lock->owner == wanted->owner;
}

static void add_locked(struct file_locks *locks, struct lock *fresh,
		       const struct lock *from, int type, int64_t start,
		       int64_t end)
{
	*fresh = *from;
	list_node_init(&fresh->link);
	fresh->type = type;
	fresh->start = start;
	fresh->end = end;
	list_add_tail(&locks->list, &fresh->link);
	locks->count++;
}

static void remove_locked(struct file_locks *locks, struct lock *lock,
			  struct list *dropped)
{
	list_remove(&lock->link);
	list_add_tail(dropped, &lock->link);
	locks->count--;
}

/*
 * Cuts what the owner has out of [start, end] of `wanted`; an unequal rest
 * stays.  At most one lock is split, which takes a spare one.
 */
static void cut_locked(struct file_locks *locks, const struct lock *wanted,
		       struct spare *spare, struct list *dropped)
{
	struct lock *lock;
	struct lock *next;

	list_for_each_safe (lock, next, &locks->list, link) {
		if (!is_mine(lock, wanted) || !overlaps(lock, wanted)) {
			continue;
		}
		if (lock->start < wanted->start && lock->end > wanted->end) {
			add_locked(locks, spare_take(spare), lock, lock->type,
				   wanted->end + 1, lock->end);
			lock->end = wanted->start - 1;
			return;
		}
		if (lock->start < wanted->start) {
			lock->end = wanted->start - 1;
		} else if (lock->end > wanted->end) {
			lock->start = wanted->end + 1;
		} else {
			remove_locked(locks, lock, dropped);
		}
	}
}

/* The owner's locks of the same type that touch become one. */
static void join_locked(struct file_locks *locks, struct lock *fresh,
			struct list *dropped)
{
	struct lock *lock;
	struct lock *next;

	list_for_each_safe (lock, next, &locks->list, link) {
		if (lock == fresh || !is_mine(lock, fresh) ||
		    lock->type != fresh->type) {
			continue;
		}
		if (lock->end != INT64_MAX && lock->end + 1 == fresh->start) {
			fresh->start = lock->start;
		} else if (fresh->end != INT64_MAX &&
			   fresh->end + 1 == lock->start) {
			fresh->end = lock->end;
		} else {
			continue;
		}
		remove_locked(locks, lock, dropped);
	}
}

static void apply_locked(struct file_locks *locks, const struct lock *wanted,
			 struct spare *spare, struct list *dropped)
{
	struct lock *fresh;

	cut_locked(locks, wanted, spare, dropped);
	if (wanted->type == UAPI_F_UNLCK) {
		return;
	}
	fresh = spare_take(spare);
	add_locked(locks, fresh, wanted, wanted->type, wanted->start,
		   wanted->end);
	join_locked(locks, fresh, dropped);
}

static void free_dropped(struct list *dropped)
{
	struct lock *lock;

	while ((lock = list_first(dropped, struct lock, link)) != NULL) {
		list_remove(&lock->link);
		kfree(lock);
	}
}

/* --- waiting
 * ----------------------------------------------------------------------------
 */

static const void *waits_for_locked(const void *owner)
{
	struct blocked *entry;

	list_for_each (entry, &blocked, link) {
		if (entry->owner == owner) {
			return entry->waits_for;
		}
	}
	return NULL;
}

/* Enters the list of the blocked; -EDEADLK when that closes a circle. */
static int block(struct blocked *self, const struct lock *wanted,
		 const struct lock *conflict)
{
	const void *owner = conflict->owner;
	int err = 0;

	if (wanted->kind != LOCK_POSIX) {
		return 0;
	}
	self->owner = wanted->owner;
	self->waits_for = owner;
	spin_lock(&blocked_lock);
	for (unsigned i = 0; i < CHAIN_MAX && owner != NULL; i++) {
		if (owner == wanted->owner) {
			err = -EDEADLK;
			break;
		}
		owner = waits_for_locked(owner);
	}
	if (err == 0) {
		list_add_tail(&blocked, &self->link);
	}
	spin_unlock(&blocked_lock);
	return err;
}

static void unblock(struct blocked *self)
{
	if (!list_is_linked(&self->link)) {
		return;
	}
	spin_lock(&blocked_lock);
	list_remove(&self->link);
	spin_unlock(&blocked_lock);
}

/* Called and returns with the lock held: 0 when nothing is in the way. */
static int wait_locked(struct file_locks *locks, const struct lock *wanted,
		       bool wait)
{
	struct blocked self = {.owner = NULL};
	struct lock *conflict;
	int err = 0;

	while (err == 0 && (conflict = find_conflict(locks, wanted)) != NULL) {
		if (!wait) {
			return -EAGAIN;
		}
		err = block(&self, wanted, conflict);
		if (err < 0) {
			break;
		}
		if (wait_queue_sleep(&locks->wait, &locks->lock,
				     WAIT_INTERRUPTIBLE, WAIT_FOREVER) < 0) {
			err = -ERESTARTSYS;
		}
		unblock(&self);
	}
	return err;
}

static int change(struct inode *inode, const struct lock *wanted, bool wait)
{
	struct file_locks *locks = wanted->type == UAPI_F_UNLCK
					   ? get_locks(inode)
					   : make_locks(inode);
	struct spare spare = {{NULL, NULL}};
	struct list dropped;
	int err;

	if (locks == NULL) {
		return wanted->type == UAPI_F_UNLCK ? 0 : -ENOLCK;
	}
	list_init(&dropped);
	err = spare_fill(&spare);
	if (err < 0) {
		spare_free(&spare);
		return err;
	}
	spin_lock(&locks->lock);
	if (wanted->type != UAPI_F_UNLCK) {
		err = wait_locked(locks, wanted, wait);
		if (err == 0 && locks->count >= LOCKS_PER_INODE) {
			err = -ENOLCK;
		}
	}
	if (err == 0) {
		apply_locked(locks, wanted, &spare, &dropped);
	}
	spin_unlock(&locks->lock);
	/* An unlock, or a downgrade: somebody may go on. */
	if (err == 0 && !wait_queue_is_empty(&locks->wait)) {
		wait_queue_wake_all(&locks->wait);
	}
	free_dropped(&dropped);
	spare_free(&spare);
	return err;
}

/* --- fcntl
 * -------------------------------------------------------------------------------
 */

int locks_resolve(struct file *file, int whence, int64_t start, int64_t length,
		  struct file_lock *lock_out)
{
	int64_t base;

	switch (whence) {
	case UAPI_SEEK_SET:
		base = 0;
		break;
	case UAPI_SEEK_CUR:
		base = READ_ONCE(file->position);
		break;
	case UAPI_SEEK_END:
		base = file->inode == NULL
			       ? 0
			       : (int64_t)READ_ONCE(file->inode->cache.size);
		break;
	default:
		return -EINVAL;
	}
	if (start > INT64_MAX - base) {
		return -EOVERFLOW;
	}
	start += base;
	if (start < 0) {
		return -EINVAL;
	}
	if (length > 0) {
		if (length - 1 > INT64_MAX - start) {
			return -EOVERFLOW;
		}
		lock_out->start = start;
		lock_out->end = start + length - 1;
	} else if (length < 0) {
		if (start + length < 0) {
			return -EINVAL;
		}
		lock_out->start = start + length;
		lock_out->end = start - 1;
	} else {
		lock_out->start = start;
		lock_out->end = LOCKS_TO_END;
	}
	return 0;
}

static struct lock fcntl_lock(struct file *file, const struct file_lock *lock,
			      bool ofd)
{
	const struct process *process = process_current();

	return (struct lock){
		.kind = ofd ? LOCK_OFD : LOCK_POSIX,
		.owner = ofd ? (const void *)file
			     : (const void *)file_table_current(),
		.type = lock->type,
		.pid = ofd || process == NULL ? -1 : process->pid,
		.start = lock->start,
		.end = lock->end,
	};
}

static int check_type(const struct file *file, int type, bool set)
{
	switch (type) {
	case UAPI_F_RDLCK:
		return set && (file->mode & FILE_READ) == 0 ? -EBADF : 0;
	case UAPI_F_WRLCK:
		return set && (file->mode & FILE_WRITE) == 0 ? -EBADF : 0;
	case UAPI_F_UNLCK:
		return set ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

int locks_set(struct file *file, const struct file_lock *lock, bool ofd,
	      bool wait)
{
	struct lock wanted = fcntl_lock(file, lock, ofd);
	int err = check_type(file, lock->type, true);

	if (err < 0) {
		return err;
	}
	return file->inode == NULL ? -EINVAL
				   : change(file->inode, &wanted, wait);
}

int locks_get(struct file *file, struct file_lock *lock, bool ofd)
{
	struct lock wanted = fcntl_lock(file, lock, ofd);
	struct file_locks *locks;
	struct lock *conflict = NULL;
	int err = check_type(file, lock->type, false);

	if (err < 0) {
		return err;
	}
	locks = file->inode == NULL ? NULL : get_locks(file->inode);
	lock->type = UAPI_F_UNLCK;
	if (locks == NULL) {
		return 0;
	}
	spin_lock(&locks->lock);
	conflict = find_conflict(locks, &wanted);
	if (conflict != NULL) {
		lock->type = conflict->type;
		lock->start = conflict->start;
		lock->end = conflict->end;
		lock->pid = conflict->pid;
	}
	spin_unlock(&locks->lock);
	return 0;
}

/* --- flock
 * ----------------------------------------------------------------------------------
 */

/* A change of type first gives up the old lock, as on Linux. */
int locks_flock(struct file *file, int operation)
{
	struct lock wanted = {
		.kind = LOCK_FLOCK,
		.owner = file,
		.pid = process_current() == NULL ? -1 : process_current()->pid,
		.start = 0,
		.end = LOCKS_TO_END,
	};
	bool wait = (operation & UAPI_LOCK_NB) == 0;

	if (file->inode == NULL) {
		return -EINVAL;
	}
	switch (operation & ~UAPI_LOCK_NB) {
	case UAPI_LOCK_SH:
		wanted.type = UAPI_F_RDLCK;
		break;
	case UAPI_LOCK_EX:
		wanted.type = UAPI_F_WRLCK;
		break;
	case UAPI_LOCK_UN:
		wanted.type = UAPI_F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	return change(file->inode, &wanted, wait);
}

/* --- ends
 * -----------------------------------------------------------------------------------
 */

static void drop_owner(struct inode *inode, const void *owner, bool posix)
{
	struct file_locks *locks = get_locks(inode);
	struct list dropped;
	struct lock *lock;
	struct lock *next;

	if (locks == NULL) {
		return;
	}
	list_init(&dropped);
	spin_lock(&locks->lock);
	list_for_each_safe (lock, next, &locks->list, link) {
		if (lock->owner == owner &&
		    (lock->kind == LOCK_POSIX) == posix) {
			remove_locked(locks, lock, &dropped);
		}
	}
	spin_unlock(&locks->lock);
	if (!list_is_empty(&dropped)) {
		wait_queue_wake_all(&locks->wait);
		free_dropped(&dropped);
	}
}

void locks_close(struct file *file, struct file_table *owner)
{
	if (file->inode != NULL) {
		drop_owner(file->inode, owner, true);
	}
}

void locks_release(struct file *file)
{
	if (file->inode != NULL) {
		drop_owner(file->inode, file, false);
	}
}
