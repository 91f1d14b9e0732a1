/* SPDX-License-Identifier: BSD-3-Clause */
/* Which interrupted calls start again, and which do not (signal(7)). */
#include "abi_test.h"
#include "signal/signal.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>

static atomic_int hits;

static void count(int sig)
{
	(void)sig;
	atomic_fetch_add(&hits, 1);
}

struct call {
	long (*run)(void);
	volatile pid_t tid;
	atomic_int done;
	long result;
	int error;
};

static int fds[2];
static int epoll_fd;
static struct timespec remaining;

static void *run_call(void *arg)
{
	struct call *c = arg;
	c->tid = abi_gettid();
	c->result = c->run();
	c->error = errno;
	atomic_store(&c->done, 1);
	return NULL;
}

static pthread_t start(struct call *c, long (*run)(void), int flags)
{
	memset(c, 0, sizeof(*c));
	c->run = run;
	atomic_store(&hits, 0);
	abi_handler(SIGUSR1, count, flags);
	pthread_t thread = abi_thread(run_call, c);
	abi_wait_sleeping(&c->tid);
	OK0(pthread_kill(thread, SIGUSR1));
	while (atomic_load(&hits) == 0) {
		abi_sleep_ms(1);
	}
	return thread;
}

/* Ends with EINTR whatever SA_RESTART says. */
static void always_interrupted(long (*run)(void))
{
	for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		struct call c;
		pthread_t thread = start(&c, run, flags);
		abi_join(thread);
		CHECK_EQ(c.result, -1);
		CHECK_EQ(c.error, EINTR);
	}
}

static long read_pipe(void)
{
	char byte = 0;
	long n = read(fds[0], &byte, 1);
	return n == 1 ? byte : n;
}

ABI_CASE(restart_read)
{
	struct call c;
	OK(pipe(fds));
	pthread_t thread = start(&c, read_pipe, SA_RESTART);
	abi_wait_sleeping(&c.tid);
	CHECK_EQ(c.done, 0);
	CHECK_EQ(write(fds[1], "q", 1), 1);
	abi_join(thread);
	CHECK_EQ(c.result, 'q');
	thread = start(&c, read_pipe, 0);
	abi_join(thread);
	CHECK_EQ(c.result, -1);
	CHECK_EQ(c.error, EINTR);
}

static long write_pipe(void)
{
	static char block[65536 * 2];
	return write(fds[1], block, sizeof(block));
}

ABI_CASE(interrupted_write_tells_what_went)
{
	struct call c;
	OK(pipe(fds));
	pthread_t thread = start(&c, write_pipe, SA_RESTART);
	abi_join(thread);
	CHECK_EQ(c.result, 65536);
}

static long sleep_long(void)
{
	struct timespec hour = {3600, 0};
	return nanosleep(&hour, &remaining);
}

ABI_CASE(interrupted_nanosleep)
{
	always_interrupted(sleep_long);
	CHECK(remaining.tv_sec == 3599 || remaining.tv_sec == 3600);
	CHECK(remaining.tv_sec >= 3590);
}

static long sleep_until(void)
{
	struct timespec when;
	OK(clock_gettime(CLOCK_MONOTONIC, &when));
	when.tv_sec += 3600;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
	return -1;
}

ABI_CASE(interrupted_absolute_sleep)
{
	struct call c;
	pthread_t thread = start(&c, sleep_until, 0);
	abi_join(thread);
	CHECK_EQ(c.error, EINTR);
}

static long poll_long(void)
{
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	return poll(&p, 1, 3600000);
}

static long select_long(void)
{
	fd_set set;
	struct timeval hour = {3600, 0};
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	return select(fds[0] + 1, &set, NULL, NULL, &hour);
}

static long epoll_long(void)
{
	struct epoll_event event;
	return epoll_wait(epoll_fd, &event, 1, -1);
}

