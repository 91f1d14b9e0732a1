/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX: datagrams, sequenced packets, files and identities on their way. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

ABI_CASE(datagrams_keep_borders)
{
	int fds[2];
	char text[16];

	unix_pair(SOCK_DGRAM, fds);
	CHECK_EQ(write(fds[0], "one", 3), 3);
	CHECK_EQ(write(fds[0], "", 0), 0);
	CHECK_EQ(write(fds[0], "three", 5), 5);
	CHECK_EQ(read(fds[1], text, 16), 3);
	CHECK_EQ(read(fds[1], text, 16), 0);
	CHECK_EQ(recv(fds[1], text, 2, MSG_PEEK | MSG_TRUNC), 5);
	CHECK_EQ(read(fds[1], text, 2), 2); /* the rest is lost */
	CHECK_ERRNO(recv(fds[1], text, 2, MSG_DONTWAIT), EAGAIN);
}

ABI_CASE(datagrams_by_name)
{
	struct sockaddr_un address, from;
	socklen_t length = unix_name(&address, "a");
	socklen_t size = sizeof(from);
	char text[16];
	int a = unix_bound(SOCK_DGRAM, "a");
	int b = unix_bound(SOCK_DGRAM, "b");

	CHECK_EQ(sendto(b, "hey", 3, 0, (void *)&address, length), 3);
	CHECK_EQ(recvfrom(a, text, 16, 0, (void *)&from, &size), 3);
	CHECK_EQ(size, PATH_AT + 2);
	CHECK(strcmp(from.sun_path, "b") == 0);
	CHECK_ERRNO(send(b, "x", 1, 0), ENOTCONN);
	OK(unix_connect(b, "a"));
	CHECK_EQ(send(b, "x", 1, 0), 1);
	length = unix_name(&address, "none");
	CHECK_ERRNO(sendto(b, "x", 1, 0, (void *)&address, length), ENOENT);
	address.sun_family = AF_UNSPEC;
	OK(connect(b, (void *)&address, sizeof(address)));
	CHECK_ERRNO(send(b, "x", 1, 0), ENOTCONN);
	OK(unix_connect(b, "a"));
	OK(close(a));
	CHECK_ERRNO(send(b, "x", 1, 0), ECONNREFUSED);
	CHECK_ERRNO(send(b, "x", 1, 0), ENOTCONN);
}

ABI_CASE(connected_datagrams_refuse_others)
{
	struct sockaddr_un address;
	socklen_t length;
	int a = unix_bound(SOCK_DGRAM, "a");
	unix_bound(SOCK_DGRAM, "b");
	int c = unix_bound(SOCK_DGRAM, "c");

	OK(unix_connect(a, "b"));
	length = unix_name(&address, "a");
	CHECK_ERRNO(sendto(c, "x", 1, 0, (void *)&address, length), EPERM);
	CHECK_ERRNO(connect(c, (void *)&address, length), EPERM);
}

ABI_CASE(datagram_too_long)
{
	static char block[400000];
	int fds[2];

	unix_pair(SOCK_DGRAM, fds);
	CHECK_ERRNO(write(fds[0], block, sizeof(block)), EMSGSIZE);
	CHECK_EQ(write(fds[0], block, 100000), 100000);
	CHECK_EQ(read(fds[1], block, sizeof(block)), 100000);
}

ABI_CASE(sequenced_packets)
{
	int fds[2];
	char text[16];
	struct iovec iov = {text, 3};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	signal(SIGPIPE, SIG_IGN);
	unix_pair(SOCK_SEQPACKET, fds);
	OK(write(fds[0], "abcdef", 6));
	OK(write(fds[0], "gh", 2));
	CHECK_EQ(recvmsg(fds[1], &message, 0), 3);
	CHECK(message.msg_flags & MSG_TRUNC);
	CHECK_EQ(read(fds[1], text, 16), 2);
	OK(close(fds[0]));
	CHECK_EQ(read(fds[1], text, 16), 0);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
}

ABI_CASE(several_messages)
{
	int fds[2];
	char text[4][8];
	struct mmsghdr messages[4];
	struct iovec iov[4];

	unix_pair(SOCK_DGRAM, fds);
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < 4; i++) {
		snprintf(text[i], 8, "text%d", i);
		iov[i] = (struct iovec){text[i], (size_t)i + 2};
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK_EQ(sendmmsg(fds[0], messages, 3, 0), 3);
	CHECK_EQ(messages[2].msg_len, 4);
	for (int i = 0; i < 4; i++) {
		iov[i].iov_len = 8;
	}
	CHECK_EQ(recvmmsg(fds[1], messages, 4, MSG_WAITFORONE, NULL), 3);
	CHECK_EQ(messages[0].msg_len, 2);
	CHECK_EQ(messages[1].msg_len, 3);
	CHECK(memcmp(text[2], "text", 4) == 0);
}

/* --- files ------------------------------------------------------------------
 */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(8 * sizeof(int))];
};

