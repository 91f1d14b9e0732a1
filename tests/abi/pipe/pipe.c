/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes, fifos, splice and its kin. */
#include "abi_test.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int fds[2];
static char block[256 * 1024];

ABI_CASE(pipe_arguments)
{
	CHECK_ERRNO(syscall(SYS_pipe2, fds, 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_pipe2, abi_bad[0], 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_pipe, abi_bad[3]), EFAULT);
	/* Nothing stays open behind the failure. */
	CHECK_EQ(dup(0), 3);
	OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	CHECK_EQ(fds[0], 4);
	CHECK_EQ(fds[1], 5);
	CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fds[0], F_GETFL), O_RDONLY | O_NONBLOCK);
	CHECK_EQ(fcntl(fds[1], F_GETFL), O_WRONLY | O_NONBLOCK);
}

ABI_CASE(pipe_directions)
{
	OK(pipe(fds));
	CHECK_ERRNO(write(fds[0], "x", 1), EBADF);
	CHECK_ERRNO(read(fds[1], block, 1), EBADF);
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	CHECK_ERRNO(ftruncate(fds[1], 0), EINVAL);
	CHECK_EQ(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[0], 0),
		 MAP_FAILED);
	CHECK_EQ(errno, ENODEV);
}

ABI_CASE(pipe_end_of_file)
{
	OK(pipe(fds));
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	OK(close(fds[1]));
	CHECK_EQ(read(fds[0], block, 2), 2);
	CHECK_EQ(read(fds[0], block, 2), 1);
	CHECK_EQ(read(fds[0], block, 2), 0);
	CHECK_EQ(read(fds[0], block, 2), 0);
}

static volatile int pipe_signals;

static void count(int sig)
{
	(void)sig;
	pipe_signals++;
}

ABI_CASE(pipe_without_reader)
{
	pipe_signals = 0;
	abi_handler(SIGPIPE, count, 0);
	OK(pipe(fds));
	OK(close(fds[0]));
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	CHECK_EQ(pipe_signals, 1);
	/* Nothing written, nothing wrong. */
	CHECK_EQ(write(fds[1], "x", 0), 0);
	abi_handler(SIGPIPE, SIG_IGN, 0);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
}

ABI_CASE(pipe_capacity)
{
	OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 65536);
	CHECK_EQ(write(fds[1], block, sizeof(block)), 65536);
	CHECK_ERRNO(write(fds[1], block, 1), EAGAIN);
	CHECK_ERRNO(write(fds[1], block, 5000), EAGAIN);
	int count_in = 0;
	OK(ioctl(fds[0], FIONREAD, &count_in));
	CHECK_EQ(count_in, 65536);
	CHECK_EQ(read(fds[0], block, 4096), 4096);
	/* Up to PIPE_BUF it is all or nothing. */
	CHECK_EQ(write(fds[1], block, 4096), 4096);
	CHECK_ERRNO(write(fds[1], block, 1), EAGAIN);
}

ABI_CASE(pipe_resize)
{
	OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	CHECK_EQ(write(fds[1], block, 65536), 4096);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(write(fds[1], block, 65536), 4096);
	CHECK_ERRNO(fcntl(fds[1], F_SETPIPE_SZ, 4096), EBUSY);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 1 << 20);
	int file = OK(open("a", O_RDWR | O_CREAT, 0600));
	CHECK_ERRNO(fcntl(file, F_GETPIPE_SZ), EBADF);
}

ABI_CASE(pipe_bad_buffers)
{
	OK(pipe2(fds, O_NONBLOCK));
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_write, fds[1], abi_bad[i], 5), EFAULT);
	}
	CHECK_ERRNO(read(fds[0], block, 1), EAGAIN);
	CHECK_EQ(write(fds[1], "hello", 5), 5);
	CHECK_ERRNO(syscall(SYS_read, fds[0], abi_bad[0], 5), EFAULT);
	/* What was not delivered is still there. */
	CHECK_EQ(read(fds[0], block, 10), 5);
}

