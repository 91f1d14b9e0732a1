/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads as libc makes them: storage, stacks, numbers, cancellation. */
#include "abi_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Thread_local int initialised = 42;
static _Thread_local _Alignas(64) char zeroed[200];

static void *check_storage(void *arg)
{
	CHECK_EQ(initialised, 42);
	CHECK_EQ((uintptr_t)zeroed % 64, 0);
	for (size_t i = 0; i < sizeof(zeroed); i++) {
		CHECK_EQ(zeroed[i], 0);
	}
	initialised = (int)(long)arg;
	memset(zeroed, (int)(long)arg, sizeof(zeroed));
	for (int i = 0; i < 50; i++) {
		sched_yield();
		CHECK_EQ(initialised, (long)arg);
		CHECK_EQ(zeroed[i], (long)arg);
	}
	return arg;
}

ABI_CASE(tls_is_per_thread)
{
	pthread_t threads[8];
	initialised = 1;
	for (long i = 0; i < 8; i++) {
		threads[i] = abi_thread(check_storage, (void *)(i + 50));
	}
	for (long i = 0; i < 8; i++) {
		CHECK_EQ(abi_join(threads[i]), i + 50);
	}
	CHECK_EQ(initialised, 1);
	initialised = 42;
}

static void *set_errno(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++) {
		CHECK_ERRNO(close(-1), EBADF);
	}
	return NULL;
}

ABI_CASE(errno_is_per_thread)
{
	pthread_t thread = abi_thread(set_errno, NULL);
	for (int i = 0; i < 2000; i++) {
		CHECK_ERRNO(open("none", O_RDONLY), ENOENT);
	}
	abi_join(thread);
}

static atomic_int destructors;

static void destroy(void *value)
{
	atomic_fetch_add(&destructors, (int)(long)value);
}

static void *with_key(void *key)
{
	OK0(pthread_setspecific(*(pthread_key_t *)key, (void *)3L));
	return NULL;
}

ABI_CASE(key_destructors_run)
{
	pthread_key_t key;
	atomic_store(&destructors, 0);
	OK0(pthread_key_create(&key, destroy));
	for (int i = 0; i < 5; i++) {
		abi_join(abi_thread(with_key, &key));
	}
	CHECK_EQ(destructors, 15);
	OK0(pthread_key_delete(key));
}

struct meet {
	pthread_barrier_t barrier;
	atomic_int count;
	pid_t tids[256];
};

static void *meet_all(void *arg)
{
	struct meet *m = arg;
	int mine = atomic_fetch_add(&m->count, 1);
	m->tids[mine] = abi_gettid();
	pthread_barrier_wait(&m->barrier);
	pthread_barrier_wait(&m->barrier);
	return NULL;
}

static int task_count(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;
	CHECK(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		count += entry->d_name[0] != '.';
	}
	closedir(dir);
	return count;
}

ABI_CASE(threads_200_at_once)
{
	static struct meet m;
	static pthread_t threads[200];
	int before = task_count();
	pthread_attr_t attr;
	memset(&m, 0, sizeof(m));
	OK0(pthread_barrier_init(&m.barrier, NULL, 201));
	OK0(pthread_attr_init(&attr));
	OK0(pthread_attr_setstacksize(&attr, 64 * 1024));
	for (int i = 0; i < 200; i++) {
		OK0(pthread_create(&threads[i], &attr, meet_all, &m));
	}
	pthread_barrier_wait(&m.barrier);
	CHECK_EQ(task_count(), before + 200);
	for (int i = 0; i < 200; i++) {
		for (int j = 0; j < i; j++) {
			CHECK(m.tids[i] != m.tids[j]);
		}
	}
	pthread_barrier_wait(&m.barrier);
	for (int i = 0; i < 200; i++) {
		abi_join(threads[i]);
	}
	for (int i = 0; i < 1000 && task_count() != before; i++) {
		abi_sleep_ms(1);
	}
	CHECK_EQ(task_count(), before);
}

static void *nothing(void *arg)
{
	return arg;
}

ABI_CASE(threads_1000_in_a_row)
{
	for (long i = 0; i < 1000; i++) {
		CHECK_EQ(abi_join(abi_thread(nothing, (void *)i)), i);
	}
}

static void *creator(void *arg)
{
	for (long i = 0; i < 100; i++) {
		CHECK_EQ(abi_join(abi_thread(nothing, (void *)i)), i);
	}
	return arg;
}

ABI_CASE(threads_created_from_four_threads)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(creator, NULL);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
}

static atomic_int detached_done;

static void *detached(void *arg)
{
	(void)arg;
	atomic_fetch_add(&detached_done, 1);
	return NULL;
}

