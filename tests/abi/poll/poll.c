/* SPDX-License-Identifier: BSD-3-Clause */
/* poll, ppoll, select, pselect6. */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int fds[2];

static short poll_one(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events, .revents = -1};
	int n = OK(poll(&p, 1, 0));
	CHECK_EQ(n, p.revents != 0);
	return p.revents;
}

ABI_CASE(poll_pipe_states)
{
	OK(pipe(fds));
	CHECK_EQ(poll_one(fds[0], POLLIN), 0);
	CHECK_EQ(poll_one(fds[1], POLLOUT), POLLOUT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(poll_one(fds[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	CHECK_EQ(poll_one(fds[0], 0), 0);
	OK(close(fds[1]));
	CHECK_EQ(poll_one(fds[0], POLLIN), POLLIN | POLLHUP);
	CHECK_EQ(poll_one(fds[0], 0), POLLHUP);
	OK(pipe(fds));
	OK(close(fds[0]));
	CHECK_EQ(poll_one(fds[1], POLLOUT), POLLOUT | POLLERR);
	CHECK_EQ(poll_one(fds[1], 0), POLLERR);
}

ABI_CASE(poll_full_pipe)
{
	static char block[65536];
	OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(write(fds[1], block, 65536), 65536);
	CHECK_EQ(poll_one(fds[1], POLLOUT), 0);
	CHECK_EQ(read(fds[0], block, 4096), 4096);
	CHECK_EQ(poll_one(fds[1], POLLOUT), POLLOUT);
}

ABI_CASE(poll_bad_descriptors)
{
	CHECK_EQ(poll_one(99, POLLIN), POLLNVAL);
	struct pollfd p[2] = {{.fd = -1, .events = POLLIN, .revents = 7},
			      {.fd = -99, .events = POLLIN, .revents = 7}};
	CHECK_EQ(poll(p, 2, 0), 0);
	CHECK_EQ(p[0].revents, 0);
	CHECK_EQ(p[1].revents, 0);
	int path = OK(open(".", O_PATH));
	CHECK_EQ(poll_one(path, POLLIN), POLLNVAL);
}

ABI_CASE(poll_files_are_always_ready)
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0600));
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
	fd = OK(open(".", O_RDONLY));
	CHECK_EQ(poll_one(fd, POLLIN), POLLIN);
	fd = OK(open("/dev/null", O_RDWR));
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
}

ABI_CASE(poll_errors)
{
	struct rlimit limit;
	struct timespec wrong = {0, 1000000000};
	struct pollfd p = {.fd = 0};
	CHECK_ERRNO(syscall(SYS_poll, abi_bad[0], 1, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_poll, abi_bad[3], 5, 0), EFAULT);
	OK(syscall(SYS_poll, abi_bad[0], 0, 0));
	OK(getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_ERRNO(syscall(SYS_poll, &p, limit.rlim_cur + 1, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_ppoll, &p, 0, &wrong, NULL, 0), EINVAL);
	wrong = (struct timespec){-1, 0};
	CHECK_ERRNO(syscall(SYS_ppoll, &p, 0, &wrong, NULL, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_ppoll, &p, 0, abi_bad[0], NULL, 0), EFAULT);
	wrong = (struct timespec){0, 0};
	CHECK_ERRNO(syscall(SYS_ppoll, &p, 0, &wrong, &p, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_ppoll, &p, 0, &wrong, abi_bad[1], 8), EFAULT);
}

ABI_CASE(poll_timeout_lasts)
{
	struct pollfd p = {.events = POLLIN};
	OK(pipe(fds));
	p.fd = fds[0];
	int64_t before = abi_now();
	CHECK_EQ(poll(&p, 1, 30), 0);
	CHECK(abi_now() - before >= 30000000);
	before = abi_now();
	CHECK_EQ(poll(NULL, 0, 20), 0);
	CHECK(abi_now() - before >= 20000000);
}

ABI_CASE(ppoll_writes_the_time_left)
{
	struct timespec left = {5, 0};
	OK(pipe(fds));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	CHECK_EQ(syscall(SYS_ppoll, &p, 1, &left, NULL, 0), 1);
	CHECK(left.tv_sec >= 3 && left.tv_sec < 5);
	left = (struct timespec){0, 1000000};
	p.fd = -1;
	CHECK_EQ(syscall(SYS_ppoll, &p, 1, &left, NULL, 0), 0);
	CHECK_EQ(left.tv_sec, 0);
	CHECK_EQ(left.tv_nsec, 0);
}

ABI_CASE(poll_many_descriptors)
{
	static struct pollfd p[500];
	OK(pipe(fds));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	for (int i = 0; i < 500; i++) {
		p[i].fd = fds[i % 2];
		p[i].events = i % 2 ? POLLOUT : POLLIN;
	}
	CHECK_EQ(poll(p, 500, 0), 500);
	CHECK_EQ(p[498].revents, POLLIN);
	CHECK_EQ(p[499].revents, POLLOUT);
}

static volatile pid_t tid;

static void *poll_thread(void *arg)
{
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	tid = abi_gettid();
	CHECK_EQ(poll(&p, 1, -1), 1);
	*(int *)arg = p.revents;
	return NULL;
}

ABI_CASE(poll_is_woken)
{
	int events = 0;
	OK(pipe(fds));
	tid = 0;
	pthread_t thread = abi_thread(poll_thread, &events);
	abi_wait_sleeping(&tid);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	abi_join(thread);
	CHECK_EQ(events, POLLIN);
	/* And by the closing of the other end. */
	OK(pipe(fds));
	tid = 0;
	thread = abi_thread(poll_thread, &events);
	abi_wait_sleeping(&tid);
	OK(close(fds[1]));
	abi_join(thread);
	CHECK_EQ(events, POLLHUP);
}

ABI_CASE(poll_wakes_all_pollers)
{
	pthread_t threads[5];
	int events[5] = {0};
	OK(pipe(fds));
	for (int i = 0; i < 5; i++) {
		tid = 0;
		threads[i] = abi_thread(poll_thread, &events[i]);
		abi_wait_sleeping(&tid);
	}
	CHECK_EQ(write(fds[1], "x", 1), 1);
	for (int i = 0; i < 5; i++) {
		abi_join(threads[i]);
		CHECK_EQ(events[i], POLLIN);
	}
}

static void *close_polled(void *arg)
{
	abi_wait_sleeping(&tid);
	OK(close(fds[0]));
	CHECK_EQ(write(*(int *)arg, "x", 1), 1);
	return NULL;
}

ABI_CASE(poll_of_a_descriptor_closed_meanwhile)
{
	/* What it tells is not specified; that it ends and nothing breaks is.
	 */
	OK(pipe(fds));
	int copy = OK(dup(fds[0]));
	tid = abi_gettid();
	pthread_t thread = abi_thread(close_polled, &fds[1]);
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK(p.revents == POLLIN || p.revents == POLLNVAL);
	abi_join(thread);
	OK(close(copy));
}

ABI_CASE(select_sets)
{
	fd_set in, out, except;
	struct timeval zero = {0, 0};
	OK(pipe(fds));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(fds[0], &in);
	FD_SET(fds[1], &out);
	FD_SET(fds[0], &except);
	CHECK_EQ(select(fds[1] + 1, &in, &out, &except, &zero), 1);
	CHECK(!FD_ISSET(fds[0], &in));
	CHECK(FD_ISSET(fds[1], &out));
	CHECK(!FD_ISSET(fds[0], &except));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	FD_SET(fds[0], &in);
	CHECK_EQ(select(fds[1] + 1, &in, &out, NULL, &zero), 2);
	/* Nothing beyond nfds is looked at. */
	CHECK_EQ(select(fds[0], &in, &out, NULL, &zero), 0);
}

ABI_CASE(select_errors)
{
	fd_set set;
	struct timeval time = {0, 0};
	FD_ZERO(&set);
	FD_SET(99, &set);
	CHECK_ERRNO(select(100, &set, NULL, NULL, &time), EBADF);
	CHECK_ERRNO(select(-1, NULL, NULL, NULL, &time), EINVAL);
	CHECK_ERRNO(syscall(SYS_select, 10, abi_bad[0], NULL, NULL, &time),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, abi_bad[1]),
		    EFAULT);
	time.tv_sec = -1;
	CHECK_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, &time), EINVAL);
	/* Descriptors beyond the table are cut off, not an error. */
	time.tv_sec = 0;
	static char large[1024 * 1024 / 8];
	CHECK_EQ(syscall(SYS_select, 1024 * 1024, large, NULL, NULL, &time), 0);
	time.tv_usec = 1500000;
	CHECK_EQ(syscall(SYS_select, 0, NULL, NULL, NULL, &time), 0);
}