ABI_CASE(pipe_stat)
{
	struct stat a, b;
	OK(pipe(fds));
	OK(fstat(fds[0], &a));
	OK(fstat(fds[1], &b));
	CHECK(S_ISFIFO(a.st_mode));
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(a.st_size, 0);
	char path[64];
	char want[64];
	char link[64] = {0};
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	snprintf(want, sizeof(want), "pipe:[%lu]", (unsigned long)a.st_ino);
	OK(readlink(path, link, sizeof(link) - 1));
	CHECK_EQ(strcmp(link, want), 0);
}

static void *read_slowly(void *arg)
{
	unsigned char buffer[777];
	unsigned int next = 0;
	ssize_t n;
	while ((n = read(fds[0], buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			CHECK_EQ(buffer[i], (next++ * 7) & 0xff);
		}
	}
	*(unsigned int *)arg = next;
	return NULL;
}

ABI_CASE(pipe_carries_all_in_order)
{
	unsigned int total = 0;
	unsigned int sent = 0;
	OK(pipe(fds));
	pthread_t thread = abi_thread(read_slowly, &total);
	for (int i = 0; i < 400; i++) {
		unsigned char buffer[2048];
		size_t size = 1 + (i * 331) % sizeof(buffer);
		for (size_t j = 0; j < size; j++) {
			buffer[j] = (sent++ * 7) & 0xff;
		}
		CHECK_EQ(write(fds[1], buffer, size), size);
	}
	OK(close(fds[1]));
	abi_join(thread);
	CHECK_EQ(total, sent);
}

static void *write_blocks(void *arg)
{
	char buffer[PIPE_BUF];
	memset(buffer, (int)(long)arg, sizeof(buffer));
	for (int i = 0; i < 60; i++) {
		CHECK_EQ(write(fds[1], buffer, sizeof(buffer)), sizeof(buffer));
	}
	return NULL;
}

ABI_CASE(pipe_buf_writes_are_atomic)
{
	pthread_t threads[3];
	OK(pipe(fds));
	for (long i = 0; i < 3; i++) {
		threads[i] = abi_thread(write_blocks, (void *)('a' + i));
	}
	for (int i = 0; i < 180; i++) {
		char buffer[PIPE_BUF];
		size_t got = 0;
		while (got < sizeof(buffer)) {
			got += OK(read(fds[0], buffer + got,
				       sizeof(buffer) - got));
		}
		for (size_t j = 1; j < sizeof(buffer); j++) {
			CHECK_EQ(buffer[j], buffer[0]);
		}
	}
	for (int i = 0; i < 3; i++) {
		abi_join(threads[i]);
	}
}

static void *write_large(void *arg)
{
	(void)arg;
	return (void *)write(fds[1], block, sizeof(block));
}

ABI_CASE(pipe_reader_leaves_blocked_writer)
{
	abi_handler(SIGPIPE, SIG_IGN, 0);
	OK(pipe(fds));
	pthread_t thread = abi_thread(write_large, NULL);
	abi_sleep_ms(20);
	OK(close(fds[0]));
	/* The part that went is the result. */
	CHECK_EQ(abi_join(thread), 65536);
}

static void *read_byte(void *arg)
{
	char c;
	(void)arg;
	return (void *)read(fds[0], &c, 1);
}

ABI_CASE(pipe_writer_leaves_blocked_readers)
{
	pthread_t threads[3];
	OK(pipe(fds));
	for (int i = 0; i < 3; i++) {
		threads[i] = abi_thread(read_byte, NULL);
	}
	abi_sleep_ms(20);
	OK(close(fds[1]));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(abi_join(threads[i]), 0);
	}
}

ABI_CASE(pipe_packet_mode)
{
	OK(pipe2(fds, O_DIRECT));
	CHECK_EQ(write(fds[1], "abcde", 5), 5);
	CHECK_EQ(write(fds[1], "fg", 2), 2);
	/* One read takes one packet; its rest is lost. */
	CHECK_EQ(read(fds[0], block, 3), 3);
	CHECK_EQ(read(fds[0], block, 100), 2);
	CHECK_EQ(block[0], 'f');
}

