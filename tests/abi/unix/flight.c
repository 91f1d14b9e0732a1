/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX: sockets on their way in each other's queues: chains, circles,
 * limits.  A pipe's write end at the far end of each tells when all is freed:
 * its read end hangs up. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define CHAIN 2000

static long send_file(int fd, int file)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {"f", 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &file, sizeof(int));
	return sendmsg(fd, &message, 0);
}

static int receive_file(int fd, int flags)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char c;
	struct iovec iov = {&c, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int file;

	CHECK_EQ(recvmsg(fd, &message, flags), 1);
	CHECK_EQ(message.msg_controllen, CMSG_SPACE(sizeof(int)));
	memcpy(&file, CMSG_DATA(&control.head), sizeof(int));
	return file;
}

/* The read end of a pipe whose write end is in flight to fd. */
static int send_pipe(int fd)
{
	int pipes[2];

	OK(pipe2(pipes, O_NONBLOCK));
	CHECK_EQ(send_file(fd, pipes[1]), 1);
	OK(close(pipes[1]));
	return pipes[0];
}

static void is_open(int pipe_end)
{
	char c;

	CHECK_ERRNO(read(pipe_end, &c, 1), EAGAIN);
}

/* The collector may work later; any socket that is closed reminds it. */
static void is_collected(int pipe_end)
{
	struct pollfd p = {.fd = pipe_end, .events = POLLIN};

	for (int round = 0; round < 500; round++) {
		OK(close(OK(socket(AF_UNIX, SOCK_DGRAM, 0))));
		if (OK(poll(&p, 1, 20)) == 1) {
			break;
		}
	}
	CHECK_EQ(p.revents, POLLHUP);
}

static void remind(void)
{
	for (int i = 0; i < 100; i++) {
		OK(close(OK(socket(AF_UNIX, SOCK_DGRAM, 0))));
	}
	abi_sleep_ms(20);
}

/* Each in the queue of the one before it, which is in flight already. */
static int build_chain(int type, int *first)
{
	int fds[2], next[2];
	int end;

	unix_pair(type, fds);
	*first = fds[0];
	for (int i = 0; i < CHAIN; i++) {
		unix_pair(type, next);
		CHECK_EQ(send_file(fds[1], next[0]), 1);
		if (i > 0) {
			OK(close(fds[0]));
		}
		OK(close(fds[1]));
		memcpy(fds, next, sizeof(fds));
	}
	end = send_pipe(fds[1]);
	OK(close(fds[0]));
	OK(close(fds[1]));
	return end;
}

ABI_CASE(chain_is_freed)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM, SOCK_SEQPACKET};

	for (int i = 0; i < 3; i++) {
		int first;
		int end = build_chain(types[i], &first);

		is_open(end);
		OK(close(first));
		is_collected(end);
		OK(close(end));
	}
}

ABI_CASE(chain_is_walked)
{
	int first;
	int end = build_chain(SOCK_STREAM, &first);

	for (int i = 0; i < CHAIN; i++) {
		int next = receive_file(first, 0);

		OK(close(first));
		first = next;
	}
	is_open(end);
	OK(close(receive_file(first, 0)));
	is_collected(end);
}

/* Ends that wait to be accepted, each with the next listener in its queue. */
ABI_CASE(chain_of_listeners_is_freed)
{
	int first = unix_listener("first", 5);
	const char *name = "first";
	char names[2][16];
	int end;

	for (int i = 0; i < 300; i++) {
		char *next = names[i % 2];
		int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

		OK(unix_connect(client, name));
		snprintf(next, sizeof(names[0]), "l%d", i);
		int listener = unix_listener(next, 5);
		CHECK_EQ(send_file(client, listener), 1);
		OK(close(listener));
		OK(close(client));
		name = next;
	}
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	OK(unix_connect(client, name));
	end = send_pipe(client);
	OK(close(client));
	is_open(end);
	OK(close(first));
	is_collected(end);
}

ABI_CASE(socket_in_its_own_queue)
{
	int fds[2];

	unix_pair(SOCK_STREAM, fds);
	int end = send_pipe(fds[1]);
	CHECK_EQ(send_file(fds[1], fds[0]), 1);
	OK(close(fds[0]));
	OK(close(fds[1]));
	is_collected(end);
}

/* The other end is in the queue as well: nothing is closed at all. */
ABI_CASE(pair_in_its_own_queues)
{
	int fds[2];

	unix_pair(SOCK_SEQPACKET, fds);
	int end = send_pipe(fds[1]);
	CHECK_EQ(send_file(fds[1], fds[0]), 1);
	CHECK_EQ(send_file(fds[0], fds[1]), 1);
	OK(close(fds[0]));
	OK(close(fds[1]));
	is_collected(end);
}

ABI_CASE(circle_of_sockets)
{
	int fds[7][2];
	int end;

	for (int i = 0; i < 7; i++) {
		unix_pair(SOCK_DGRAM, fds[i]);
	}
	for (int i = 0; i < 7; i++) {
		CHECK_EQ(send_file(fds[i][1], fds[(i + 1) % 7][0]), 1);
		CHECK_EQ(send_file(fds[i][1], fds[(i + 3) % 7][0]), 1);
	}
	end = send_pipe(fds[4][1]);
	for (int i = 0; i < 7; i++) {
		OK(close(fds[i][0]));
		OK(close(fds[i][1]));
	}
	is_collected(end);
}

