/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX: the queue of a datagram receiver, who waits for a place in it, and
 * what happens to it when the ends change. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define QUEUE 11 /* max_dgram_qlen and one */

static int events_of(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	OK(poll(&p, 1, 0));
	return p.revents;
}

/* A sender that is connected to the name, with a full queue there. */
static int full_sender(const char *name)
{
	int fd = OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));

	OK(unix_connect(fd, name));
	for (int i = 0; i < QUEUE; i++) {
		CHECK_EQ(events_of(fd), POLLOUT);
		CHECK_EQ(send(fd, "x", 1, 0), 1);
	}
	CHECK_ERRNO(send(fd, "x", 1, 0), EAGAIN);
	return fd;
}

ABI_CASE(full_queue_is_not_writable)
{
	char c;
	int receiver = unix_bound(SOCK_DGRAM, "r");
	int sender = full_sender("r");

	CHECK_EQ(events_of(sender), 0);
	CHECK_EQ(recv(receiver, &c, 1, MSG_PEEK), 1);
	CHECK_EQ(events_of(sender), 0);
	CHECK_EQ(recv(receiver, &c, 1, 0), 1);
	CHECK_EQ(events_of(sender), POLLOUT);
	CHECK_EQ(send(sender, "x", 1, 0), 1);
	CHECK_EQ(events_of(sender), 0);
}

/* A sender without destination can always send somewhere. */
ABI_CASE(full_queue_by_name)
{
	struct sockaddr_un address;
	socklen_t length = unix_name(&address, "r");
	unix_bound(SOCK_DGRAM, "r");
	int sender = OK(socket(AF_UNIX, SOCK_DGRAM, 0));

	for (int i = 0; i < QUEUE; i++) {
		CHECK_EQ(sendto(sender, "x", 1, MSG_DONTWAIT, (void *)&address,
				length),
			 1);
	}
	CHECK_ERRNO(
		sendto(sender, "x", 1, MSG_DONTWAIT, (void *)&address, length),
		EAGAIN);
	CHECK_EQ(events_of(sender), POLLOUT);
}

/* The queues of two that are connected to each other have no such limit. */
ABI_CASE(pairs_have_no_queue_limit)
{
	int fds[2];

	unix_pair(SOCK_DGRAM, fds);
	for (int i = 0; i < 5 * QUEUE; i++) {
		CHECK_EQ(send(fds[0], "x", 1, MSG_DONTWAIT), 1);
	}
	CHECK_EQ(events_of(fds[0]), POLLOUT);
}

ABI_CASE(own_queue_has_no_limit)
{
	struct sockaddr_un address;
	socklen_t length = unix_name(&address, "r");
	int self = unix_bound(SOCK_DGRAM, "r");

	for (int i = 0; i < 5 * QUEUE; i++) {
		CHECK_EQ(sendto(self, "x", 1, MSG_DONTWAIT, (void *)&address,
				length),
			 1);
	}
}

static void *take_one(void *arg)
{
	char c;

	abi_wait_sleeping(arg);
	CHECK_EQ(recv(*((int *)arg + 1), &c, 1, 0), 1);
	return NULL;
}

ABI_CASE(poll_waits_for_a_place)
{
	int args[2] = {abi_gettid(), unix_bound(SOCK_DGRAM, "r")};
	struct pollfd p = {.fd = full_sender("r"), .events = POLLOUT};
	pthread_t thread = abi_thread(take_one, args);

	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK_EQ(p.revents, POLLOUT);
	abi_join(thread);
}

ABI_CASE(epoll_waits_for_a_place)
{
	int args[2] = {abi_gettid(), unix_bound(SOCK_DGRAM, "r")};
	int epoll = OK(epoll_create1(0));
	struct epoll_event event = {.events = EPOLLOUT};

	OK(epoll_ctl(epoll, EPOLL_CTL_ADD, full_sender("r"), &event));
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	pthread_t thread = abi_thread(take_one, args);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 20000), 1);
	CHECK_EQ(event.events, EPOLLOUT);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	abi_join(thread);
}

