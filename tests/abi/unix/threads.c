/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX and epoll between threads: nothing is lost, nothing comes twice. */
#include "unix_test.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define ROUNDS	500
#define WORKERS 3
#define PAIRS	8

static int pairs[PAIRS][2];
static int ep;
static atomic_int handled;
static atomic_int spurious;

/* Echoes what comes on one of the sockets; ends when told so. */
static void *worker(void *arg)
{
	(void)arg;
	for (;;) {
		struct epoll_event event;
		char byte;

		if (epoll_wait(ep, &event, 1, 10000) != 1 ||
		    event.data.fd < 0) {
			return NULL;
		}
		if (read(event.data.fd, &byte, 1) == 1) {
			atomic_fetch_add(&handled, 1);
			OK(write(event.data.fd, &byte, 1));
		} else {
			atomic_fetch_add(&spurious, 1);
		}
		event.events = EPOLLIN | EPOLLONESHOT;
		OK(epoll_ctl(ep, EPOLL_CTL_MOD, event.data.fd, &event));
	}
}

ABI_CASE(one_shot_echo)
{
	pthread_t threads[WORKERS];
	int stop[2];

	atomic_store(&handled, 0);
	atomic_store(&spurious, 0);
	ep = OK(epoll_create1(0));
	for (int i = 0; i < PAIRS; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};

		unix_pair(SOCK_STREAM, pairs[i]);
		OK(fcntl(pairs[i][1], F_SETFL, O_NONBLOCK));
		event.data.fd = pairs[i][1];
		OK(epoll_ctl(ep, EPOLL_CTL_ADD, pairs[i][1], &event));
	}
	for (int i = 0; i < WORKERS; i++) {
		threads[i] = abi_thread(worker, NULL);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < PAIRS; i++) {
			char byte = (char)(round + i);

			CHECK_EQ(write(pairs[i][0], &byte, 1), 1);
		}
		for (int i = 0; i < PAIRS; i++) {
			char byte;

			CHECK_EQ(read(pairs[i][0], &byte, 1), 1);
			CHECK_EQ(byte, (char)(round + i));
		}
	}
	unix_pair(SOCK_STREAM, stop);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, stop[0], &event));
	OK(write(stop[1], "x", 1));
	for (int i = 0; i < WORKERS; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(atomic_load(&handled), ROUNDS * PAIRS);
	CHECK_EQ(atomic_load(&spurious), 0);
}

static int server;
static atomic_int accepted;

static void *acceptor(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(server, NULL, NULL);
		char byte = 0;

		if (fd < 0) {
			return NULL;
		}
		read(fd, &byte, 1);
		close(fd);
		if (byte == 'q') {
			return NULL;
		}
		atomic_fetch_add(&accepted, 1);
	}
}

ABI_CASE(acceptors_share_a_listener)
{
	pthread_t threads[WORKERS];

	atomic_store(&accepted, 0);
	server = unix_listener("s", 8);
	for (int i = 0; i < WORKERS; i++) {
		threads[i] = abi_thread(acceptor, NULL);
	}
	for (int i = 0; i < 200 + WORKERS; i++) {
		int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));

		OK(unix_connect(fd, "s"));
		OK(write(fd, i < 200 ? "x" : "q", 1));
		char byte;
		CHECK_EQ(read(fd, &byte, 1), 0);
		OK(close(fd));
	}
	for (int i = 0; i < WORKERS; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(atomic_load(&accepted), 200);
}

static int flood[2];

static void *flooder(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	static char block[70000];

	for (int i = 0; i < 60; i++) {
		size_t size = (seed = seed * 1103515245 + 12345) % 70000 + 1;

		CHECK_EQ(write(flood[0], block, size), size);
	}
	OK(shutdown(flood[0], SHUT_WR));
	return NULL;
}

ABI_CASE(stream_flood)
{
	static char block[50000];
	unsigned seed = 1;
	long expected = 0;
	long total = 0;

	for (int i = 0; i < 60; i++) {
		expected += (seed = seed * 1103515245 + 12345) % 70000 + 1;
	}
	unix_pair(SOCK_STREAM, flood);
	pthread_t thread = abi_thread(flooder, (void *)1);
	for (;;) {
		ssize_t n = OK(read(flood[1], block, sizeof(block)));

		if (n == 0) {
			break;
		}
		total += n;
	}
	abi_join(thread);
	CHECK_EQ(total, expected);
}