/* What can still be received stays, with all behind it. */
ABI_CASE(circle_in_reach_stays)
{
	int a[2], b[2], reach[2];

	unix_pair(SOCK_STREAM, a);
	unix_pair(SOCK_STREAM, b);
	unix_pair(SOCK_STREAM, reach);
	int end = send_pipe(b[1]);
	CHECK_EQ(send_file(a[1], b[0]), 1);
	CHECK_EQ(send_file(b[1], a[0]), 1);
	CHECK_EQ(send_file(reach[1], a[0]), 1);
	OK(close(a[0]));
	OK(close(a[1]));
	OK(close(b[0]));
	OK(close(b[1]));
	remind();
	is_open(end);
	/* looking makes another reference */
	int peeked = receive_file(reach[0], MSG_PEEK);
	remind();
	OK(close(receive_file(reach[0], 0)));
	remind();
	is_open(end);
	int second = receive_file(peeked, 0);
	OK(close(receive_file(second, 0))); /* the pipe */
	is_collected(end);
	OK(close(second));
	OK(close(peeked));
}

ABI_CASE(circle_goes_with_its_reach)
{
	int a[2], reach[2];

	unix_pair(SOCK_STREAM, a);
	unix_pair(SOCK_STREAM, reach);
	int end = send_pipe(a[1]);
	CHECK_EQ(send_file(a[1], a[0]), 1);
	CHECK_EQ(send_file(reach[1], a[0]), 1);
	OK(close(a[0]));
	OK(close(a[1]));
	remind();
	is_open(end);
	OK(close(reach[0]));
	is_collected(end);
}

/* A listener in the queue of an end that only it could accept. */
ABI_CASE(listener_in_its_backlog)
{
	int listener = unix_listener("self", 5);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(unix_connect(client, "self"));
	int end = send_pipe(client);
	CHECK_EQ(send_file(client, listener), 1);
	OK(close(listener));
	OK(close(client));
	is_collected(end);
}

ABI_CASE(circles_do_not_pile_up)
{
	int ends[50];

	for (int i = 0; i < 50; i++) {
		int fds[2];

		unix_pair(SOCK_DGRAM, fds);
		ends[i] = send_pipe(fds[1]);
		CHECK_EQ(send_file(fds[1], fds[0]), 1);
		CHECK_EQ(send_file(fds[0], fds[1]), 1);
		OK(close(fds[0]));
		OK(close(fds[1]));
	}
	for (int i = 0; i < 50; i++) {
		is_collected(ends[i]);
	}
}

static int count_until_refused(int fd, int limit)
{
	int count = 0;

	while (count < limit && send_file(fd, 0) == 1) {
		count++;
	}
	return count;
}

static int send_to_the_limit(void)
{
	struct rlimit limit = {20, 20};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    setresgid(54321, 54321, 54321) < 0 ||
	    setresuid(54321, 54321, 54321) < 0) {
		return 1;
	}
	if (count_until_refused(fds[0], 100) != 21 || errno != ETOOMANYREFS) {
		return 2;
	}
	if (write(fds[0], "x", 1) != 1) {
		return 3; /* without files it goes on */
	}
	close(receive_file(fds[1], 0));
	close(receive_file(fds[1], 0));
	if (count_until_refused(fds[0], 100) != 2 || errno != ETOOMANYREFS) {
		return 4;
	}
	close(fds[1]); /* all come back */
	close(fds[0]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
	    count_until_refused(fds[0], 100) != 21) {
		return 5;
	}
	return 0;
}

ABI_CASE(files_in_flight_have_a_limit)
{
	int status;
	pid_t child = OK(fork());

	if (child == 0) {
		_exit(send_to_the_limit());
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

/* Who may exceed it does. */
ABI_CASE(the_privileged_have_no_limit)
{
	struct rlimit limit = {20, 20};
	int status;
	pid_t child = OK(fork());

	if (child == 0) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
		    setrlimit(RLIMIT_NOFILE, &limit) < 0) {
			_exit(1);
		}
		_exit(count_until_refused(fds[0], 100) == 100 ? 0 : 2);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

/* Circles are made, looked into, taken apart or left by all at once. */
static void *make_circles(void *arg)
{
	int *end = arg;

	for (int i = 0; i < 200; i++) {
		int fds[2];

		unix_pair(SOCK_STREAM, fds);
		if (i > 0) {
			OK(close(*end));
		}
		*end = send_pipe(fds[1]);
		CHECK_EQ(send_file(fds[1], fds[0]), 1);
		OK(close(fds[1]));
		if (i % 2 == 0) {
			OK(close(receive_file(fds[0], MSG_PEEK)));
			OK(close(receive_file(fds[0], 0)));
			int self = receive_file(fds[0], MSG_PEEK);
			OK(close(fds[0]));
			fds[0] = receive_file(self, MSG_PEEK);
			OK(close(self));
		}
		OK(close(fds[0]));
	}
	return NULL;
}

ABI_CASE(circles_by_several_threads)
{
	pthread_t threads[4];
	int ends[4];

	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(make_circles, &ends[i]);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	for (int i = 0; i < 4; i++) {
		is_collected(ends[i]);
	}
}
