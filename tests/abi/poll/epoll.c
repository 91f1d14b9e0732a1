/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll. */
#include "abi_test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int ep;
static int fds[2];

static void add(int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
}

static uint32_t wait_one(int ms)
{
	struct epoll_event e = {0};
	int n = OK(epoll_wait(ep, &e, 1, ms));
	return n == 0 ? 0 : e.events;
}

static void fresh(void)
{
	ep = OK(epoll_create1(EPOLL_CLOEXEC));
	OK(pipe(fds));
}

ABI_CASE(epoll_create_arguments)
{
	CHECK_ERRNO(epoll_create(0), EINVAL);
	CHECK_ERRNO(epoll_create(-1), EINVAL);
	CHECK_ERRNO(epoll_create1(1), EINVAL);
	ep = OK(epoll_create1(EPOLL_CLOEXEC));
	CHECK_EQ(fcntl(ep, F_GETFD), FD_CLOEXEC);
	OK(epoll_create(1));
}

ABI_CASE(epoll_ctl_errors)
{
	struct epoll_event e = {.events = EPOLLIN};
	fresh();
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &e), EBADF);
	CHECK_ERRNO(epoll_ctl(99, EPOLL_CTL_ADD, fds[0], &e), EBADF);
	CHECK_ERRNO(epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], &e), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, 77, fds[0], &e), EINVAL);
	CHECK_ERRNO(
		syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, fds[0], abi_bad[0]),
		EFAULT);
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e));
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e), EEXIST);
	OK(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, fds[0], NULL));
	/* Files and folders cannot be waited for. */
	int file = OK(open("a", O_RDWR | O_CREAT, 0600));
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, file, &e), EPERM);
	int dir = OK(open(".", O_RDONLY));
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, dir, &e), EPERM);
	e.events = EPOLLEXCLUSIVE | EPOLLONESHOT | EPOLLIN;
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e), EINVAL);
}

ABI_CASE(epoll_wait_errors)
{
	struct epoll_event e;
	uint64_t mask = 0;
	fresh();
	CHECK_ERRNO(syscall(SYS_epoll_wait, ep, &e, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_wait, ep, &e, -1, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_wait, ep, &e, INT_MAX, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(99, &e, 1, 0), EBADF);
	CHECK_ERRNO(epoll_wait(fds[0], &e, 1, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_pwait, ep, &e, 1, 0, &mask, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_pwait, ep, &e, 1, 0, abi_bad[0], 8),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_epoll_wait, ep, abi_bad[3], 1, 0), EFAULT);
	/* A bad page is noticed when there is something to store. */
	add(fds[1], EPOLLOUT);
	CHECK_ERRNO(syscall(SYS_epoll_wait, ep, abi_bad[0], 1, 0), EFAULT);
	CHECK_EQ(wait_one(0), EPOLLOUT);
}

ABI_CASE(epoll_level_triggered)
{
	char c;
	fresh();
	add(fds[0], EPOLLIN);
	CHECK_EQ(wait_one(0), 0);
	CHECK_EQ(write(fds[1], "ab", 2), 2);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(wait_one(0), 0);
}

ABI_CASE(epoll_edge_triggered)
{
	char c;
	fresh();
	add(fds[0], EPOLLIN | EPOLLET);
	CHECK_EQ(write(fds[1], "ab", 2), 2);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(wait_one(0), 0);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(wait_one(0), 0);
	CHECK_EQ(write(fds[1], "c", 1), 1);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(wait_one(0), 0);
	/* EPOLL_CTL_MOD looks again. */
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e));
	CHECK_EQ(wait_one(0), EPOLLIN);
}

ABI_CASE(epoll_one_shot)
{
	fresh();
	add(fds[0], EPOLLIN | EPOLLONESHOT);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(wait_one(0), 0);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(wait_one(0), 0);
	struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT};
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e));
	CHECK_EQ(wait_one(0), EPOLLIN);
	/* Not even a hang-up is told while it is off. */
	OK(close(fds[1]));
	CHECK_EQ(wait_one(0), 0);
}

