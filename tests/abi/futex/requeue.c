/* SPDX-License-Identifier: BSD-3-Clause */
/* FUTEX_REQUEUE, CMP_REQUEUE and futex_waitv. */
#include "abi_test.h"
#include "futex/futex.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct vector_entry {
	uint64_t value;
	uint64_t address;
	uint32_t flags;
	uint32_t reserved;
};

#define SIZE_32 2

struct waiter {
	uint32_t *word;
	volatile pid_t tid;
	long result;
	pthread_t thread;
};

static void *wait_on(void *arg)
{
	struct waiter *w = arg;
	w->tid = abi_gettid();
	w->result = futex_wait(w->word, 0, NULL);
	return NULL;
}

static void start_waiters(struct waiter *w, int count, uint32_t *word)
{
	for (int i = 0; i < count; i++) {
		w[i] = (struct waiter){.word = word};
		w[i].thread = abi_thread(wait_on, &w[i]);
		abi_wait_sleeping(&w[i].tid);
	}
}

static void join_waiters(struct waiter *w, int count)
{
	for (int i = 0; i < count; i++) {
		abi_join(w[i].thread);
		CHECK_EQ(w[i].result, 0);
	}
}

ABI_CASE(requeue_moves_waiters)
{
	struct waiter w[5];
	uint32_t words[2] = {0, 0};
	start_waiters(w, 5, &words[0]);
	/* Wake 1, move 2: the result counts all three. */
	CHECK_EQ(futex(&words[0], FUTEX_REQUEUE | P, 1, (void *)2L, &words[1],
		       0),
		 3);
	CHECK_EQ(futex_wake(&words[1], 10), 2);
	CHECK_EQ(futex_wake(&words[0], 10), 2);
	join_waiters(w, 5);
}

ABI_CASE(cmp_requeue_counts_both)
{
	struct waiter w[5];
	uint32_t words[2] = {0, 0};
	start_waiters(w, 5, &words[0]);
	CHECK_EQ(futex(&words[0], FUTEX_CMP_REQUEUE | P, 1, (void *)2L,
		       &words[1], 0),
		 3);
	CHECK_EQ(futex_wake(&words[1], 10), 2);
	CHECK_EQ(futex_wake(&words[0], 10), 2);
	join_waiters(w, 5);
}

ABI_CASE(cmp_requeue_value_differs)
{
	uint32_t words[2] = {7, 0};
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE | P, 1, (void *)1L,
			  &words[1], 6),
		    EAGAIN);
}

ABI_CASE(requeue_errors)
{
	uint32_t words[2] = {0, 0};
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE | P, -1, (void *)1L,
			  &words[1], 0),
		    EINVAL);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE | P, 1, (void *)-1L,
			  &words[1], 0),
		    EINVAL);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE | P, 1, (void *)1L,
			  (char *)&words[1] + 1, 0),
		    EINVAL);
	CHECK_ERRNO(futex(abi_bad[1], FUTEX_CMP_REQUEUE | P, 1, (void *)1L,
			  &words[1], 0),
		    EFAULT);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE | P, 1, (void *)1L,
			  abi_bad[4], 0),
		    EFAULT);
}

ABI_CASE(requeue_to_itself)
{
	struct waiter w[2];
	uint32_t word = 0;
	start_waiters(w, 2, &word);
	CHECK_EQ(futex(&word, FUTEX_CMP_REQUEUE | P, 0, (void *)5L, &word, 0),
		 2);
	CHECK_EQ(futex_wake(&word, 5), 2);
	join_waiters(w, 2);
}

ABI_CASE(requeued_waiter_can_time_out)
{
	/* A waiter that was moved is found where it is now. */
	struct waiter w;
	uint32_t words[3] = {0, 0, 0};
	start_waiters(&w, 1, &words[0]);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(futex(&words[i % 2], FUTEX_CMP_REQUEUE | P, 0,
			       (void *)1L, &words[(i + 1) % 2], 0),
			 1);
	}
	CHECK_EQ(futex_wake(&words[1], 1), 0);
	CHECK_EQ(futex_wake(&words[0], 1), 1);
	join_waiters(&w, 1);
}

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int turn;
	int woken;
} gate;

static void *pass_gate(void *arg)
{
	int seen = 0;
	for (int round = 0; round < 50; round++) {
		OK0(pthread_mutex_lock(&gate.mutex));
		while (gate.turn == seen) {
			OK0(pthread_cond_wait(&gate.cond, &gate.mutex));
		}
		seen = gate.turn;
		gate.woken++;
		OK0(pthread_mutex_unlock(&gate.mutex));
	}
	return arg;
}

