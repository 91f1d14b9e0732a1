/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX: options of sockets, and what they change. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <time.h>

static void set_option(int fd, int option, int value)
{
	OK(setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)));
}

static int get_option(int fd, int option)
{
	int value = -77;
	socklen_t size = sizeof(value);

	OK(getsockopt(fd, SOL_SOCKET, option, &value, &size));
	CHECK_EQ(size, sizeof(value));
	return value;
}

ABI_CASE(option_values)
{
	int fds[2], one = 1;

	unix_pair(SOCK_STREAM, fds);
	set_option(fds[0], SO_RCVLOWAT, 0);
	CHECK_EQ(get_option(fds[0], SO_RCVLOWAT), 1);
	set_option(fds[0], SO_RCVLOWAT, -1);
	CHECK_EQ(get_option(fds[0], SO_RCVLOWAT), INT32_MAX);
	set_option(fds[0], SO_RCVBUF, 0);
	CHECK_EQ(get_option(fds[0], SO_RCVBUF), 2304);
	set_option(fds[0], SO_SNDBUF, 0);
	CHECK_EQ(get_option(fds[0], SO_SNDBUF), 4608);
	CHECK_EQ(get_option(fds[0], SO_PEEK_OFF), -1);
	set_option(fds[0], SO_PEEK_OFF, 7);
	CHECK_EQ(get_option(fds[0], SO_PEEK_OFF), 7);
	CHECK_ERRNO(
		setsockopt(fds[0], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)),
		EOPNOTSUPP);
	set_option(fds[0], SO_REUSEPORT, 0);
	CHECK_ERRNO(setsockopt(fds[0], SOL_SOCKET, SO_TYPE, &one, sizeof(one)),
		    ENOPROTOOPT);
}

ABI_CASE(cookies_differ)
{
	int fds[2];
	uint64_t a = 0, b = 0;
	socklen_t size = sizeof(a);

	unix_pair(SOCK_STREAM, fds);
	OK(getsockopt(fds[0], SOL_SOCKET, SO_COOKIE, &a, &size));
	CHECK_EQ(size, sizeof(a));
	OK(getsockopt(fds[1], SOL_SOCKET, SO_COOKIE, &b, &size));
	CHECK(a != 0 && b != 0 && a != b);
	size = 4;
	CHECK_ERRNO(getsockopt(fds[0], SOL_SOCKET, SO_COOKIE, &a, &size),
		    EINVAL);
}

/* --- looking at an offset ---------------------------------------------------
 */

static void is_peeked(int fd, size_t size, const char *text)
{
	char got[32];

	CHECK_EQ(recv(fd, got, size, MSG_PEEK | MSG_DONTWAIT), strlen(text));
	CHECK(memcmp(got, text, strlen(text)) == 0);
}

ABI_CASE(peek_offset_of_a_stream)
{
	int fds[2];
	char text[16];

	unix_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_PEEK_OFF, 0);
	CHECK_EQ(send(fds[0], "abcd", 4, 0), 4);
	CHECK_EQ(send(fds[0], "efgh", 4, 0), 4);
	is_peeked(fds[1], 2, "ab");
	is_peeked(fds[1], 4, "cdef");
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 6);
	CHECK_EQ(recv(fds[1], text, 3, 0), 3);
	CHECK(memcmp(text, "abc", 3) == 0);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 3);
	is_peeked(fds[1], 16, "gh");
	CHECK_ERRNO(recv(fds[1], text, 16, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send(fds[0], "i", 1, 0), 1);
	is_peeked(fds[1], 16, "i");
	CHECK_EQ(recv(fds[1], text, 16, 0), 6);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 0);
	set_option(fds[1], SO_PEEK_OFF, -1);
	CHECK_EQ(send(fds[0], "xy", 2, 0), 2);
	is_peeked(fds[1], 1, "x");
	is_peeked(fds[1], 2, "xy");
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), -1);
}