ABI_CASE(interrupted_polls)
{
	OK(pipe(fds));
	epoll_fd = OK(epoll_create1(0));
	always_interrupted(poll_long);
	always_interrupted(select_long);
	always_interrupted(epoll_long);
}

static long read_eventfd(void)
{
	uint64_t value;
	return read(epoll_fd, &value, 8);
}

ABI_CASE(restart_eventfd_read)
{
	struct call c;
	uint64_t one = 1;
	epoll_fd = OK(eventfd(0, 0));
	pthread_t thread = start(&c, read_eventfd, SA_RESTART);
	abi_wait_sleeping(&c.tid);
	CHECK_EQ(write(epoll_fd, &one, 8), 8);
	abi_join(thread);
	CHECK_EQ(c.result, 8);
}

static long lock_file(void)
{
	return flock(epoll_fd, LOCK_EX);
}

ABI_CASE(restart_flock)
{
	struct call c;
	int holder = OK(open("a", O_RDWR | O_CREAT, 0600));
	OK(flock(holder, LOCK_EX));
	epoll_fd = OK(open("a", O_RDWR));
	pthread_t thread = start(&c, lock_file, 0);
	abi_join(thread);
	CHECK_EQ(c.error, EINTR);
	thread = start(&c, lock_file, SA_RESTART);
	abi_wait_sleeping(&c.tid);
	OK(flock(holder, LOCK_UN));
	abi_join(thread);
	CHECK_EQ(c.result, 0);
}

ABI_CASE(ignored_signal_interrupts_nothing)
{
	struct call c = {.run = read_pipe};
	OK(pipe(fds));
	abi_handler(SIGUSR2, SIG_IGN, 0);
	pthread_t thread = abi_thread(run_call, &c);
	abi_wait_sleeping(&c.tid);
	OK0(pthread_kill(thread, SIGUSR2));
	OK0(pthread_kill(thread, SIGCONT));
	abi_wait_sleeping(&c.tid);
	CHECK_EQ(c.done, 0);
	CHECK_EQ(write(fds[1], "z", 1), 1);
	abi_join(thread);
	CHECK_EQ(c.result, 'z');
}

static long ppoll_masked(void)
{
	sigset_t none;
	struct timespec hour = {3600, 0};
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	sigemptyset(&none);
	return ppoll(&p, 1, &hour, &none);
}

ABI_CASE(ppoll_unblocks_atomically)
{
	struct call c;
	uint64_t mask = 0;
	OK(pipe(fds));
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	pthread_t thread = start(&c, ppoll_masked, SA_RESTART);
	abi_join(thread);
	CHECK_EQ(c.error, EINTR);
	/* Pending before the call: EINTR at once. */
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	sigset_t none;
	sigemptyset(&none);
	OK0(pthread_kill(pthread_self(), SIGUSR1));
	CHECK_ERRNO(ppoll(&p, 1, NULL, &none), EINTR);
	CHECK_EQ(hits, 2);
	OK(kernel_mask(SIG_SETMASK, 0, &mask));
	CHECK_EQ(mask, BIT(SIGUSR1));
}

ABI_CASE(ppoll_with_ready_descriptor_leaves_signal_pending)
{
	struct pollfd p = {.events = POLLIN};
	sigset_t none;
	OK(pipe(fds));
	p.fd = fds[0];
	CHECK_EQ(write(fds[1], "x", 1), 1);
	atomic_store(&hits, 0);
	abi_handler(SIGUSR1, count, 0);
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	OK(raise(SIGUSR1));
	sigemptyset(&none);
	/* Success needs no interruption: the signal waits for its mask. */
	CHECK_EQ(ppoll(&p, 1, NULL, &none), 1);
	CHECK_EQ(hits, 0);
	CHECK_EQ(kernel_pending(), BIT(SIGUSR1));
	OK(kernel_mask(SIG_SETMASK, 0, NULL));
	CHECK_EQ(hits, 1);
}