ABI_CASE(threads_detached)
{
	pthread_attr_t attr;
	pthread_t thread;
	int before = task_count();
	atomic_store(&detached_done, 0);
	OK0(pthread_attr_init(&attr));
	OK0(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	for (int i = 0; i < 50; i++) {
		OK0(pthread_create(&thread, &attr, detached, NULL));
	}
	while (atomic_load(&detached_done) != 50 || task_count() != before) {
		abi_sleep_ms(1);
	}
}

static atomic_long stack_low;

static volatile int depth_limit = 1 << 30;

static __attribute__((noinline)) int descend(int depth)
{
	if (depth == depth_limit) {
		return 0;
	}
	volatile char frame[1024];
	frame[0] = (char)depth;
	atomic_store(&stack_low, (long)frame);
	/* Not a tail call: the frame is used behind it. */
	return descend(depth + 1) + frame[0];
}

static void overflow(void *arg)
{
	(void)arg;
	descend(0);
}

static void *overflow_thread(void *arg)
{
	static char alternate[64 * 1024];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	OK(sigaltstack(&stack, NULL));
	struct abi_fault fault = abi_try(overflow, NULL);
	CHECK_EQ(fault.sig, SIGSEGV);
	long distance = atomic_load(&stack_low) - (long)fault.addr;
	CHECK(distance < 8192 && distance > -8192);
	stack.ss_flags = SS_DISABLE;
	OK(sigaltstack(&stack, NULL));
	*(int *)arg = 1;
	return NULL;
}

ABI_CASE(stack_overflow_hits_the_guard)
{
	int done = 0;
	pthread_attr_t attr;
	pthread_t thread;
	OK0(pthread_attr_init(&attr));
	OK0(pthread_attr_setstacksize(&attr, 128 * 1024));
	OK0(pthread_create(&thread, &attr, overflow_thread, &done));
	abi_join(thread);
	CHECK_EQ(done, 1);
}

ABI_CASE(main_stack_grows_to_its_limit)
{
	/* The first thread's stack grows by itself, and ends with SIGSEGV. */
	struct rlimit limit;
	OK(getrlimit(RLIMIT_STACK, &limit));
	if (limit.rlim_cur > 64 * 1024 * 1024) {
		return;
	}
	struct abi_fault fault = abi_try(overflow, NULL);
	CHECK_EQ(fault.sig, SIGSEGV);
	long low = atomic_load(&stack_low);
	CHECK((long)&fault - low > 4 * 1024 * 1024);
	CHECK((long)&fault - low <= (long)limit.rlim_cur);
}

struct blocked {
	volatile pid_t tid;
	int fd;
	sem_t sem;
	atomic_int cleaned;
};

static void clean(void *arg)
{
	atomic_store(&((struct blocked *)arg)->cleaned, 1);
}

static void *block_in_read(void *arg)
{
	struct blocked *b = arg;
	char c;
	pthread_cleanup_push(clean, b);
	b->tid = abi_gettid();
	(void)!read(b->fd, &c, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *block_in_sleep(void *arg)
{
	struct blocked *b = arg;
	pthread_cleanup_push(clean, b);
	b->tid = abi_gettid();
	sleep(1000);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *block_in_sem(void *arg)
{
	struct blocked *b = arg;
	pthread_cleanup_push(clean, b);
	b->tid = abi_gettid();
	sem_wait(&b->sem);
	pthread_cleanup_pop(0);
	return NULL;
}

ABI_CASE(cancel_blocked_threads)
{
	static void *(*const bodies[])(void *) = {block_in_read, block_in_sleep,
						  block_in_sem};
	int fds[2];
	OK(pipe(fds));
	for (int i = 0; i < 3; i++) {
		struct blocked b = {.fd = fds[0]};
		OK(sem_init(&b.sem, 0, 0));
		pthread_t thread = abi_thread(bodies[i], &b);
		abi_wait_sleeping(&b.tid);
		OK0(pthread_cancel(thread));
		CHECK_EQ(abi_join(thread), PTHREAD_CANCELED);
		CHECK_EQ(b.cleaned, 1);
	}
}

static void *spin(void *arg)
{
	atomic_int *running = arg;
	int old;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	atomic_store(running, 1);
	for (;;) {
		__asm__ volatile("");
	}
	return NULL;
}

ABI_CASE(cancel_spinning_thread)
{
	/* Needs preemption even with one CPU. */
	atomic_int running = 0;
	pthread_t thread = abi_thread(spin, &running);
	while (!atomic_load(&running)) {
		sched_yield();
	}
	OK0(pthread_cancel(thread));
	CHECK_EQ(abi_join(thread), PTHREAD_CANCELED);
}

ABI_CASE(thread_names)
{
	char text[64];
	OK0(pthread_setname_np(pthread_self(), "fifteen-letters"));
	CHECK_EQ(pthread_setname_np(pthread_self(), "sixteen-letters!"),
		 ERANGE);
	OK0(pthread_getname_np(pthread_self(), text, sizeof(text)));
	CHECK_EQ(strcmp(text, "fifteen-letters"), 0);
	abi_read_file("/proc/thread-self/comm", text, sizeof(text));
	CHECK_EQ(strcmp(text, "fifteen-letters\n"), 0);
	OK0(pthread_setname_np(pthread_self(), "thread"));
}

static void *cpu_user(void *arg)
{
	struct timespec now = {0};
	while (now.tv_nsec < 20000000 && now.tv_sec == 0) {
		OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now));
	}
	return arg;
}

ABI_CASE(thread_cpu_clock_of_another)
{
	clockid_t clock;
	struct timespec before;
	struct timespec after;
	OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before));
	pthread_t thread = abi_thread(cpu_user, NULL);
	OK0(pthread_getcpuclockid(thread, &clock));
	abi_join(thread);
	OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after));
	/* Waiting in join costs the waiter nearly nothing. */
	long used = (after.tv_sec - before.tv_sec) * 1000000000L +
		    after.tv_nsec - before.tv_nsec;
	CHECK(used >= 0);
}
