/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * futex(2): waiting, waking, requeueing.  Keys, priority inheritance, robust
 * lists and vectors have files of their own; futex.h explains the whole.
 *
 * A waiter lives on the waiting thread's stack.  Whoever takes it off its
 * queue stores NULL in waiter->bucket last, under the bucket's lock; from then
 * on the waiter may be gone, so the thread to wake was read before.
 */
#include "futex.h"

#include <linux/syscall.h>

#include <arch/frame.h>
#include <process/process.h>
#include <process/upcalls.h>
#include <sched/entity.h>
#include <sync/rcu.h>
#include <uapi/errno.h>

#include "timespec.h"

/* --- queues ------------------------------------------------------------------
 */

void futex_waiter_init(struct futex_waiter *waiter, const struct futex_key *key,
		       uint32_t bitset)
{
	struct thread *thread = thread_current();
	uint8_t priority = thread->sched.priority;

	list_node_init(&waiter->link);
	waiter->bucket = NULL;
	waiter->key = *key;
	waiter->thread = thread;
	waiter->bitset = bitset;
	waiter->priority =
		priority < SCHED_PRIORITY_FAIR ? priority : SCHED_PRIORITY_FAIR;
	waiter->realtime = false;
	waiter->pi = NULL;
}

/* Behind all that are as urgent: first come, first served. */
void futex_queue(struct futex_bucket *bucket, struct futex_waiter *waiter)
{
	struct futex_waiter *other;

	waiter->bucket = bucket;
	if (waiter->priority < SCHED_PRIORITY_FAIR) {
		list_for_each (other, &bucket->waiters, link) {
			if (other->priority > waiter->priority) {
				list_insert_before(&other->link, &waiter->link);
				return;
			}
		}
	}
	list_add_tail(&bucket->waiters, &waiter->link);
}

bool futex_unqueue(struct futex_waiter *waiter) NO_THREAD_SAFETY
{
	for (;;) {
		struct futex_bucket *bucket =
			__atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);

		if (bucket == NULL) {
			return false;
		}
		spin_lock(&bucket->lock);
		if (waiter->bucket == bucket) { /* was not requeued */
			list_remove(&waiter->link);
			waiter->bucket = NULL;
			spin_unlock(&bucket->lock);
			return true;
		}
		spin_unlock(&bucket->lock);
	}
}

void futex_take(struct futex_waiter *waiter, struct futex_batch *batch)
{
	if (batch->count == FUTEX_BATCH) {
		futex_batch_wake(batch); /* many: the lock waits for us */
	}
	list_remove(&waiter->link);
	batch->threads[batch->count++] = waiter->thread;
	__atomic_store_n(&waiter->bucket, NULL, __ATOMIC_RELEASE);
}

void futex_batch_wake(struct futex_batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++) {
		thread_wake(batch->threads[i]);
	}
	batch->count = 0;
}

/* --- waking ------------------------------------------------------------------
 */

/* Bucket locked.  Takes up to `wanted` waiters of the key: how many, or
 * -EINVAL: somebody there waits for a PI lock. */
static int collect(struct futex_bucket *bucket, const struct futex_key *key,
		   int wanted, uint32_t bitset, struct futex_batch *batch)
{
	struct futex_waiter *waiter;
	struct futex_waiter *next;
	int taken = 0;

	list_for_each_safe (waiter, next, &bucket->waiters, link) {
		if (!futex_key_equal(&waiter->key, key)) {
			continue;
		}
		if (waiter->pi != NULL) {
			return -EINVAL;
		}
		if ((waiter->bitset & bitset) == 0) {
			continue;
		}
		futex_take(waiter, batch);
		if (++taken >= wanted) { /* as Linux: 0 wakes one */
			break;
		}
	}
	return taken;
}

int futex_wake_key(const struct futex_key *key, int count, uint32_t bitset)
{
	struct futex_batch batch; /* large: only the count is set */
	struct futex_bucket *bucket;
	int result;

	batch.count = 0;
	rcu_read_lock();
	bucket = futex_lock_key(key);
	result = collect(bucket, key, count, bitset, &batch);
	spin_unlock(&bucket->lock);
	futex_batch_wake(&batch);
	rcu_read_unlock();
	return result;
}

static long wake(void USER *addr, bool shared, int count, uint32_t bitset)
{
	struct futex_key key;
	int err = futex_key(&key, addr, shared);

	if (err < 0) {
		return err;
	}
	return bitset == 0 ? -EINVAL : futex_wake_key(&key, count, bitset);
}