ABI_CASE(peek_offset_of_messages)
{
	int fds[2];
	char text[16];

	unix_pair(SOCK_DGRAM, fds);
	CHECK_EQ(send(fds[0], "abcd", 4, 0), 4);
	CHECK_EQ(send(fds[0], "efgh", 4, 0), 4);
	set_option(fds[1], SO_PEEK_OFF, 1);
	CHECK_EQ(recv(fds[1], text, 2, MSG_PEEK | MSG_TRUNC), 3);
	CHECK(memcmp(text, "bc", 2) == 0);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 3);
	is_peeked(fds[1], 16, "d");
	is_peeked(fds[1], 16, "efgh");
	CHECK_ERRNO(recv(fds[1], text, 16, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(recv(fds[1], text, 1, 0), 1);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 4);
	CHECK_EQ(recv(fds[1], text, 16, 0), 4);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 0);
}

static void *send_more(void *arg)
{
	abi_wait_sleeping(arg);
	CHECK_EQ(send(*((int *)arg + 1), "more", 4, 0), 4);
	return NULL;
}

ABI_CASE(peek_waits_behind_its_offset)
{
	int fds[2];
	char text[16];

	unix_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_PEEK_OFF, 3);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	int args[2] = {abi_gettid(), fds[0]};
	pthread_t thread = abi_thread(send_more, args);
	CHECK_EQ(recv(fds[1], text, 16, MSG_PEEK), 4);
	CHECK(memcmp(text, "more", 4) == 0);
	abi_join(thread);
}

ABI_CASE(low_water_mark)
{
	int fds[2];
	char text[16];

	unix_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_RCVLOWAT, 6);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	CHECK_EQ(recv(fds[1], text, 2, 0), 2);
	CHECK_EQ(recv(fds[1], text, 16, MSG_DONTWAIT), 1);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	int args[2] = {abi_gettid(), fds[0]};
	pthread_t thread = abi_thread(send_more, args);
	CHECK_EQ(recv(fds[1], text, 16, 0), 7);
	CHECK(memcmp(text, "abcmore", 7) == 0);
	abi_join(thread);
}

/* --- control messages --------------------------------------------------------
 */

union control {
	struct cmsghdr head;
	char room[256];
};

static struct cmsghdr *receive(int fd, union control *control,
			       struct msghdr *message)
{
	static char c[16];
	static struct iovec iov = {c, sizeof(c)};

	*message = (struct msghdr){
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
	OK(recvmsg(fd, message, 0));
	return CMSG_FIRSTHDR(message);
}

ABI_CASE(time_of_a_datagram)
{
	int fds[2];
	union control control;
	struct msghdr message;
	struct timespec before, got, after;

	unix_pair(SOCK_DGRAM, fds);
	CHECK_EQ(get_option(fds[1], SO_TIMESTAMPNS), 0);
	set_option(fds[1], SO_TIMESTAMPNS, 1);
	set_option(fds[1], SO_PASSCRED, 1);
	OK(clock_gettime(CLOCK_REALTIME, &before));
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	struct cmsghdr *head = receive(fds[1], &control, &message);
	OK(clock_gettime(CLOCK_REALTIME, &after));
	CHECK(head != NULL);
	CHECK_EQ(head->cmsg_level, SOL_SOCKET);
	CHECK_EQ(head->cmsg_type, SCM_TIMESTAMPNS);
	CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(got)));
	memcpy(&got, CMSG_DATA(head), sizeof(got));
	CHECK(got.tv_sec >= before.tv_sec && got.tv_sec <= after.tv_sec);
	head = CMSG_NXTHDR(&message, head);
	CHECK(head != NULL);
	CHECK_EQ(head->cmsg_type, SCM_CREDENTIALS);
	/* one of the two */
	set_option(fds[1], SO_TIMESTAMP, 1);
	CHECK_EQ(get_option(fds[1], SO_TIMESTAMP), 1);
	CHECK_EQ(get_option(fds[1], SO_TIMESTAMPNS), 0);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	head = receive(fds[1], &control, &message);
	CHECK(head != NULL);
	CHECK_EQ(head->cmsg_type, SCM_TIMESTAMP);
	CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(struct timeval)));
	set_option(fds[1], SO_TIMESTAMP, 0);
	set_option(fds[1], SO_PASSCRED, 0);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK(receive(fds[1], &control, &message) == NULL);
}

