/* SPDX-License-Identifier: BSD-3-Clause */
/* read and write in all forms: buffers, vectors, offsets, limits. */
#include "abi_test.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int fresh(void)
{
	return OK(open("a", O_RDWR | O_CREAT | O_TRUNC, 0600));
}

static int with_text(const char *text)
{
	int fd = fresh();
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	OK(lseek(fd, 0, SEEK_SET));
	return fd;
}

ABI_CASE(read_bad_descriptor)
{
	char c;
	CHECK_ERRNO(read(-1, &c, 1), EBADF);
	CHECK_ERRNO(read(99, &c, 1), EBADF);
	CHECK_ERRNO(write(INT_MAX, &c, 1), EBADF);
	CHECK_ERRNO(syscall(SYS_close, -1), EBADF);
	CHECK_ERRNO(close(99), EBADF);
}

ABI_CASE(read_directory)
{
	char c;
	int fd = OK(open(".", O_RDONLY));
	CHECK_ERRNO(read(fd, &c, 1), EISDIR);
	CHECK_ERRNO(pread(fd, &c, 1, 0), EISDIR);
}

ABI_CASE(read_to_end)
{
	char text[16];
	int fd = with_text("12345");
	CHECK_EQ(read(fd, text, 3), 3);
	CHECK_EQ(read(fd, text, 16), 2);
	CHECK_EQ(read(fd, text, 16), 0);
	OK(lseek(fd, 1000, SEEK_SET));
	CHECK_EQ(read(fd, text, 16), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1000);
}

ABI_CASE(read_bad_buffers)
{
	int fd = with_text("12345");
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_read, fd, abi_bad[i], 5), EFAULT);
		CHECK_ERRNO(syscall(SYS_pread64, fd, abi_bad[i], 5, 0), EFAULT);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	/* Nothing is copied, so nothing can be wrong. */
	CHECK_EQ(syscall(SYS_read, fd, abi_bad[0], 0), 0);
	lseek(fd, 5, SEEK_SET);
	CHECK_EQ(syscall(SYS_read, fd, abi_bad[0], 5), 0);
}

ABI_CASE(read_half_bad_buffer)
{
	int fd = with_text("1234567890");
	char *edge = abi_edge(4);
	/* What fits is read and counted. */
	CHECK_EQ(syscall(SYS_read, fd, edge, 10), 4);
	CHECK_EQ(memcmp(edge, "1234", 4), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
	CHECK_ERRNO(syscall(SYS_read, fd, edge + 4, 1), EFAULT);
}

ABI_CASE(write_bad_buffers)
{
	int fd = fresh();
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_write, fd, abi_bad[i], 5), EFAULT);
		CHECK_ERRNO(syscall(SYS_pwrite64, fd, abi_bad[i], 5, 0),
			    EFAULT);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	CHECK_EQ(syscall(SYS_write, fd, abi_bad[0], 0), 0);
}

ABI_CASE(write_half_bad_buffer)
{
	int fd = fresh();
	char *edge = abi_edge(4);
	memcpy(edge, "abcd", 4);
	CHECK_EQ(syscall(SYS_write, fd, edge, 10), 4);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 4);
}

ABI_CASE(read_write_huge_count)
{
	/* A count beyond MAX_RW_COUNT is cut; one that leaves memory EFAULT. */
	int fd = with_text("12345");
	char *edge = abi_edge(4096);
	CHECK_EQ(syscall(SYS_read, fd, edge, 0x7ffff000UL + 5), 5);
	CHECK_ERRNO(syscall(SYS_read, fd, edge, ~0UL), EFAULT);
	CHECK_ERRNO(syscall(SYS_write, fd, edge, 1UL << 63), EFAULT);
}