ABI_CASE(condition_broadcast_loses_nobody)
{
	pthread_t threads[8];
	OK0(pthread_mutex_init(&gate.mutex, NULL));
	OK0(pthread_cond_init(&gate.cond, NULL));
	gate.turn = 0;
	gate.woken = 0;
	for (int i = 0; i < 8; i++) {
		threads[i] = abi_thread(pass_gate, NULL);
	}
	for (int round = 1; round <= 50; round++) {
		OK0(pthread_mutex_lock(&gate.mutex));
		gate.turn = round;
		OK0(pthread_cond_broadcast(&gate.cond));
		OK0(pthread_mutex_unlock(&gate.mutex));
		for (;;) {
			OK0(pthread_mutex_lock(&gate.mutex));
			int woken = gate.woken;
			OK0(pthread_mutex_unlock(&gate.mutex));
			if (woken == 8 * round) {
				break;
			}
			sched_yield();
		}
	}
	for (int i = 0; i < 8; i++) {
		abi_join(threads[i]);
	}
}

static long waitv(struct vector_entry *v, unsigned int count,
		  unsigned int flags, const struct timespec *timeout,
		  clockid_t clock)
{
	return syscall(SYS_futex_waitv, v, count, flags, timeout, clock);
}

ABI_CASE(waitv_errors)
{
	uint32_t word = 0;
	struct timespec when = {0, 0};
	static struct vector_entry v[129];
	for (int i = 0; i < 129; i++) {
		v[i] = (struct vector_entry){.address = (uintptr_t)&word,
					     .flags = SIZE_32 | P};
	}
	CHECK_ERRNO(waitv(v, 0, 0, NULL, 0), EINVAL);
	CHECK_ERRNO(waitv(v, 129, 0, NULL, 0), EINVAL);
	CHECK_ERRNO(waitv(NULL, 1, 0, NULL, 0), EINVAL);
	CHECK_ERRNO(waitv(v, 1, 1, NULL, 0), EINVAL);
	CHECK_ERRNO(waitv(abi_bad[1], 1, 0, NULL, 0), EFAULT);
	CHECK_ERRNO(waitv(v, 1, 0, &when, CLOCK_BOOTTIME), EINVAL);
	CHECK_ERRNO(waitv(v, 1, 0, abi_bad[0], CLOCK_MONOTONIC), EFAULT);
	v[0].reserved = 1;
	CHECK_ERRNO(waitv(v, 1, 0, NULL, 0), EINVAL);
	v[0].reserved = 0;
	v[0].flags = SIZE_32 | 0x40;
	CHECK_ERRNO(waitv(v, 1, 0, NULL, 0), EINVAL);
	v[0].flags = SIZE_32 | P;
	v[0].address += 2;
	CHECK_ERRNO(waitv(v, 1, 0, NULL, 0), EINVAL);
	v[0].address = (uintptr_t)abi_bad[0];
	CHECK_ERRNO(waitv(v, 1, 0, NULL, 0), EFAULT);
	v[0].address = (uintptr_t)&word;
	v[1].value = 5;
	CHECK_ERRNO(waitv(v, 2, 0, NULL, 0), EAGAIN);
}

ABI_CASE(waitv_timeout)
{
	uint32_t word = 0;
	struct vector_entry v = {.address = (uintptr_t)&word,
				 .flags = SIZE_32 | P};
	int64_t before = abi_now();
	struct timespec when = after_ms(CLOCK_MONOTONIC, 20);
	CHECK_ERRNO(waitv(&v, 1, 0, &when, CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK(abi_now() - before > 15000000);
	when = after_ms(CLOCK_REALTIME, 5);
	CHECK_ERRNO(waitv(&v, 1, 0, &when, CLOCK_REALTIME), ETIMEDOUT);
	when.tv_nsec = 1000000000;
	CHECK_ERRNO(waitv(&v, 1, 0, &when, CLOCK_MONOTONIC), EINVAL);
}

struct vector_waiter {
	struct vector_entry v[128];
	uint32_t words[128];
	volatile pid_t tid;
	long result;
};

static void *wait_vector(void *arg)
{
	struct vector_waiter *w = arg;
	w->tid = abi_gettid();
	w->result = waitv(w->v, 128, 0, NULL, 0);
	return NULL;
}

ABI_CASE(waitv_tells_which)
{
	static struct vector_waiter w;
	static const int which[] = {0, 1, 64, 127};
	for (int i = 0; i < 128; i++) {
		w.v[i] =
			(struct vector_entry){.address = (uintptr_t)&w.words[i],
					      .flags = SIZE_32 | P};
	}
	for (int i = 0; i < 4; i++) {
		w.tid = 0;
		pthread_t thread = abi_thread(wait_vector, &w);
		abi_wait_sleeping(&w.tid);
		CHECK_EQ(futex_wake(&w.words[which[i]], 5), 1);
		abi_join(thread);
		CHECK_EQ(w.result, which[i]);
		/* Nothing is left in the queues of the others. */
		for (int j = 0; j < 128; j++) {
			CHECK_EQ(futex_wake(&w.words[j], 5), 0);
		}
	}
}