ABI_CASE(streams_have_no_time)
{
	int fds[2];
	union control control;
	struct msghdr message;

	unix_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_TIMESTAMP, 1);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK(receive(fds[1], &control, &message) == NULL);
}

/* What was sent before accept() carries its sender's identity. */
ABI_CASE(identity_before_accept)
{
	struct ucred who;
	union control control;
	struct msghdr message;
	int listener = unix_listener("l", 5);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(unix_connect(client, "l"));
	CHECK_EQ(send(client, "x", 1, 0), 1);
	int end = OK(accept(listener, NULL, NULL));
	CHECK_EQ(get_option(end, SO_PASSCRED), 0);
	set_option(end, SO_PASSCRED, 1);
	struct cmsghdr *head = receive(end, &control, &message);
	CHECK(head != NULL);
	CHECK_EQ(head->cmsg_type, SCM_CREDENTIALS);
	memcpy(&who, CMSG_DATA(head), sizeof(who));
	CHECK_EQ(who.pid, getpid());
	CHECK_EQ(who.uid, getuid());
}

/* Without it they do not, unless somebody asked. */
ABI_CASE(identity_unasked)
{
	int fds[2];
	struct ucred who;
	union control control;
	struct msghdr message;

	unix_pair(SOCK_STREAM, fds);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	set_option(fds[1], SO_PASSCRED, 1);
	struct cmsghdr *head = receive(fds[1], &control, &message);
	CHECK(head != NULL);
	memcpy(&who, CMSG_DATA(head), sizeof(who));
	CHECK_EQ(who.pid, 0);
	CHECK_EQ(who.uid, 65534);
}

/* --- names that come by themselves
 * --------------------------------------------
 */

static socklen_t name_length(int fd)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);

	OK(getsockname(fd, (void *)&address, &length));
	return length;
}

#define NO_NAME	  2
#define AUTO_NAME 8 /* a NUL and five digits */

ABI_CASE(identity_needs_a_name)
{
	struct sockaddr_un address;
	unix_bound(SOCK_DGRAM, "d");
	unix_listener("l", 5);
	socklen_t length = unix_name(&address, "d");
	int fd = OK(socket(AF_UNIX, SOCK_DGRAM, 0));

	CHECK_EQ(sendto(fd, "x", 1, 0, (void *)&address, length), 1);
	CHECK_EQ(name_length(fd), NO_NAME);
	set_option(fd, SO_PASSCRED, 1);
	CHECK_EQ(name_length(fd), NO_NAME);
	CHECK_EQ(sendto(fd, "x", 1, 0, (void *)&address, length), 1);
	CHECK_EQ(name_length(fd), AUTO_NAME);
	fd = OK(socket(AF_UNIX, SOCK_DGRAM, 0));
	set_option(fd, SO_PASSCRED, 1);
	OK(unix_connect(fd, "d"));
	CHECK_EQ(name_length(fd), AUTO_NAME);
	fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	set_option(fd, SO_PASSCRED, 1);
	OK(unix_connect(fd, "l"));
	CHECK_EQ(name_length(fd), AUTO_NAME);
	int fds[2];
	unix_pair(SOCK_STREAM, fds);
	set_option(fds[0], SO_PASSCRED, 1);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK_EQ(name_length(fds[0]), NO_NAME);
}

/* --- the order of errors
 * ------------------------------------------------------ */

ABI_CASE(connect_of_a_connected_one)
{
	int fds[2];
	unix_listener("l", 5);

	unix_pair(SOCK_STREAM, fds);
	CHECK_ERRNO(unix_connect(fds[0], "none"), ENOENT);
	CHECK_ERRNO(unix_connect(fds[0], "l"), EISCONN);
	unix_bound(SOCK_STREAM, "deaf");
	CHECK_ERRNO(unix_connect(fds[0], "deaf"), ECONNREFUSED);
	unix_bound(SOCK_DGRAM, "d");
	CHECK_ERRNO(unix_connect(fds[0], "d"), EPROTOTYPE);
}