void futex_wake_address(uintptr_t address, unsigned count)
{
	struct futex_key private;
	struct futex_key shared;
	int most = (int)count;

	if (futex_key(&private, (void USER *)address, false) < 0) {
		return;
	}
	futex_wake_key(&private, most, UAPI_FUTEX_BITSET_ANY);
	if (futex_key(&shared, (void USER *)address, true) == 0 &&
	    !futex_key_equal(&private, &shared)) {
		futex_wake_key(&shared, most, UAPI_FUTEX_BITSET_ANY);
	}
}

static long wake_op(void USER *addr, void USER *addr2, bool shared, int count,
		    int count2, uint32_t encoded)
{
	struct futex_batch batch = {.count = 0};
	struct futex_bucket *bucket;
	struct futex_bucket *bucket2;
	struct futex_key key;
	struct futex_key key2;
	struct futex_op op;
	uint32_t old;
	int more;
	int result = futex_key(&key, addr, shared);

	if (result == 0) {
		result = futex_key(&key2, addr2, shared);
	}
	if (result == 0) {
		result = futex_op_decode(&op, encoded);
	}
	if (result < 0) {
		return result;
	}
	futex_lock_keys(&key, &key2, &bucket, &bucket2);
	while (futex_op_apply(&op, addr2, &old) < 0) {
		futex_unlock_buckets(bucket, bucket2);
		if (futex_fault_in(addr2, true) < 0) {
			return -EFAULT;
		}
		futex_lock_keys(&key, &key2, &bucket, &bucket2);
	}
	rcu_read_lock();
	result = collect(bucket, &key, count, UAPI_FUTEX_BITSET_ANY, &batch);
	if (result >= 0 && futex_op_compare(&op, old)) {
		more = collect(bucket2, &key2, count2, UAPI_FUTEX_BITSET_ANY,
			       &batch);
		result = more < 0 ? more : result + more;
	}
	futex_unlock_buckets(bucket, bucket2);
	futex_batch_wake(&batch);
	rcu_read_unlock();
	return result;
}

/* --- requeueing --------------------------------------------------------------
 */

static void move(struct futex_waiter *waiter, struct futex_bucket *to,
		 const struct futex_key *key)
{
	list_remove(&waiter->link);
	waiter->key = *key;
	futex_queue(to, waiter);
}

/* Both buckets locked.  Returns how many were woken or moved. */
static int wake_and_move(struct futex_bucket *from, struct futex_bucket *to,
			 const struct futex_key *key,
			 const struct futex_key *key2, int wake_count,
			 int move_count, struct futex_batch *batch)
{
	struct list moved = LIST_INITIALIZER(moved);
	struct futex_waiter *waiter;
	struct futex_waiter *next;
	int done = 0;
	int err = 0;

	list_for_each_safe (waiter, next, &from->waiters, link) {
		if (done >= wake_count + move_count) {
			break;
		}
		if (!futex_key_equal(&waiter->key, key)) {
			continue;
		}
		if (waiter->pi != NULL) {
			err = -EINVAL;
			break;
		}
		if (done < wake_count) {
			futex_take(waiter, batch);
		} else {
			list_move_tail(&moved, &waiter->link);
		}
		done++;
	}
	/* Apart from the loop: both words may share the bucket. */
	list_for_each_safe (waiter, next, &moved, link) {
		move(waiter, to, key2);
	}
	return done > 0 ? done : err;
}

static long requeue(void USER *addr, void USER *addr2, bool shared,
		    int wake_count, int move_count, const uint32_t *expected)
{
	struct futex_batch batch = {.count = 0};
	struct futex_bucket *bucket;
	struct futex_bucket *bucket2;
	struct futex_key key;
	struct futex_key key2;
	uint32_t value;
	int result;

	if (wake_count < 0 || move_count < 0) {
		return -EINVAL;
	}
	/* So that the sum does not overflow; there are no more threads. */
	wake_count = wake_count < PID_MAX ? wake_count : PID_MAX;
	move_count = move_count < PID_MAX ? move_count : PID_MAX;
	result = futex_key(&key, addr, shared);
	if (result == 0) {
		result = futex_key(&key2, addr2, shared);
	}
	if (result < 0) {
		return result;
	}
	futex_lock_keys(&key, &key2, &bucket, &bucket2);
	while (expected != NULL && futex_peek(&value, addr) < 0) {
		futex_unlock_buckets(bucket, bucket2);
		if (futex_fault_in(addr, false) < 0) {
			return -EFAULT;
		}
		futex_lock_keys(&key, &key2, &bucket, &bucket2);
	}
	if (expected != NULL && value != *expected) {
		futex_unlock_buckets(bucket, bucket2);
		return -EAGAIN;
	}
	rcu_read_lock();
	result = wake_and_move(bucket, bucket2, &key, &key2, wake_count,
			       move_count, &batch);
	futex_unlock_buckets(bucket, bucket2);
	futex_batch_wake(&batch);
	rcu_read_unlock();
	return result;
}