ABI_CASE(epoll_hangup_and_error)
{
	fresh();
	add(fds[0], 0);
	OK(close(fds[1]));
	CHECK_EQ(wait_one(0), EPOLLHUP);
	fresh();
	add(fds[1], 0);
	OK(close(fds[0]));
	CHECK_EQ(wait_one(0), EPOLLERR);
}

ABI_CASE(epoll_data_is_kept)
{
	struct epoll_event e = {.events = EPOLLOUT,
				.data.u64 = 0x123456789abcdef0UL};
	fresh();
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], &e));
	memset(&e, 0, sizeof(e));
	CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
	CHECK_EQ(e.data.u64, 0x123456789abcdef0UL);
}

ABI_CASE(epoll_closed_descriptor_leaves)
{
	fresh();
	add(fds[1], EPOLLOUT);
	OK(close(fds[1]));
	CHECK_EQ(wait_one(0), 0);
	/* Not while a duplicate lives: then the registration stays. */
	fresh();
	add(fds[1], EPOLLOUT);
	int copy = OK(dup(fds[1]));
	OK(close(fds[1]));
	CHECK_EQ(wait_one(0), EPOLLOUT);
	OK(close(copy));
	CHECK_EQ(wait_one(0), 0);
}

ABI_CASE(epoll_same_file_twice)
{
	struct epoll_event e[4];
	fresh();
	int copy = OK(dup(fds[1]));
	add(fds[1], EPOLLOUT);
	add(copy, EPOLLOUT);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 2);
	CHECK_EQ(e[0].data.fd + e[1].data.fd, fds[1] + copy);
}

ABI_CASE(epoll_rotates_among_the_ready)
{
	/* One slot, three ready: nobody starves. */
	struct epoll_event e;
	int events[3];
	int told[3] = {0};
	ep = OK(epoll_create1(0));
	for (int i = 0; i < 3; i++) {
		events[i] = OK(eventfd(1, 0));
		struct epoll_event one = {.events = EPOLLIN, .data.u32 = i};
		OK(epoll_ctl(ep, EPOLL_CTL_ADD, events[i], &one));
	}
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
		told[e.data.u32]++;
	}
	CHECK_EQ(told[0], 10);
	CHECK_EQ(told[1], 10);
	CHECK_EQ(told[2], 10);
}

ABI_CASE(epoll_nested)
{
	int inner = OK(epoll_create1(0));
	fresh();
	struct epoll_event e = {.events = EPOLLIN};
	OK(epoll_ctl(inner, EPOLL_CTL_ADD, fds[0], &e));
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, inner, &e));
	CHECK_EQ(wait_one(0), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(wait_one(0), EPOLLIN);
	CHECK_EQ(epoll_wait(inner, &e, 1, 0), 1);
	/* No circles. */
	e.events = EPOLLIN;
	CHECK_ERRNO(epoll_ctl(inner, EPOLL_CTL_ADD, ep, &e), ELOOP);
}

ABI_CASE(epoll_nesting_depth)
{
	struct epoll_event e = {.events = EPOLLIN};
	int before = OK(epoll_create1(0));
	int depth = 0;
	for (; depth < 20; depth++) {
		int next = OK(epoll_create1(0));
		if (epoll_ctl(next, EPOLL_CTL_ADD, before, &e) != 0) {
			break;
		}
		before = next;
	}
	CHECK(depth < 20);
	CHECK(errno == ELOOP || errno == EINVAL);
}

ABI_CASE(epoll_timeouts)
{
	struct epoll_event e;
	struct timespec brief = {0, 20000000};
	fresh();
	int64_t before = abi_now();
	CHECK_EQ(epoll_wait(ep, &e, 1, 20), 0);
	CHECK(abi_now() - before >= 20000000);
	before = abi_now();
	CHECK_EQ(syscall(SYS_epoll_pwait2, ep, &e, 1, &brief, NULL, 0), 0);
	CHECK(abi_now() - before >= 20000000);
	brief.tv_nsec = 1000000000;
	CHECK_ERRNO(syscall(SYS_epoll_pwait2, ep, &e, 1, &brief, NULL, 0),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_epoll_pwait2, ep, &e, 1, abi_bad[0], NULL, 0),
		    EFAULT);
}

struct waiter {
	volatile pid_t tid;
	int count;
	struct epoll_event event;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;
	w->tid = abi_gettid();
	w->count = epoll_wait(ep, &w->event, 1, 20000);
	return NULL;
}

