/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX streams: data, ends, blocking, readiness. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>

static short ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	OK(poll(&p, 1, 0));
	return p.revents;
}

ABI_CASE(socket_arguments)
{
	CHECK_ERRNO(socket(AF_UNIX, 77, 0), EINVAL);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 7), EPROTONOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
	CHECK_ERRNO(socket(1000, SOCK_STREAM, 0), EAFNOSUPPORT);
	int fd = OK(
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL), EFAULT);
	CHECK_ERRNO(listen(0, 1), ENOTSOCK);
	CHECK_ERRNO(listen(99, 1), EBADF);
}

ABI_CASE(pair_carries_bytes)
{
	int fds[2];
	char text[16] = {0};

	unix_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "hello", 5), 5);
	CHECK_EQ(send(fds[0], " world", 6, 0), 6);
	CHECK_EQ(read(fds[1], text, sizeof(text)), 11);
	CHECK(memcmp(text, "hello world", 11) == 0);
	CHECK_EQ(write(fds[1], "back", 4), 4);
	CHECK_EQ(recv(fds[0], text, 2, 0), 2);
	CHECK_EQ(recv(fds[0], text, 9, 0), 2);
	CHECK(memcmp(text, "ck", 2) == 0);
}

ABI_CASE(vectors_and_file_kind)
{
	int fds[2];
	char a[3], b[4];
	struct iovec out[2] = {{"abc", 3}, {"defg", 4}};
	struct iovec in[2] = {{a, 3}, {b, 4}};
	struct stat stat;

	unix_pair(SOCK_STREAM, fds);
	CHECK_EQ(writev(fds[0], out, 2), 7);
	CHECK_EQ(readv(fds[1], in, 2), 7);
	CHECK(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
	OK(fstat(fds[0], &stat));
	CHECK(S_ISSOCK(stat.st_mode));
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(pread(fds[0], a, 1, 0), ESPIPE);
}

ABI_CASE(end_of_stream)
{
	int fds[2];
	char c;

	signal(SIGPIPE, SIG_IGN);
	unix_pair(SOCK_STREAM, fds);
	OK(write(fds[0], "x", 1));
	OK(close(fds[0]));
	CHECK_EQ(ready(fds[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	CHECK_EQ(read(fds[1], &c, 1), 1);
	CHECK_EQ(read(fds[1], &c, 1), 0);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	CHECK_ERRNO(send(fds[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}

ABI_CASE(unread_data_resets)
{
	int fds[2];
	char c;

	unix_pair(SOCK_STREAM, fds);
	OK(write(fds[0], "x", 1));
	OK(close(fds[1]));
	CHECK_ERRNO(read(fds[0], &c, 1), ECONNRESET);
	CHECK_EQ(read(fds[0], &c, 1), 0);
}

static volatile sig_atomic_t pipes;

static void count_pipe(int signal)
{
	(void)signal;
	pipes++;
}

ABI_CASE(sigpipe)
{
	int fds[2];

	pipes = 0;
	abi_handler(SIGPIPE, count_pipe, 0);
	unix_pair(SOCK_STREAM, fds);
	OK(close(fds[1]));
	CHECK_ERRNO(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(pipes, 1);
	CHECK_ERRNO(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(pipes, 1);
}

ABI_CASE(shutdown_one_way)
{
	int fds[2];
	char c;

	signal(SIGPIPE, SIG_IGN);
	unix_pair(SOCK_STREAM, fds);
	OK(shutdown(fds[0], SHUT_WR));
	CHECK_ERRNO(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(read(fds[1], &c, 1), 0);
	CHECK_EQ(ready(fds[1]), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(write(fds[1], "y", 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	OK(shutdown(fds[0], SHUT_RD));
	CHECK_EQ(read(fds[0], &c, 1), 0);
	CHECK_ERRNO(write(fds[1], "y", 1), EPIPE);
	CHECK_ERRNO(shutdown(fds[0], 3), EINVAL);
	int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	OK(shutdown(fd, SHUT_WR));
	CHECK_ERRNO(write(fd, "x", 1), ENOTCONN);
}

ABI_CASE(nonblocking)
{
	static char block[65536];
	int fds[2];
	char c;
	long total = 0;

	unix_pair(SOCK_STREAM | SOCK_NONBLOCK, fds);
	CHECK_ERRNO(read(fds[0], &c, 1), EAGAIN);
	for (;;) {
		ssize_t n = write(fds[0], block, sizeof(block));

		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			break;
		}
		total += n;
		CHECK(total < 100 * 1000 * 1000);
	}
	CHECK(total >= 65536);
	CHECK_EQ(ready(fds[0]) & POLLOUT, 0);
	int left;
	OK(ioctl(fds[1], FIONREAD, &left));
	CHECK_EQ(left, total);
	while (total > 0) {
		ssize_t n = OK(read(fds[1], block, sizeof(block)));

		CHECK(n > 0);
		total -= n;
	}
	CHECK_EQ(total, 0);
	CHECK_EQ(ready(fds[0]), POLLOUT);
}

ABI_CASE(message_flags)
{
	int fds[2];
	char text[8];

	unix_pair(SOCK_STREAM, fds);
	CHECK_ERRNO(recv(fds[0], text, 1, MSG_DONTWAIT), EAGAIN);
	OK(write(fds[1], "abcdef", 6));
	CHECK_EQ(recv(fds[0], text, 4, MSG_PEEK), 4);
	CHECK_EQ(recv(fds[0], text, 4, 0), 4);
	CHECK(memcmp(text, "abcd", 4) == 0);
	CHECK_EQ(recv(fds[0], text, 8, MSG_PEEK | MSG_DONTWAIT), 2);
	CHECK_EQ(recv(fds[0], text, 0, 0), 0);
	CHECK_EQ(recv(fds[0], text, 8, 0), 2);
}

static int thread_fds[2];
static volatile pid_t reader_tid;

static void *read_all(void *arg)
{
	static char text[10];

	(void)arg;
	reader_tid = abi_gettid();
	return (void *)recv(thread_fds[0], text, 10, MSG_WAITALL);
}

ABI_CASE(wait_all)
{
	reader_tid = 0;
	unix_pair(SOCK_STREAM, thread_fds);
	pthread_t thread = abi_thread(read_all, NULL);
	abi_wait_sleeping(&reader_tid);
	OK(write(thread_fds[1], "01234", 5));
	abi_sleep_ms(20);
	OK(write(thread_fds[1], "56789", 5));
	CHECK_EQ((long)abi_join(thread), 10);
}

static void *write_much(void *arg)
{
	static char block[1000000];

	(void)arg;
	return (void *)write(thread_fds[1], block, sizeof(block));
}

ABI_CASE(writer_blocks_until_read)
{
	static char block[100000];
	long total = 0;

	unix_pair(SOCK_STREAM, thread_fds);
	pthread_t thread = abi_thread(write_much, NULL);
	while (total < 1000000) {
		total += OK(read(thread_fds[0], block, sizeof(block)));
	}
	CHECK_EQ((long)abi_join(thread), 1000000);
	CHECK_EQ(total, 1000000);
}

ABI_CASE(timeouts)
{
	struct timeval time = {0, 30000};
	int fds[2];
	char c;

	unix_pair(SOCK_STREAM, fds);
	OK(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	int64_t before = abi_now();
	CHECK_ERRNO(read(fds[0], &c, 1), EAGAIN);
	CHECK(abi_now() - before >= 30000000);
	time.tv_usec = 2000000;
	CHECK_ERRNO(setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &time,
			       sizeof(time)),
		    EDOM);
}

ABI_CASE(epoll_edges)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int fds[2];
	char text[8];
	int ep = OK(epoll_create1(0));

	unix_pair(SOCK_STREAM, fds);
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &event));
	CHECK_EQ(epoll_wait(ep, &event, 1, 0), 0);
	OK(write(fds[1], "a", 1));
	CHECK_EQ(epoll_wait(ep, &event, 1, 100), 1);
	CHECK_EQ(event.events, EPOLLIN);
	CHECK_EQ(epoll_wait(ep, &event, 1, 0), 0);
	OK(write(fds[1], "b", 1));
	CHECK_EQ(epoll_wait(ep, &event, 1, 100), 1);
	CHECK_EQ(read(fds[0], text, 8), 2);
	OK(close(fds[1]));
	CHECK_EQ(epoll_wait(ep, &event, 1, 100), 1);
	CHECK_EQ(event.events, EPOLLIN | EPOLLHUP);
}

ABI_CASE(bad_buffers)
{
	int fds[2];

	unix_pair(SOCK_STREAM, fds);
	OK(write(fds[1], "abc", 3));
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(read(fds[0], abi_bad[i], 3), EFAULT);
		CHECK_ERRNO(write(fds[0], abi_bad[i], 3), EFAULT);
		CHECK_ERRNO(recvmsg(fds[0], abi_bad[i], 0), EFAULT);
		CHECK_ERRNO(sendmsg(fds[0], abi_bad[i], 0), EFAULT);
	}
}