/* --- waiting -----------------------------------------------------------------
 */

uint64_t futex_deadline_ns(const struct futex_deadline *deadline)
{
	return deadline->realtime && deadline->ns != WAIT_FOREVER
		       ? deadline_of_realtime(deadline->ns)
		       : deadline->ns;
}

/*
 * Queues the waiter if the word has the value and announces the sleep.  0,
 * -EAGAIN, -EFAULT.
 */
static int queue_if(struct futex_waiter *waiter, void USER *addr,
		    uint32_t expected)
{
	struct futex_bucket *bucket = futex_lock_key(&waiter->key);
	uint32_t value;

	while (futex_peek(&value, addr) < 0) {
		spin_unlock(&bucket->lock);
		if (futex_fault_in(addr, false) < 0) {
			return -EFAULT;
		}
		bucket = futex_lock_key(&waiter->key);
	}
	if (value != expected) {
		spin_unlock(&bucket->lock);
		return -EAGAIN;
	}
	futex_queue(bucket, waiter);
	thread_prepare_sleep(true);
	spin_unlock(&bucket->lock);
	return 0;
}

static bool is_queued(const struct futex_waiter *waiter)
{
	return __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE) != NULL;
}

/* 0: woken; -EAGAIN, -EFAULT, -ETIMEDOUT, -EINTR. */
static int wait(void USER *addr, bool shared, uint32_t expected,
		const struct futex_deadline *deadline, uint32_t bitset)
{
	struct futex_waiter waiter;
	struct futex_key key;
	int err = futex_key(&key, addr, shared);

	if (err < 0) {
		return err;
	}
	futex_waiter_init(&waiter, &key, bitset);
	waiter.realtime = deadline->realtime;
	err = queue_if(&waiter, addr, expected);
	if (err < 0) {
		return err;
	}
	for (;;) {
		err = thread_sleep(futex_deadline_ns(deadline));
		if (!is_queued(&waiter)) {
			return 0;
		}
		if (err < 0) {
			return futex_unqueue(&waiter) ? err : 0;
		}
		thread_prepare_sleep(true); /* woken for something else */
		if (!is_queued(&waiter)) {
			thread_cancel_sleep();
			return 0;
		}
	}
}

static long restart_wait(void);

/* The result of an interrupted wait: the time that is left counts. */
static long wait_restartable(void USER *addr, bool shared, uint32_t expected,
			     const struct futex_deadline *deadline,
			     uint32_t bitset)
{
	struct thread_state_linux *own = &thread_current()->linux;
	long err;

	if (bitset == 0) {
		return -EINVAL;
	}
	err = wait(addr, shared, expected, deadline, bitset);
	if (err != -EINTR) {
		return err;
	}
	if (deadline->ns == WAIT_FOREVER) {
		return -ERESTARTSYS;
	}
	own->restart = restart_wait;
	own->restart_deadline_ns = deadline->ns;
	own->restart_clock = deadline->realtime;
	own->in_restart_block = true;
	return -ERESTART_RESTARTBLOCK;
}

/* The arguments are still in the registers; only the deadline is not. */
static long restart_wait(void)
{
	struct thread_state_linux *own = &thread_current()->linux;
	const struct trapframe *frame = frame_current();
	int operation = (int)frame_syscall_arg(frame, 1);
	struct futex_deadline deadline = {
		.realtime = own->restart_clock != 0,
		.ns = own->restart_deadline_ns,
	};
	uint32_t bitset = UAPI_FUTEX_BITSET_ANY;

	if ((operation & 127) == UAPI_FUTEX_WAIT_BITSET) {
		bitset = (uint32_t)frame_syscall_arg(frame, 5);
	}
	return wait_restartable((void USER *)frame_syscall_arg(frame, 0),
				(operation & UAPI_FUTEX_PRIVATE_FLAG) == 0,
				(uint32_t)frame_syscall_arg(frame, 2),
				&deadline, bitset);
}

