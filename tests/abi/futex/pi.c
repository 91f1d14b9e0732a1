/* SPDX-License-Identifier: BSD-3-Clause */
/* Priority-inheriting futexes. */
#include "abi_test.h"
#include "futex/futex.h"

#include <sched.h>
#include <string.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static long lock_pi(uint32_t *word, const struct timespec *until)
{
	return futex(word, FUTEX_LOCK_PI | P, 0, until, NULL, 0);
}

static long unlock_pi(uint32_t *word)
{
	return futex(word, FUTEX_UNLOCK_PI | P, 0, NULL, NULL, 0);
}

ABI_CASE(pi_uncontended)
{
	uint32_t word = 0;
	OK(lock_pi(&word, NULL));
	CHECK_EQ(word, abi_gettid());
	CHECK_ERRNO(lock_pi(&word, NULL), EDEADLK);
	CHECK_ERRNO(futex(&word, FUTEX_TRYLOCK_PI | P, 0, NULL, NULL, 0),
		    EDEADLK);
	OK(unlock_pi(&word));
	CHECK_EQ(word, 0);
	CHECK_ERRNO(unlock_pi(&word), EPERM);
	OK(futex(&word, FUTEX_TRYLOCK_PI | P, 0, NULL, NULL, 0));
	CHECK_EQ(word, abi_gettid());
	OK(unlock_pi(&word));
	OK(futex(&word, FUTEX_LOCK_PI2 | P, 0, NULL, NULL, 0));
	OK(unlock_pi(&word));
}

ABI_CASE(pi_bad_words)
{
	uint32_t word;
	CHECK_ERRNO(lock_pi(abi_bad[1], NULL), EFAULT);
	CHECK_ERRNO(unlock_pi(abi_bad[0]), EFAULT);
	CHECK_ERRNO(lock_pi((void *)((char *)&word + 1), NULL), EINVAL);
	/* An owner that does not exist. */
	word = 0x3ffffff;
	CHECK_ERRNO(lock_pi(&word, NULL), ESRCH);
	CHECK_EQ(word & FUTEX_TID_MASK, 0x3ffffff);
	/* Somebody else's. */
	word = abi_gettid() + 1;
	CHECK_ERRNO(unlock_pi(&word), EPERM);
}

struct owner {
	uint32_t word;
	atomic_int held;
	atomic_int release;
	volatile pid_t tid;
	long result;
	int error;
	struct timespec *until;
	int op;
};

static void *hold(void *arg)
{
	struct owner *o = arg;
	OK(lock_pi(&o->word, NULL));
	atomic_store(&o->held, 1);
	while (!atomic_load(&o->release)) {
		abi_sleep_ms(1);
	}
	OK(unlock_pi(&o->word));
	return NULL;
}

static pthread_t start_holder(struct owner *o)
{
	pthread_t thread = abi_thread(hold, o);
	while (!atomic_load(&o->held)) {
		abi_sleep_ms(1);
	}
	return thread;
}

ABI_CASE(pi_trylock_of_a_held_lock)
{
	struct owner o = {0};
	pthread_t thread = start_holder(&o);
	CHECK_ERRNO(futex(&o.word, FUTEX_TRYLOCK_PI | P, 0, NULL, NULL, 0),
		    EAGAIN);
	CHECK_ERRNO(unlock_pi(&o.word), EPERM);
	atomic_store(&o.release, 1);
	abi_join(thread);
}

ABI_CASE(pi_timeouts)
{
	struct owner o = {0};
	pthread_t thread = start_holder(&o);
	/* LOCK_PI counts on CLOCK_REALTIME, LOCK_PI2 on the monotonic one. */
	int64_t before = abi_now();
	struct timespec until = after_ms(CLOCK_REALTIME, 20);
	CHECK_ERRNO(lock_pi(&o.word, &until), ETIMEDOUT);
	CHECK(abi_now() - before > 15000000);
	until = after_ms(CLOCK_MONOTONIC, 20);
	CHECK_ERRNO(futex(&o.word, FUTEX_LOCK_PI2 | P, 0, &until, NULL, 0),
		    ETIMEDOUT);
	until.tv_nsec = -1;
	CHECK_ERRNO(lock_pi(&o.word, &until), EINVAL);
	CHECK_ERRNO(lock_pi(&o.word, abi_bad[2]), EFAULT);
	CHECK(o.word & FUTEX_TID_MASK);
	atomic_store(&o.release, 1);
	abi_join(thread);
	CHECK_EQ(o.word & FUTEX_TID_MASK, 0);
}

static void *take_over(void *arg)
{
	struct owner *o = arg;
	o->tid = abi_gettid();
	OK(lock_pi(&o->word, NULL));
	o->result = o->word & FUTEX_TID_MASK;
	OK(unlock_pi(&o->word));
	return NULL;
}

ABI_CASE(pi_handover)
{
	struct owner o = {0};
	OK(lock_pi(&o.word, NULL));
	pthread_t thread = abi_thread(take_over, &o);
	abi_wait_sleeping(&o.tid);
	CHECK_EQ(o.word, abi_gettid() | FUTEX_WAITERS);
	OK(unlock_pi(&o.word));
	abi_join(thread);
	CHECK_EQ(o.result, o.tid);
	CHECK_EQ(o.word & FUTEX_TID_MASK, 0);
}

static void *abandon(void *arg)
{
	struct owner *o = arg;
	OK(lock_pi(&o->word, NULL));
	atomic_store(&o->held, 1);
	while (!atomic_load(&o->release)) {
		abi_sleep_ms(1);
	}
	return NULL;
}

