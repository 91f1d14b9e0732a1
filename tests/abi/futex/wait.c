/* SPDX-License-Identifier: BSD-3-Clause */
/* FUTEX_WAIT, WAKE, their bitset forms and WAKE_OP. */
#include "abi_test.h"
#include "futex/futex.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#define RW (PROT_READ | PROT_WRITE)

struct waiter {
	uint32_t *word;
	int op;
	uint32_t bits;
	volatile pid_t tid;
	long result;
	pthread_t thread;
};

static void *wait_on(void *arg)
{
	struct waiter *w = arg;
	w->tid = abi_gettid();
	w->result = futex(w->word, w->op, *w->word, NULL, NULL, w->bits);
	return NULL;
}

static void start_waiters(struct waiter *w, int count, uint32_t *word, int op)
{
	for (int i = 0; i < count; i++) {
		w[i] = (struct waiter){.word = word, .op = op, .bits = 1U << i};
		w[i].thread = abi_thread(wait_on, &w[i]);
	}
	for (int i = 0; i < count; i++) {
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

ABI_CASE(futex_value_differs)
{
	uint32_t word = 5;
	CHECK_ERRNO(futex_wait(&word, 4, NULL), EAGAIN);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | P, 4, NULL, NULL, 1),
		    EAGAIN);
}

ABI_CASE(futex_bad_addresses)
{
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(futex(abi_bad[i], FUTEX_WAIT, 0, NULL, NULL, 0),
			    EFAULT);
		CHECK_ERRNO(futex(abi_bad[i], FUTEX_WAKE, 1, NULL, NULL, 0),
			    EFAULT);
		CHECK_ERRNO(futex_wait(abi_bad[i], 0, NULL), EFAULT);
	}
	/* A private wake looks at the range only. */
	CHECK_EQ(futex_wake(abi_bad[0], 1), 0);
	CHECK_ERRNO(futex_wake(abi_bad[3], 1), EFAULT);
	char *none = abi_pages(1, PROT_NONE);
	CHECK_ERRNO(futex_wait(none, 0, NULL), EFAULT);
	CHECK_ERRNO(futex(none, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
}

ABI_CASE(futex_unaligned)
{
	uint32_t words[2] = {0, 0};
	char *odd = (char *)words + 1;
	CHECK_ERRNO(futex_wait(odd, 0, NULL), EINVAL);
	CHECK_ERRNO(futex_wake((char *)words + 2, 1), EINVAL);
	CHECK_ERRNO(futex(odd, FUTEX_REQUEUE | P, 1, NULL, words, 0), EINVAL);
}

ABI_CASE(futex_read_only_word)
{
	uint32_t *word = (void *)abi_pages(1, RW);
	struct timespec brief = {0, 1000000};
	OK(mprotect(word, 4096, PROT_READ));
	CHECK_ERRNO(futex_wait(word, 1, NULL), EAGAIN);
	CHECK_ERRNO(futex_wait(word, 0, &brief), ETIMEDOUT);
	CHECK_EQ(futex_wake(word, 1), 0);
}

ABI_CASE(futex_unknown_operations)
{
	uint32_t word = 0;
	CHECK_ERRNO(futex(&word, 2, 0, NULL, NULL, 0), ENOSYS); /* FD */
	CHECK_ERRNO(futex(&word, 14, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO(futex(&word, 127, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, NULL,
			  NULL, 0),
		    ENOSYS);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL,
			  NULL, 0),
		    ENOSYS);
}

ABI_CASE(futex_timeouts)
{
	uint32_t word = 0;
	struct timespec time = {0, 20000000};
	int64_t before = abi_now();
	CHECK_ERRNO(futex_wait(&word, 0, &time), ETIMEDOUT);
	CHECK(abi_now() - before >= 20000000);
	time = (struct timespec){0, 0};
	CHECK_ERRNO(futex_wait(&word, 0, &time), ETIMEDOUT);
	time = (struct timespec){0, 1000000000};
	CHECK_ERRNO(futex_wait(&word, 0, &time), EINVAL);
	time = (struct timespec){0, -1};
	CHECK_ERRNO(futex_wait(&word, 0, &time), EINVAL);
	time = (struct timespec){-1, 0};
	CHECK_ERRNO(futex_wait(&word, 0, &time), EINVAL);
	/* The timeout is read before the word is looked at. */
	CHECK_ERRNO(futex_wait(&word, 9, &time), EINVAL);
	CHECK_ERRNO(futex_wait(&word, 9, abi_bad[1]), EFAULT);
	CHECK_ERRNO(futex_wait(&word, 9, abi_bad[4]), EFAULT);
}

ABI_CASE(futex_bitset_absolute_timeout)
{
	static const struct {
		clockid_t clock;
		int flag;
	} table[] = {{CLOCK_MONOTONIC, 0},
		     {CLOCK_REALTIME, FUTEX_CLOCK_REALTIME}};
	uint32_t word = 0;
	for (int i = 0; i < 2; i++) {
		int64_t before = abi_now();
		struct timespec when = after_ms(table[i].clock, 20);
		int op = FUTEX_WAIT_BITSET | P | table[i].flag;
		CHECK_ERRNO(futex(&word, op, 0, &when, NULL, 1), ETIMEDOUT);
		CHECK(abi_now() - before > 15000000);
		/* In the past: at once. */
		CHECK_ERRNO(futex(&word, op, 0, &when, NULL, 1), ETIMEDOUT);
		when = (struct timespec){0, 0};
		CHECK_ERRNO(futex(&word, op, 0, &when, NULL, 1), ETIMEDOUT);
	}
}

ABI_CASE(futex_bitset_zero)
{
	uint32_t word = 0;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | P, 0, NULL, NULL, 0),
		    EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE_BITSET | P, 1, NULL, NULL, 0),
		    EINVAL);
}

