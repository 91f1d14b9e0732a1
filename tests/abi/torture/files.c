/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors that are closed, removed and filled under their users. */
#include "torture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- epoll
 * -------------------------------------------------------------------- */

#define EVENTS 16

static int epoll;
static _Atomic int slots[EVENTS];
static _Atomic int stop;

static void *wait_for_events(void *arg)
{
	struct epoll_event events[4];
	(void)arg;
	while (!stop) {
		int n = epoll_wait(epoll, events, 4, 1);
		CHECK(n >= 0);
		for (int i = 0; i < n; i++) {
			CHECK(events[i].data.u32 < EVENTS);
		}
	}
	return NULL;
}

static void change_events(long number)
{
	uint32_t random = (uint32_t)number + 77;
	for (int i = 0; i < 800; i++) {
		uint32_t slot = next_random(&random) % EVENTS;
		struct epoll_event event = {.events = EPOLLIN | EPOLLOUT,
					    .data.u32 = slot};
		int old = atomic_exchange(&slots[slot], -1);
		if (old >= 0) {
			/* The close takes it off, or we do before. */
			if (i % 2 == 0) {
				OK(epoll_ctl(epoll, EPOLL_CTL_DEL, old, NULL));
			} else if (i % 3 == 0) {
				event.events |= EPOLLET | EPOLLONESHOT;
				OK(epoll_ctl(epoll, EPOLL_CTL_MOD, old,
					     &event));
			}
			OK(close(old));
		}
		int fd = (int)OK(eventfd(i % 2, EFD_NONBLOCK));
		OK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		old = atomic_exchange(&slots[slot], fd);
		if (old >= 0) {
			OK(close(old));
		}
	}
}

ABI_CASE(epoll_members_come_and_go)
{
	epoll = (int)OK(epoll_create1(0));
	stop = 0;
	for (int i = 0; i < EVENTS; i++) {
		slots[i] = -1;
	}
	pthread_t waiters[2] = {abi_thread(wait_for_events, NULL),
				abi_thread(wait_for_events, NULL)};
	together(3, change_events);
	stop = 1;
	abi_join(waiters[0]);
	abi_join(waiters[1]);
	/* Only what is open is left. */
	struct epoll_event events[4 * EVENTS];
	int open = 0;
	for (int i = 0; i < EVENTS; i++) {
		if (slots[i] >= 0) {
			open++;
			OK(close(slots[i]));
		}
	}
	CHECK(open > 0);
	CHECK_EQ(epoll_wait(epoll, events, 4 * EVENTS, 0), 0);
}

/* --- pipes
 * ----------------------------------------------------------------------- */

static int ends[2];

static void *write_until_broken(void *arg)
{
	(void)arg;
	char piece[300] = {0};
	for (;;) {
		ssize_t n = write(ends[1], piece, sizeof(piece));
		if (n < 0) {
			CHECK_EQ(errno, EPIPE);
			return NULL;
		}
	}
}

ABI_CASE(pipe_readers_go_under_writers)
{
	signal(SIGPIPE, SIG_IGN);
	for (int round = 0; round < 100; round++) {
		char piece[200];
		pthread_t writers[3];
		OK(pipe(ends));
		for (int i = 0; i < 3; i++) {
			writers[i] = abi_thread(write_until_broken, NULL);
		}
		for (int i = 0; i < round % 20; i++) {
			CHECK(read(ends[0], piece, sizeof(piece)) > 0);
		}
		OK(close(ends[0]));
		for (int i = 0; i < 3; i++) {
			abi_join(writers[i]);
		}
		OK(close(ends[1]));
	}
}

static void be_killed_by_pipe(long number)
{
	char piece[5000] = {0};
	(void)number;
	OK(close(ends[0]));
	for (;;) {
		if (write(ends[1], piece, sizeof(piece)) < 0) {
			_exit(1); /* not reached: SIGPIPE */
		}
	}
}

ABI_CASE(pipe_signal_ends_writers)
{
	for (int round = 0; round < 40; round++) {
		char piece[3000];
		pid_t writers[3];
		OK(pipe(ends));
		for (int i = 0; i < 3; i++) {
			writers[i] = in_child(be_killed_by_pipe, i);
		}
		OK(close(ends[1]));
		for (int i = 0; i < round % 8; i++) {
			CHECK(read(ends[0], piece, sizeof(piece)) > 0);
		}
		OK(close(ends[0]));
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(wait_status(writers[i]), SIGPIPE);
		}
	}
}