ABI_CASE(pi_owner_dies_with_waiter)
{
	/* Without a robust list too: the kernel knows who holds it. */
	struct owner o = {0};
	pthread_t owner = abi_thread(abandon, &o);
	while (!atomic_load(&o.held)) {
		abi_sleep_ms(1);
	}
	pthread_t waiter = abi_thread(take_over, &o);
	abi_wait_sleeping(&o.tid);
	atomic_store(&o.release, 1);
	abi_join(owner);
	abi_join(waiter);
	CHECK_EQ(o.result, o.tid);
}

static struct {
	uint32_t locks[2];
	volatile pid_t tid;
	long result;
	int error;
} cross;

static void *cross_lock(void *arg)
{
	OK(lock_pi(&cross.locks[1], NULL));
	cross.tid = abi_gettid();
	cross.result = lock_pi(&cross.locks[0], NULL);
	cross.error = errno;
	if (cross.result == 0) {
		OK(unlock_pi(&cross.locks[0]));
	}
	OK(unlock_pi(&cross.locks[1]));
	return arg;
}

ABI_CASE(pi_circle_is_a_deadlock)
{
	memset(&cross, 0, sizeof(cross));
	OK(lock_pi(&cross.locks[0], NULL));
	pthread_t thread = abi_thread(cross_lock, NULL);
	abi_wait_sleeping(&cross.tid);
	CHECK_ERRNO(lock_pi(&cross.locks[1], NULL), EDEADLK);
	OK(unlock_pi(&cross.locks[0]));
	abi_join(thread);
	CHECK_EQ(cross.result, 0);
}

static struct {
	uint32_t cond;
	uint32_t lock;
	volatile pid_t tid;
	long result;
	uint32_t owner;
} moved;

static void *wait_requeue_pi(void *arg)
{
	moved.tid = abi_gettid();
	moved.result = futex(&moved.cond, FUTEX_WAIT_REQUEUE_PI | P, 0, NULL,
			     &moved.lock, 0);
	moved.owner = moved.lock & FUTEX_TID_MASK;
	if (moved.result == 0) {
		OK(unlock_pi(&moved.lock));
	}
	return arg;
}

ABI_CASE(pi_requeue_to_a_free_lock)
{
	memset(&moved, 0, sizeof(moved));
	pthread_t thread = abi_thread(wait_requeue_pi, NULL);
	abi_wait_sleeping(&moved.tid);
	CHECK_EQ(futex(&moved.cond, FUTEX_CMP_REQUEUE_PI | P, 1, (void *)5L,
		       &moved.lock, 0),
		 1);
	abi_join(thread);
	CHECK_EQ(moved.result, 0);
	CHECK_EQ(moved.owner, moved.tid);
}

ABI_CASE(pi_requeue_to_a_held_lock)
{
	memset(&moved, 0, sizeof(moved));
	OK(lock_pi(&moved.lock, NULL));
	pthread_t thread = abi_thread(wait_requeue_pi, NULL);
	abi_wait_sleeping(&moved.tid);
	CHECK_EQ(futex(&moved.cond, FUTEX_CMP_REQUEUE_PI | P, 1, (void *)5L,
		       &moved.lock, 0),
		 1);
	abi_sleep_ms(5);
	CHECK_EQ(moved.owner, 0);
	OK(unlock_pi(&moved.lock));
	abi_join(thread);
	CHECK_EQ(moved.result, 0);
	CHECK_EQ(moved.owner, moved.tid);
}

ABI_CASE(pi_requeue_errors)
{
	uint32_t words[2] = {0, 0};
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE_PI | P, 2, (void *)1L,
			  &words[1], 0),
		    EINVAL);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE_PI | P, 1, (void *)1L,
			  &words[0], 0),
		    EINVAL);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE_PI | P, 1, (void *)1L,
			  &words[1], 9),
		    EAGAIN);
	CHECK_ERRNO(futex(&words[0], FUTEX_WAIT_REQUEUE_PI | P, 0, NULL,
			  &words[0], 0),
		    EINVAL);
	CHECK_ERRNO(futex(&words[0], FUTEX_WAIT_REQUEUE_PI | P, 1, NULL,
			  &words[1], 0),
		    EAGAIN);
}

static void on_signal(int sig)
{
	(void)sig;
}

ABI_CASE(pi_lock_is_restarted_after_a_signal)
{
	struct owner o = {0};
	OK(lock_pi(&o.word, NULL));
	abi_handler(SIGUSR1, on_signal, 0);
	pthread_t thread = abi_thread(take_over, &o);
	abi_wait_sleeping(&o.tid);
	OK0(pthread_kill(thread, SIGUSR1));
	abi_sleep_ms(5);
	OK(unlock_pi(&o.word));
	abi_join(thread);
	CHECK_EQ(o.result, o.tid);
}

struct pi_race {
	pthread_mutex_t mutex;
	volatile long counter;
};

static void *count_locked(void *arg)
{
	struct pi_race *race = arg;
	for (int i = 0; i < 2000; i++) {
		OK0(pthread_mutex_lock(&race->mutex));
		long value = race->counter;
		if (i % 32 == 0) {
			sched_yield();
		}
		race->counter = value + 1;
		OK0(pthread_mutex_unlock(&race->mutex));
	}
	return NULL;
}

ABI_CASE(pi_mutex_race)
{
	struct pi_race race = {0};
	pthread_t threads[4];
	pthread_mutexattr_t attr;
	OK0(pthread_mutexattr_init(&attr));
	OK0(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	OK0(pthread_mutex_init(&race.mutex, &attr));
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(count_locked, &race);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(race.counter, 8000);
}