ABI_CASE(select_time_left)
{
	struct timeval left = {5, 0};
	fd_set set;
	OK(pipe(fds));
	FD_ZERO(&set);
	FD_SET(fds[1], &set);
	CHECK_EQ(select(fds[1] + 1, NULL, &set, NULL, &left), 1);
	CHECK(left.tv_sec >= 3 && left.tv_sec < 5);
	left = (struct timeval){0, 10000};
	int64_t before = abi_now();
	CHECK_EQ(select(0, NULL, NULL, NULL, &left), 0);
	CHECK(abi_now() - before >= 10000000);
	CHECK_EQ(left.tv_usec, 0);
}

ABI_CASE(select_hangup_is_readable_error_is_writable)
{
	fd_set in, out;
	struct timeval zero = {0, 0};
	OK(pipe(fds));
	OK(close(fds[1]));
	FD_ZERO(&in);
	FD_SET(fds[0], &in);
	CHECK_EQ(select(fds[0] + 1, &in, NULL, NULL, &zero), 1);
	OK(close(fds[0]));
	OK(pipe(fds));
	OK(close(fds[0]));
	FD_ZERO(&out);
	FD_SET(fds[1], &out);
	CHECK_EQ(select(fds[1] + 1, NULL, &out, NULL, &zero), 1);
}

ABI_CASE(pselect_arguments)
{
	uint64_t mask = 0;
	struct timespec zero = {0, 0};
	struct {
		void *mask;
		size_t size;
	} set = {&mask, 8};
	CHECK_EQ(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, &set), 0);
	set.size = 4;
	CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, &set),
		    EINVAL);
	set.size = 8;
	set.mask = abi_bad[0];
	CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, &set),
		    EFAULT);
	CHECK_ERRNO(
		syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, abi_bad[1]),
		EFAULT);
	zero.tv_nsec = -1;
	CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, NULL),
		    EINVAL);
}

static void *post_events(void *arg)
{
	uint64_t one = 1;
	for (int i = 0; i < 2000; i++) {
		CHECK_EQ(write(*(int *)arg, &one, 8), 8);
	}
	return NULL;
}

ABI_CASE(poll_loses_no_wakeup)
{
	uint64_t value;
	int fd = OK(eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK));
	pthread_t thread = abi_thread(post_events, &fd);
	for (int i = 0; i < 2000; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		CHECK_EQ(poll(&p, 1, 20000), 1);
		CHECK_EQ(read(fd, &value, 8), 8);
	}
	abi_join(thread);
}