static void *open_to_write(void *arg)
{
	return (void *)(long)open(arg, O_WRONLY);
}

ABI_CASE(fifo_opens_meet)
{
	struct stat st;
	OK(mkfifo("f", 0644));
	OK(stat("f", &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_ERRNO(open("f", O_WRONLY | O_NONBLOCK), ENXIO);
	int alone = OK(open("f", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(alone, block, 1), 0);
	OK(close(alone));
	pthread_t thread = abi_thread(open_to_write, "f");
	int in = OK(open("f", O_RDONLY));
	int out = (int)(long)abi_join(thread);
	CHECK(out >= 0);
	CHECK_EQ(write(out, "hi", 2), 2);
	CHECK_EQ(read(in, block, 10), 2);
	/* Both ways at once does not wait. */
	int both = OK(open("f", O_RDWR));
	OK(close(out));
	CHECK_EQ(write(both, "x", 1), 1);
	CHECK_EQ(read(in, block, 10), 1);
}

ABI_CASE(splice_arguments)
{
	loff_t at = 0;
	OK(pipe(fds));
	abi_write_file("a", "0123456789");
	int file = OK(open("a", O_RDWR));
	CHECK_ERRNO(splice(file, NULL, file, NULL, 5, 0), EINVAL);
	CHECK_ERRNO(splice(fds[0], &at, file, NULL, 5, 0), ESPIPE);
	CHECK_ERRNO(splice(99, NULL, fds[1], NULL, 5, 0), EBADF);
	CHECK_ERRNO(splice(file, NULL, fds[1], NULL, 5, 0x1000), EINVAL);
	CHECK_ERRNO(syscall(SYS_splice, file, abi_bad[0], fds[1], NULL, 5, 0),
		    EFAULT);
	CHECK_ERRNO(splice(fds[0], NULL, fds[1], NULL, 5, 0), EINVAL);
	CHECK_EQ(splice(file, NULL, fds[1], NULL, 0, 0), 0);
	at = 3;
	CHECK_EQ(splice(file, &at, fds[1], NULL, 4, 0), 4);
	CHECK_EQ(at, 7);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 0);
	CHECK_EQ(read(fds[0], block, 10), 4);
	CHECK_EQ(memcmp(block, "3456", 4), 0);
}

ABI_CASE(splice_between_pipes)
{
	int other[2];
	OK(pipe(fds));
	OK(pipe(other));
	CHECK_EQ(write(fds[1], "hello", 5), 5);
	CHECK_EQ(splice(fds[0], NULL, other[1], NULL, 3, 0), 3);
	CHECK_EQ(read(other[0], block, 10), 3);
	CHECK_EQ(read(fds[0], block, 10), 2);
	CHECK_ERRNO(splice(fds[0], NULL, other[1], NULL, 3, SPLICE_F_NONBLOCK),
		    EAGAIN);
	OK(close(fds[1]));
	CHECK_EQ(splice(fds[0], NULL, other[1], NULL, 3, 0), 0);
}

ABI_CASE(vmsplice_into_pipe)
{
	char text[] = "vmsplice";
	struct iovec iov[2] = {{text, 4}, {text + 4, 4}};
	OK(pipe(fds));
	CHECK_EQ(vmsplice(fds[1], iov, 2, 0), 8);
	CHECK_EQ(read(fds[0], block, 20), 8);
	CHECK_EQ(memcmp(block, text, 8), 0);
	CHECK_ERRNO(syscall(SYS_vmsplice, fds[1], abi_bad[0], 1, 0), EFAULT);
	int file = OK(open("a", O_RDWR | O_CREAT, 0600));
	CHECK_ERRNO(vmsplice(file, iov, 1, 0), EBADF);
}