ABI_CASE(pread_pwrite_offsets)
{
	char text[8] = "";
	int fd = with_text("12345");
	CHECK_EQ(pread(fd, text, 8, 3), 2);
	CHECK_EQ(memcmp(text, "45", 2), 0);
	CHECK_EQ(pwrite(fd, "xy", 2, 8), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(pread(fd, text, 8, 5), 5);
	CHECK_EQ(memcmp(text, "\0\0\0xy", 5), 0);
	CHECK_ERRNO(pread(fd, text, 1, -1), EINVAL);
	CHECK_ERRNO(pwrite(fd, text, 1, -1), EINVAL);
	CHECK_EQ(pread(fd, text, 1, 1L << 40), 0);
}

ABI_CASE(pread_on_pipe)
{
	int fd[2];
	char c;
	OK(pipe(fd));
	CHECK_ERRNO(pread(fd[0], &c, 1, 0), ESPIPE);
	CHECK_ERRNO(pwrite(fd[1], &c, 1, 0), ESPIPE);
	CHECK_ERRNO(lseek(fd[0], 0, SEEK_CUR), ESPIPE);
}

ABI_CASE(write_beyond_end_leaves_zeros)
{
	char text[20];
	int fd = with_text("ab");
	OK(lseek(fd, 10, SEEK_SET));
	CHECK_EQ(write(fd, "z", 1), 1);
	CHECK_EQ(pread(fd, text, 20, 0), 11);
	CHECK_EQ(memcmp(text, "ab\0\0\0\0\0\0\0\0z", 11), 0);
}

ABI_CASE(write_file_size_limit)
{
	struct rlimit old;
	struct rlimit now;
	int fd = fresh();
	signal(SIGXFSZ, SIG_IGN);
	OK(getrlimit(RLIMIT_FSIZE, &old));
	now = (struct rlimit){10, old.rlim_max};
	OK(setrlimit(RLIMIT_FSIZE, &now));
	long first = write(fd, "0123456789ABC", 13);
	long second = write(fd, "x", 1);
	int error = errno;
	long grow = ftruncate(fd, 11);
	int grow_error = errno;
	OK(setrlimit(RLIMIT_FSIZE, &old));
	CHECK_EQ(first, 10);
	CHECK_EQ(second, -1);
	CHECK_EQ(error, EFBIG);
	CHECK_EQ(grow, -1);
	CHECK_EQ(grow_error, EFBIG);
}

ABI_CASE(readv_writev_order)
{
	char a[3], b[4];
	int fd = fresh();
	struct iovec out[4] = {{"one", 3}, {NULL, 0}, {"two", 3}, {"three", 5}};
	CHECK_EQ(writev(fd, out, 4), 11);
	OK(lseek(fd, 0, SEEK_SET));
	struct iovec in[2] = {{a, 3}, {b, 4}};
	CHECK_EQ(readv(fd, in, 2), 7);
	CHECK_EQ(memcmp(a, "one", 3), 0);
	CHECK_EQ(memcmp(b, "twot", 4), 0);
	CHECK_EQ(readv(fd, in, 2), 4);
	CHECK_EQ(readv(fd, in, 0), 0);
}

ABI_CASE(vector_limits)
{
	static struct iovec many[IOV_MAX + 1];
	static char bytes[IOV_MAX + 1];
	int fd = fresh();
	for (int i = 0; i <= IOV_MAX; i++) {
		bytes[i] = i;
		many[i] = (struct iovec){bytes + i, 1};
	}
	CHECK_EQ(writev(fd, many, IOV_MAX), IOV_MAX);
	CHECK_ERRNO(writev(fd, many, IOV_MAX + 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_writev, fd, many, -1), EINVAL);
	CHECK_ERRNO(readv(fd, many, IOV_MAX + 1), EINVAL);
	char back[IOV_MAX];
	CHECK_EQ(pread(fd, back, IOV_MAX, 0), IOV_MAX);
	CHECK_EQ(memcmp(back, bytes, IOV_MAX), 0);
}

ABI_CASE(vector_bad_entries)
{
	int fd = fresh();
	struct iovec v[2] = {{"good", 4}, {abi_bad[0], 4}};
	CHECK_EQ(writev(fd, v, 2), 4);
	v[1] = (struct iovec){"x", ~0UL};
	CHECK_ERRNO(writev(fd, v, 2), EINVAL);
	v[0] = (struct iovec){abi_bad[1], 4};
	v[1] = (struct iovec){"good", 4};
	CHECK_ERRNO(writev(fd, v, 2), EFAULT);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_writev, fd, abi_bad[i], 1), EFAULT);
		CHECK_ERRNO(syscall(SYS_readv, fd, abi_bad[i], 1), EFAULT);
	}
	struct iovec *edge = (void *)abi_edge(sizeof(struct iovec));
	*edge = (struct iovec){"x", 1};
	CHECK_ERRNO(syscall(SYS_writev, fd, edge, 2), EFAULT);
	CHECK_EQ(syscall(SYS_writev, fd, edge, 1), 1);
}

ABI_CASE(preadv2_pwritev2)
{
	char text[8] = "";
	int fd = with_text("12345");
	struct iovec in = {text, 8};
	CHECK_EQ(preadv2(fd, &in, 1, 2, 0), 3);
	CHECK_EQ(memcmp(text, "345", 3), 0);
	CHECK_EQ(preadv2(fd, &in, 1, -1, 0), 5);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5);
	CHECK_ERRNO(preadv2(fd, &in, 1, -2, 0), EINVAL);
	CHECK_ERRNO(preadv2(fd, &in, 1, 0, 1 << 30), EOPNOTSUPP);
	struct iovec out = {"Z", 1};
	CHECK_EQ(pwritev2(fd, &out, 1, 0, RWF_APPEND), 1);
	CHECK_EQ(pwritev2(fd, &out, 1, 0, RWF_DSYNC), 1);
	CHECK_EQ(preadv(fd, &in, 1, 0), 6);
	CHECK_EQ(memcmp(text, "Z2345Z", 6), 0);
}

struct writer {
	int fd;
	char mark;
};

static void *append_lines(void *arg)
{
	struct writer *writer = arg;
	char line[64];
	memset(line, writer->mark, sizeof(line));
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(write(writer->fd, line, sizeof(line)), sizeof(line));
	}
	return NULL;
}

ABI_CASE(write_from_threads_is_whole)
{
	/* One open file: the offset is updated atomically, write(2). */
	struct writer writers[4];
	pthread_t threads[4];
	char line[64];
	int counts[4] = {0};
	int fd = fresh();
	for (int i = 0; i < 4; i++) {
		writers[i] = (struct writer){fd, 'a' + i};
		threads[i] = abi_thread(append_lines, &writers[i]);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	OK(lseek(fd, 0, SEEK_SET));
	for (int i = 0; i < 800; i++) {
		CHECK_EQ(read(fd, line, sizeof(line)), sizeof(line));
		for (size_t j = 1; j < sizeof(line); j++) {
			CHECK_EQ(line[j], line[0]);
		}
		counts[line[0] - 'a']++;
	}
	CHECK_EQ(counts[0] == 200 && counts[1] == 200 && counts[2] == 200, 1);
	CHECK_EQ(read(fd, line, 1), 0);
}

ABI_CASE(append_from_threads_loses_nothing)
{
	struct writer writers[4];
	pthread_t threads[4];
	fresh();
	for (int i = 0; i < 4; i++) {
		int fd = OK(open("a", O_WRONLY | O_APPEND));
		writers[i] = (struct writer){fd, 'a' + i};
		threads[i] = abi_thread(append_lines, &writers[i]);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(lseek(writers[0].fd, 0, SEEK_END), 4 * 200 * 64);
}