/* Bucket locked. */
static void wake_realtime(struct futex_bucket *bucket)
{
	struct futex_waiter *waiter;

	list_for_each (waiter, &bucket->waiters, link) {
		if (waiter->realtime) {
			thread_wake(waiter->thread); /* stays queued */
		}
	}
	futex_pi_clock_stepped(bucket);
}

void futex_clock_stepped(void)
{
	futex_for_each_bucket(wake_realtime);
}

/* --- the system call ---------------------------------------------------------
 */

static bool has_timeout(int command)
{
	return command == UAPI_FUTEX_WAIT ||
	       command == UAPI_FUTEX_WAIT_BITSET ||
	       command == UAPI_FUTEX_LOCK_PI ||
	       command == UAPI_FUTEX_LOCK_PI2 ||
	       command == UAPI_FUTEX_WAIT_REQUEUE_PI;
}

static int get_deadline(struct futex_deadline *deadline, int command,
			bool realtime, const void USER *timeout)
{
	uint64_t ns;
	int err;

	deadline->realtime = realtime;
	deadline->ns = WAIT_FOREVER;
	if (timeout == NULL || !has_timeout(command)) {
		return 0;
	}
	err = timespec_get_ns(&ns, timeout);
	if (err < 0) {
		return err;
	}
	deadline->ns = ns;
	if (command == UAPI_FUTEX_WAIT) { /* relative: steps do not matter */
		deadline->ns = deadline_after(ns);
		deadline->realtime = false;
	}
	return 0;
}

static bool takes_clock(int command)
{
	return command == UAPI_FUTEX_WAIT_BITSET ||
	       command == UAPI_FUTEX_WAIT_REQUEUE_PI ||
	       command == UAPI_FUTEX_LOCK_PI2;
}

long sys_futex(void USER *addr, int operation, uint32_t value,
	       unsigned long timeout, void USER *addr2, uint32_t value3)
{
	bool shared = (operation & UAPI_FUTEX_PRIVATE_FLAG) == 0;
	bool realtime = (operation & UAPI_FUTEX_CLOCK_REALTIME) != 0;
	int command = operation &
		      ~(UAPI_FUTEX_PRIVATE_FLAG | UAPI_FUTEX_CLOCK_REALTIME);
	struct futex_deadline deadline;
	int count = (int)value;
	int count2 = (int)timeout;
	int err;

	if (realtime && !takes_clock(command)) {
		return -ENOSYS;
	}
	err = get_deadline(&deadline, command,
			   realtime || command == UAPI_FUTEX_LOCK_PI,
			   (const void USER *)timeout);
	if (err < 0) {
		return err;
	}
	switch (command) {
	case UAPI_FUTEX_WAIT:
		return wait_restartable(addr, shared, value, &deadline,
					UAPI_FUTEX_BITSET_ANY);
	case UAPI_FUTEX_WAIT_BITSET:
		return wait_restartable(addr, shared, value, &deadline, value3);
	case UAPI_FUTEX_WAKE:
		return wake(addr, shared, count, UAPI_FUTEX_BITSET_ANY);
	case UAPI_FUTEX_WAKE_BITSET:
		return wake(addr, shared, count, value3);
	case UAPI_FUTEX_REQUEUE:
		return requeue(addr, addr2, shared, count, count2, NULL);
	case UAPI_FUTEX_CMP_REQUEUE:
		return requeue(addr, addr2, shared, count, count2, &value3);
	case UAPI_FUTEX_WAKE_OP:
		return wake_op(addr, addr2, shared, count, count2, value3);
	case UAPI_FUTEX_LOCK_PI:
	case UAPI_FUTEX_LOCK_PI2:
		return futex_lock_pi(addr, shared, false, &deadline);
	case UAPI_FUTEX_TRYLOCK_PI:
		return futex_lock_pi(addr, shared, true, &deadline);
	case UAPI_FUTEX_UNLOCK_PI:
		return futex_unlock_pi(addr, shared);
	case UAPI_FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(addr, shared, value, &deadline,
					     UAPI_FUTEX_BITSET_ANY, addr2);
	case UAPI_FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(addr, addr2, shared, count, count2,
					    value3);
	default:
		return -ENOSYS;
	}
}