ABI_CASE(futex_bitset_selects)
{
	struct waiter w[4];
	uint32_t word = 0;
	start_waiters(w, 4, &word, FUTEX_WAIT_BITSET | P);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET | P, 9, NULL, NULL, 16), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET | P, 9, NULL, NULL, 4), 1);
	abi_join(w[2].thread);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET | P, 1, NULL, NULL, 11), 1);
	CHECK_EQ(futex_wake(&word, INT_MAX), 2);
	abi_join(w[0].thread);
	abi_join(w[1].thread);
	abi_join(w[3].thread);
}

ABI_CASE(futex_wake_counts)
{
	struct waiter w[5];
	uint32_t word = 0;
	CHECK_EQ(futex_wake(&word, 1), 0);
	start_waiters(w, 5, &word, FUTEX_WAIT | P);
	CHECK_EQ(futex_wake(&word, 2), 2);
	CHECK_EQ(futex_wake(&word, 1), 1);
	CHECK_EQ(futex_wake(&word, 100), 2);
	CHECK_EQ(futex_wake(&word, 100), 0);
	join_waiters(w, 5);
}

ABI_CASE(futex_wake_needs_same_address)
{
	struct waiter w;
	uint32_t words[2] = {0, 0};
	start_waiters(&w, 1, &words[0], FUTEX_WAIT | P);
	CHECK_EQ(futex_wake(&words[1], 1), 0);
	words[0] = 1; /* a changed value wakes nobody */
	CHECK_EQ(futex_wake(&words[0], 1), 1);
	join_waiters(&w, 1);
}

ABI_CASE(futex_private_is_apart_from_shared)
{
	struct waiter w;
	uint32_t word = 0;
	start_waiters(&w, 1, &word, FUTEX_WAIT | P);
	CHECK_EQ(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex_wake(&word, 1), 1);
	join_waiters(&w, 1);
}