static long send_files(int fd, const int *files, unsigned count)
{
	union control control = {0};
	struct iovec iov = {"f", 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.head), files, count * sizeof(int));
	return sendmsg(fd, &message, 0);
}

/* How many files came; *flags: of the message. */
static unsigned receive_files(int fd, int *files, size_t room, int flags,
			      int *flags_out)
{
	union control control = {0};
	char c;
	struct iovec iov = {&c, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = room,
	};

	CHECK_EQ(recvmsg(fd, &message, flags), 1);
	*flags_out = message.msg_flags;
	if (message.msg_controllen < sizeof(struct cmsghdr)) {
		return 0;
	}
	CHECK_EQ(control.head.cmsg_level, SOL_SOCKET);
	CHECK_EQ(control.head.cmsg_type, SCM_RIGHTS);
	unsigned count =
		(unsigned)(control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(files, CMSG_DATA(&control.head), count * sizeof(int));
	return count;
}

ABI_CASE(files_travel)
{
	int fds[2], pipes[2], got[8], flags;
	char text[8];

	unix_pair(SOCK_STREAM, fds);
	OK(pipe(pipes));
	CHECK_EQ(send_files(fds[0], pipes, 2), 1);
	OK(close(pipes[0]));
	OK(close(pipes[1]));
	CHECK_EQ(receive_files(fds[1], got, sizeof(union control),
			       MSG_CMSG_CLOEXEC, &flags),
		 2);
	CHECK_EQ(flags & MSG_CTRUNC, 0);
	CHECK_EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(got[1], "data", 4), 4);
	CHECK_EQ(read(got[0], text, 8), 4);
	/* They were the last ones. */
	OK(close(got[1]));
	CHECK_EQ(read(got[0], text, 8), 0);
}

ABI_CASE(file_errors)
{
	int fds[2], got[8], flags;
	int bad[2] = {0, 99};

	unix_pair(SOCK_STREAM, fds);
	CHECK_ERRNO(send_files(fds[0], bad, 2), EBADF);
	bad[1] = 0;
	CHECK_EQ(send_files(fds[0], bad, 2), 1);
	/* Room for one of two. */
	CHECK_EQ(receive_files(fds[1], got, CMSG_LEN(sizeof(int)), 0, &flags),
		 1);
	CHECK_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* No room at all. */
	CHECK_EQ(send_files(fds[0], bad, 1), 1);
	CHECK_EQ(receive_files(fds[1], got, 0, 0, &flags), 0);
	CHECK_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* A plain read drops them. */
	char c;
	CHECK_EQ(send_files(fds[0], bad, 1), 1);
	CHECK_EQ(read(fds[1], &c, 1), 1);
}

/* Bytes before the files come with them, bytes behind do not. */
ABI_CASE(files_split_a_stream)
{
	int fds[2], file = 0;
	union control control;
	char text[8];
	struct iovec iov = {text, 8};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	unix_pair(SOCK_STREAM, fds);
	OK(write(fds[0], "ab", 2));
	CHECK_EQ(send_files(fds[0], &file, 1), 1);
	OK(write(fds[0], "cd", 2));
	CHECK_EQ(recvmsg(fds[1], &message, 0), 3);
	CHECK_EQ(control.head.cmsg_type, SCM_RIGHTS);
	CHECK_EQ(read(fds[1], text, 8), 2);
}

ABI_CASE(files_closed_with_the_socket)
{
	int fds[2], pipes[2];
	char c;

	unix_pair(SOCK_DGRAM, fds);
	OK(pipe(pipes));
	CHECK_EQ(send_files(fds[0], &pipes[1], 1), 1);
	OK(close(pipes[1]));
	OK(fcntl(pipes[0], F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(read(pipes[0], &c, 1), EAGAIN); /* still open */
	OK(close(fds[1]));
	struct pollfd p = {.fd = pipes[0], .events = POLLIN};
	OK(poll(&p, 1, 1000));
	CHECK_EQ(read(pipes[0], &c, 1), 0);
}

ABI_CASE(identities)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(12)];
	} control = {0};
	struct {
		int pid;
		unsigned uid, gid;
	} who;
	int fds[2], on = 1;
	char c;
	struct iovec iov = {&c, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	unix_pair(SOCK_STREAM, fds);
	OK(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	OK(write(fds[0], "x", 1));
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(control.head.cmsg_type, SCM_CREDENTIALS);
	memcpy(&who, CMSG_DATA(&control.head), sizeof(who));
	CHECK_EQ(who.pid, getpid());
	CHECK_EQ(who.uid, getuid());
	CHECK_EQ(who.gid, getgid());
}

ABI_CASE(bad_control)
{
	union control control = {0};
	struct iovec iov = {"x", 1};
	int fds[2];
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int)),
	};

	unix_pair(SOCK_STREAM, fds);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = 3;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	control.head.cmsg_len = 1000;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	control.head.cmsg_type = 77;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	message.msg_control = abi_bad[0];
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EFAULT);
	message.msg_control = NULL;
	message.msg_iovlen = 2000;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EMSGSIZE);
}