/* Each byte arrives once, whoever reads. */
static _Atomic long sum;
static void write_numbers(long number)
{
	(void)number;
	for (int i = 0; i < 2000; i++) {
		unsigned char byte = (unsigned char)(i % 100 + 1);
		CHECK_EQ(write(ends[1], &byte, 1), 1);
	}
}
static void *read_numbers(void *arg)
{
	unsigned char bytes[37];
	ssize_t n;
	(void)arg;
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			sum += bytes[i];
		}
	}
	CHECK_EQ(n, 0);
	return NULL;
}

static void pass_numbers(void)
{
	sum = 0;
	pthread_t readers[3];
	for (int i = 0; i < 3; i++) {
		readers[i] = abi_thread(read_numbers, NULL);
	}
	together(3, write_numbers);
	OK(close(ends[1]));
	for (int i = 0; i < 3; i++) {
		abi_join(readers[i]);
	}
	CHECK_EQ(sum, 3 * 20 * (100 * 101 / 2));
	OK(close(ends[0]));
}

ABI_CASE(pipe_bytes_arrive_once)
{
	OK(pipe(ends));
	pass_numbers();
}

ABI_CASE(socket_bytes_arrive_once)
{
	int pair[2];
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ends[0] = pair[0];
	ends[1] = pair[1];
	pass_numbers();
}

/* --- terminals
 * ------------------------------------------------------------------------ */

static int terminal;

static void *read_terminal(void *arg)
{
	char line[64];
	(void)arg;
	for (;;) {
		ssize_t n = read(terminal, line, sizeof(line));
		if (n == 0 || (n < 0 && errno == EIO)) {
			return NULL;
		}
		CHECK(n > 0);
	}
}

ABI_CASE(terminal_closed_under_readers)
{
	for (int round = 0; round < 60; round++) {
		int master = (int)OK(posix_openpt(O_RDWR | O_NOCTTY));
		OK(grantpt(master));
		OK(unlockpt(master));
		terminal = (int)OK(open(ptsname(master), O_RDWR | O_NOCTTY));
		pthread_t readers[3];
		for (int i = 0; i < 3; i++) {
			readers[i] = abi_thread(read_terminal, NULL);
		}
		for (int i = 0; i < round % 5; i++) {
			CHECK_EQ(write(master, "line\n", 5), 5);
		}
		OK(close(master));
		for (int i = 0; i < 3; i++) {
			abi_join(readers[i]);
		}
		OK(close(terminal));
	}
}

/* --- one table of descriptors, all CPUs
 * ------------------------------------------------- */

static void open_and_close(long number)
{
	for (int i = 0; i < 1000; i++) {
		char byte = 0;
		int fd = (int)OK(open("/dev/zero", O_RDONLY));
		int copy = (int)OK(dup(fd));
		CHECK(copy != fd);
		byte = (char)number;
		CHECK_EQ(read(copy, &byte, 1), 1);
		CHECK_EQ(byte, 0);
		OK(close(fd));
		OK(close(copy));
	}
}

/* A number that somebody else closes may be any file, or none. */
static void *close_at_random(void *arg)
{
	uint32_t random = 99;
	int base = (int)(long)arg;
	while (!stop) {
		int fd = base + (int)(next_random(&random) % 8);
		if (next_random(&random) % 2 == 0) {
			dup2(0, fd);
		} else {
			close(fd);
		}
	}
	return NULL;
}

static void use_at_random(long number)
{
	uint32_t random = (uint32_t)number + 3;
	for (int i = 0; i < 2000; i++) {
		int fd = 500 + (int)(next_random(&random) % 8);
		struct pollfd one = {.fd = fd, .events = POLLIN};
		if (fcntl(fd, F_GETFL) < 0) {
			CHECK_EQ(errno, EBADF);
		}
		CHECK(poll(&one, 1, 0) >= 0);
		int copy = dup(fd);
		if (copy < 0) {
			CHECK_EQ(errno, EBADF);
		} else {
			OK(close(copy));
		}
	}
}

ABI_CASE(descriptors_of_one_table)
{
	together(4, open_and_close);
}

ABI_CASE(descriptors_closed_in_use)
{
	stop = 0;
	pthread_t closer = abi_thread(close_at_random, (void *)500l);
	together(3, use_at_random);
	stop = 1;
	abi_join(closer);
}