/* Edges come each time that a full queue gets a place. */
ABI_CASE(epoll_edges_of_places)
{
	char c;
	int receiver = unix_bound(SOCK_DGRAM, "r");
	int sender = full_sender("r");
	int epoll = OK(epoll_create1(0));
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};

	OK(epoll_ctl(epoll, EPOLL_CTL_ADD, sender, &event));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
		CHECK_EQ(recv(receiver, &c, 1, 0), 1);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 20000), 1);
		CHECK_EQ(event.events, EPOLLOUT);
		CHECK_EQ(send(sender, "x", 1, 0), 1);
		CHECK_ERRNO(send(sender, "x", 1, 0), EAGAIN);
	}
}

static void *close_it(void *arg)
{
	abi_wait_sleeping(arg);
	OK(close(*((int *)arg + 1)));
	return NULL;
}

ABI_CASE(place_when_the_receiver_goes)
{
	int args[2] = {abi_gettid(), unix_bound(SOCK_DGRAM, "r")};
	int sender = full_sender("r");
	struct pollfd p = {.fd = sender, .events = POLLOUT};
	pthread_t thread = abi_thread(close_it, args);

	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK_EQ(p.revents, POLLOUT);
	abi_join(thread);
	CHECK_ERRNO(send(sender, "x", 1, 0), ECONNREFUSED);
	CHECK_ERRNO(send(sender, "x", 1, 0), ENOTCONN);
}

ABI_CASE(place_at_another_receiver)
{
	struct sockaddr_un address = {.sun_family = AF_UNSPEC};
	unix_bound(SOCK_DGRAM, "r");
	unix_bound(SOCK_DGRAM, "other");
	int sender = full_sender("r");

	CHECK_EQ(events_of(sender), 0);
	OK(unix_connect(sender, "other"));
	CHECK_EQ(events_of(sender), POLLOUT);
	OK(unix_connect(sender, "r"));
	CHECK_EQ(events_of(sender), 0);
	OK(connect(sender, (void *)&address, sizeof(address)));
	CHECK_EQ(events_of(sender), POLLOUT);
	OK(unix_connect(sender, "r"));
	CHECK_EQ(events_of(sender), 0);
	OK(close(sender));
}

static void *send_one(void *arg)
{
	int *args = arg;

	args[1] = abi_gettid();
	OK(fcntl(args[0], F_SETFL, 0));
	CHECK_EQ(send(args[0], "y", 1, 0), 1);
	return NULL;
}

ABI_CASE(senders_wait_for_a_place)
{
	char c;
	int receiver = unix_bound(SOCK_DGRAM, "r");
	int args[2] = {full_sender("r"), 0};
	pthread_t thread = abi_thread(send_one, args);

	abi_wait_sleeping(&args[1]);
	for (int i = 0; i < QUEUE + 1; i++) {
		CHECK_EQ(recv(receiver, &c, 1, 0), 1);
	}
	CHECK_EQ(c, 'y');
	abi_join(thread);
}

ABI_CASE(place_with_a_timeout)
{
	struct timeval timeout = {.tv_usec = 50000};
	unix_bound(SOCK_DGRAM, "r");
	int sender = full_sender("r");

	OK(fcntl(sender, F_SETFL, 0));
	OK(setsockopt(sender, SOL_SOCKET, SO_SNDTIMEO, &timeout,
		      sizeof(timeout)));
	CHECK_ERRNO(send(sender, "x", 1, 0), EAGAIN);
}