ABI_CASE(epoll_is_woken_by_events_and_changes)
{
	struct waiter w = {0};
	fresh();
	add(fds[0], EPOLLIN);
	pthread_t thread = abi_thread(wait_thread, &w);
	abi_wait_sleeping(&w.tid);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	abi_join(thread);
	CHECK_EQ(w.count, 1);
	/* A descriptor added while somebody waits. */
	fresh();
	w = (struct waiter){0};
	thread = abi_thread(wait_thread, &w);
	abi_wait_sleeping(&w.tid);
	add(fds[1], EPOLLOUT);
	abi_join(thread);
	CHECK_EQ(w.count, 1);
	CHECK_EQ(w.event.data.fd, fds[1]);
}

static atomic_int taken;

static void *take_tokens(void *arg)
{
	struct epoll_event e;
	uint64_t value;
	while (epoll_wait(ep, &e, 1, 300) == 1) {
		if (read(*(int *)arg, &value, 8) == 8) {
			atomic_fetch_add(&taken, 1);
		}
	}
	return NULL;
}

static void share_tokens(uint32_t events)
{
	pthread_t threads[4];
	uint64_t one = 1;
	int fd = OK(eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK));
	ep = OK(epoll_create1(0));
	add(fd, events);
	atomic_store(&taken, 0);
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(take_tokens, &fd);
	}
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(write(fd, &one, 8), 8);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(taken, 500);
}

ABI_CASE(epoll_shared_by_four_threads)
{
	share_tokens(EPOLLIN);
	share_tokens(EPOLLIN | EPOLLEXCLUSIVE);
}

ABI_CASE(epoll_many_descriptors)
{
	static struct epoll_event e[256];
	int events[200];
	uint64_t one = 1;
	ep = OK(epoll_create1(0));
	for (int i = 0; i < 200; i++) {
		events[i] = OK(eventfd(0, 0));
		add(events[i], EPOLLIN);
	}
	CHECK_EQ(epoll_wait(ep, e, 256, 0), 0);
	for (int i = 0; i < 200; i += 2) {
		CHECK_EQ(write(events[i], &one, 8), 8);
	}
	CHECK_EQ(epoll_wait(ep, e, 256, 0), 100);
	for (int i = 0; i < 200; i++) {
		OK(close(events[i]));
	}
	CHECK_EQ(epoll_wait(ep, e, 256, 0), 0);
}

static atomic_int stop;

static void *change_registration(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		struct epoll_event e = {.events = EPOLLIN};
		epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], NULL);
		epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e);
	}
	return NULL;
}

ABI_CASE(epoll_changes_race_with_events)
{
	char c;
	fresh();
	atomic_store(&stop, 0);
	add(fds[0], EPOLLIN);
	pthread_t thread = abi_thread(change_registration, NULL);
	for (int i = 0; i < 500; i++) {
		struct epoll_event e;
		CHECK_EQ(write(fds[1], "x", 1), 1);
		CHECK_EQ(epoll_wait(ep, &e, 1, 20000), 1);
		CHECK_EQ(read(fds[0], &c, 1), 1);
	}
	atomic_store(&stop, 1);
	abi_join(thread);
}

static void *close_files(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) {
		int mine[2];
		struct epoll_event e = {.events = EPOLLIN | EPOLLOUT};
		OK(pipe(mine));
		OK(epoll_ctl(ep, EPOLL_CTL_ADD, mine[0], &e));
		OK(epoll_ctl(ep, EPOLL_CTL_ADD, mine[1], &e));
		OK(close(mine[1]));
		OK(close(mine[0]));
	}
	return NULL;
}

ABI_CASE(epoll_files_close_while_waiting)
{
	static struct epoll_event e[16];
	pthread_t threads[2];
	fresh();
	threads[0] = abi_thread(close_files, NULL);
	threads[1] = abi_thread(close_files, NULL);
	for (int i = 0; i < 500; i++) {
		OK(epoll_wait(ep, e, 16, 0));
	}
	abi_join(threads[0]);
	abi_join(threads[1]);
	CHECK_EQ(epoll_wait(ep, e, 16, 0), 0);
}