ABI_CASE(futex_shared_through_two_mappings)
{
	struct waiter w;
	int fd = OK(memfd_create("f", 0));
	OK(ftruncate(fd, 8192));
	uint32_t *a = mmap(NULL, 8192, RW, MAP_SHARED, fd, 0);
	uint32_t *b = mmap(NULL, 4096, RW, MAP_SHARED, fd, 4096);
	CHECK(a != MAP_FAILED && b != MAP_FAILED);
	start_waiters(&w, 1, a + 1024 + 3, FUTEX_WAIT);
	CHECK_EQ(futex(b + 4, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(a + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(b + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	join_waiters(&w, 1);
}

static void on_signal(int sig)
{
	(void)sig;
}

struct interrupted {
	uint32_t word;
	volatile pid_t tid;
	int error;
	const struct timespec *timeout;
};

static void *wait_interrupted(void *arg)
{
	struct interrupted *w = arg;
	w->tid = abi_gettid();
	CHECK_EQ(futex_wait(&w->word, 0, w->timeout), -1);
	w->error = errno;
	return NULL;
}

ABI_CASE(futex_interrupted_by_signal)
{
	/* Without a timeout and SA_RESTART: EINTR. */
	struct interrupted w = {0};
	abi_handler(SIGUSR1, on_signal, 0);
	pthread_t thread = abi_thread(wait_interrupted, &w);
	abi_wait_sleeping(&w.tid);
	OK0(pthread_kill(thread, SIGUSR1));
	abi_join(thread);
	CHECK_EQ(w.error, EINTR);
}

ABI_CASE(futex_restarts_and_still_times_out)
{
	struct timespec timeout = {0, 300000000};
	struct interrupted w = {.timeout = &timeout};
	abi_handler(SIGUSR1, on_signal, SA_RESTART);
	int64_t before = abi_now();
	pthread_t thread = abi_thread(wait_interrupted, &w);
	abi_wait_sleeping(&w.tid);
	for (int i = 0; i < 5; i++) {
		pthread_kill(thread, SIGUSR1);
		abi_sleep_ms(10);
	}
	abi_join(thread);
	/* With a timeout the restart goes through restart_syscall, which a
	 * handler turns into EINTR. */
	CHECK(w.error == ETIMEDOUT || w.error == EINTR);
	CHECK(w.error == EINTR || abi_now() - before >= 300000000);
}

ABI_CASE(futex_restart_without_timeout)
{
	struct waiter w;
	uint32_t word = 0;
	abi_handler(SIGUSR1, on_signal, SA_RESTART);
	start_waiters(&w, 1, &word, FUTEX_WAIT | P);
	for (int i = 0; i < 5; i++) {
		OK0(pthread_kill(w.thread, SIGUSR1));
		abi_sleep_ms(2);
	}
	abi_wait_sleeping(&w.tid);
	CHECK_EQ(futex_wake(&word, 1), 1);
	join_waiters(&w, 1);
}

ABI_CASE(futex_wake_op_arithmetic)
{
	static const struct {
		int op;
		uint32_t before, arg, after;
	} table[] = {
		{FUTEX_OP_SET, 7, 3, 3},     {FUTEX_OP_ADD, 7, 3, 10},
		{FUTEX_OP_OR, 5, 3, 7},	     {FUTEX_OP_ANDN, 7, 3, 4},
		{FUTEX_OP_XOR, 5, 3, 6},     {FUTEX_OP_SET | 8, 0, 4, 16},
		{FUTEX_OP_ADD, 7, 0xfff, 6},
	};
	uint32_t words[2];
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		words[1] = table[i].before;
		uint32_t code = (uint32_t)table[i].op << 28 | table[i].arg
								      << 12;
		CHECK_EQ(futex(&words[0], FUTEX_WAKE_OP | P, 1, (void *)1L,
			       &words[1], code),
			 0);
		CHECK_EQ(words[1], table[i].after);
	}
	CHECK_ERRNO(futex(&words[0], FUTEX_WAKE_OP | P, 1, (void *)1L,
			  &words[1], 5U << 28),
		    ENOSYS);
	CHECK_ERRNO(futex(&words[0], FUTEX_WAKE_OP | P, 1, (void *)1L,
			  &words[1], 6U << 24),
		    ENOSYS);
	CHECK_ERRNO(futex(&words[0], FUTEX_WAKE_OP | P, 1, (void *)1L,
			  abi_bad[0], 0),
		    EFAULT);
}

ABI_CASE(futex_wake_op_compares)
{
	static const struct {
		int cmp;
		int arg;
		int wakes;
	} table[] = {
		{FUTEX_OP_CMP_EQ, 5, 1}, {FUTEX_OP_CMP_EQ, 4, 0},
		{FUTEX_OP_CMP_NE, 5, 0}, {FUTEX_OP_CMP_LT, 6, 1},
		{FUTEX_OP_CMP_LE, 5, 1}, {FUTEX_OP_CMP_GT, 5, 0},
		{FUTEX_OP_CMP_GE, 5, 1},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct waiter w[2];
		uint32_t words[2] = {0, 0};
		start_waiters(&w[0], 1, &words[0], FUTEX_WAIT | P);
		words[1] = 5;
		start_waiters(&w[1], 1, &words[1], FUTEX_WAIT | P);
		uint32_t code = (uint32_t)FUTEX_OP_ADD << 28 |
				(uint32_t)table[i].cmp << 24 | 1 << 12 |
				(uint32_t)table[i].arg;
		CHECK_EQ(futex(&words[0], FUTEX_WAKE_OP | P, 1, (void *)1L,
			       &words[1], code),
			 1 + table[i].wakes);
		CHECK_EQ(words[1], 6);
		CHECK_EQ(futex_wake(&words[1], 1), 1 - table[i].wakes);
		join_waiters(w, 2);
	}
}

struct ball {
	uint32_t word;
	long rounds;
};

static void *return_ball(void *arg)
{
	struct ball *ball = arg;
	for (long i = 0; i < ball->rounds; i++) {
		while (__atomic_load_n(&ball->word, __ATOMIC_ACQUIRE) != 1) {
			futex_wait(&ball->word, 0, NULL);
		}
		__atomic_store_n(&ball->word, 0, __ATOMIC_RELEASE);
		futex_wake(&ball->word, 1);
	}
	return NULL;
}

ABI_CASE(futex_ping_pong_10000)
{
	struct ball ball = {.rounds = 10000};
	pthread_t thread = abi_thread(return_ball, &ball);
	for (long i = 0; i < ball.rounds; i++) {
		__atomic_store_n(&ball.word, 1, __ATOMIC_RELEASE);
		futex_wake(&ball.word, 1);
		while (__atomic_load_n(&ball.word, __ATOMIC_ACQUIRE) != 0) {
			futex_wait(&ball.word, 1, NULL);
		}
	}
	abi_join(thread);
}

struct lock_race {
	uint32_t lock; /* 0 free, 1 held, 2 held and awaited */
	volatile long counter;
};

static void take(uint32_t *lock)
{
	uint32_t free = 0;
	if (__atomic_compare_exchange_n(lock, &free, 1, 0, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED)) {
		return;
	}
	while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE) != 0) {
		futex_wait(lock, 2, NULL);
	}
}

static void *count_locked(void *arg)
{
	struct lock_race *race = arg;
	for (int i = 0; i < 5000; i++) {
		take(&race->lock);
		long value = race->counter;
		if (i % 64 == 0) {
			sched_yield();
		}
		race->counter = value + 1;
		if (__atomic_exchange_n(&race->lock, 0, __ATOMIC_RELEASE) ==
		    2) {
			futex_wake(&race->lock, 1);
		}
	}
	return NULL;
}

ABI_CASE(futex_lock_race)
{
	struct lock_race race = {0};
	pthread_t threads[6];
	for (int i = 0; i < 6; i++) {
		threads[i] = abi_thread(count_locked, &race);
	}
	for (int i = 0; i < 6; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(race.counter, 30000);
}

static void *time_out_often(void *arg)
{
	struct lock_race *race = arg;
	for (int i = 0; i < 300; i++) {
		struct timespec brief = {0, 1000 * (i % 50)};
		futex_wait(&race->lock, 0, &brief);
	}
	return NULL;
}

ABI_CASE(futex_wake_races_with_timeout)
{
	struct lock_race race = {0};
	pthread_t threads[3];
	for (int i = 0; i < 3; i++) {
		threads[i] = abi_thread(time_out_often, &race);
	}
	for (int i = 0; i < 3000; i++) {
		CHECK(futex_wake(&race.lock, 1) <= 1);
	}
	for (int i = 0; i < 3; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(futex_wake(&race.lock, 10), 0);
}