/* What was for another peer is lost, and that peer learns of it. */
ABI_CASE(new_peer_empties_the_queue)
{
	char c;
	int error;
	socklen_t size = sizeof(error);
	int a = unix_bound(SOCK_DGRAM | SOCK_NONBLOCK, "a");
	int b = unix_bound(SOCK_DGRAM | SOCK_NONBLOCK, "b");
	unix_bound(SOCK_DGRAM, "c");

	OK(unix_connect(a, "b"));
	OK(unix_connect(b, "a"));
	CHECK_EQ(send(b, "x", 1, 0), 1);
	OK(unix_connect(a, "c"));
	CHECK_ERRNO(recv(a, &c, 1, 0), EAGAIN);
	CHECK(events_of(b) & POLLERR);
	OK(getsockopt(b, SOL_SOCKET, SO_ERROR, &error, &size));
	CHECK_EQ(error, ECONNRESET);
	CHECK_ERRNO(send(b, "x", 1, 0), EPERM);
}

/* An empty queue or a peer that sends elsewhere: nothing was lost. */
ABI_CASE(new_peer_of_an_empty_queue)
{
	char c;
	int a = unix_bound(SOCK_DGRAM | SOCK_NONBLOCK, "a");
	int b = unix_bound(SOCK_DGRAM | SOCK_NONBLOCK, "b");
	unix_bound(SOCK_DGRAM, "c");

	OK(unix_connect(a, "b"));
	OK(unix_connect(b, "a"));
	OK(unix_connect(a, "c"));
	CHECK_EQ(events_of(b) & POLLERR, 0);
	CHECK_ERRNO(recv(b, &c, 1, 0), EAGAIN);
}

/* The first peer empties nothing; leaving it without another does. */
ABI_CASE(queue_and_the_first_peer)
{
	struct sockaddr_un address = {.sun_family = AF_UNSPEC};
	char c;
	int a = unix_bound(SOCK_DGRAM | SOCK_NONBLOCK, "a");
	int b = unix_bound(SOCK_DGRAM, "b");

	OK(unix_connect(b, "a"));
	CHECK_EQ(send(b, "x", 1, 0), 1);
	CHECK_EQ(send(b, "x", 1, 0), 1);
	OK(unix_connect(a, "b"));
	CHECK_EQ(recv(a, &c, 1, 0), 1);
	OK(connect(a, (void *)&address, sizeof(address)));
	CHECK_ERRNO(recv(a, &c, 1, 0), EAGAIN);
	CHECK_EQ(events_of(b) & POLLERR, POLLERR);
	CHECK_ERRNO(recv(b, &c, 1, MSG_DONTWAIT), ECONNRESET);
	CHECK_ERRNO(recv(b, &c, 1, MSG_DONTWAIT), EAGAIN);
}

ABI_CASE(closed_peer_of_a_pair)
{
	char c;
	int fds[2];

	unix_pair(SOCK_DGRAM, fds);
	CHECK_EQ(send(fds[1], "x", 1, 0), 1);
	OK(close(fds[1]));
	CHECK_EQ(events_of(fds[0]), POLLIN | POLLOUT);
	CHECK_EQ(recv(fds[0], &c, 1, 0), 1);
	CHECK_ERRNO(recv(fds[0], &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(send(fds[0], "x", 1, 0), ECONNREFUSED);
	CHECK_ERRNO(send(fds[0], "x", 1, 0), ENOTCONN);
}

ABI_CASE(datagram_shutdown)
{
	char c;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	unix_pair(SOCK_DGRAM, fds);
	CHECK_EQ(send(fds[1], "x", 1, 0), 1);
	OK(shutdown(fds[0], SHUT_RD));
	CHECK_EQ(events_of(fds[0]), POLLIN | POLLOUT);
	CHECK_EQ(recv(fds[0], &c, 1, 0), 1);
	CHECK_EQ(recv(fds[0], &c, 1, 0), 0);
	CHECK_ERRNO(send(fds[1], "x", 1, 0), EPIPE);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	OK(shutdown(fds[0], SHUT_WR));
	CHECK_EQ(events_of(fds[0]), POLLIN | POLLOUT | POLLHUP);
	CHECK_ERRNO(send(fds[0], "x", 1, 0), EPIPE);
}
