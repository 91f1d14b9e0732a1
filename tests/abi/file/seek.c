/* SPDX-License-Identifier: BSD-3-Clause */
/* Offsets and sizes: lseek, holes, truncate, fallocate; copying calls. */
#include "abi_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIB 1024L
#define MIB (1024 * KIB)

static int fresh(const char *name)
{
	return OK(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
}

static off_t size_of(int fd)
{
	struct stat st;
	OK(fstat(fd, &st));
	return st.st_size;
}

static char byte_at(int fd, off_t at)
{
	char c = '?';
	CHECK_EQ(pread(fd, &c, 1, at), 1);
	return c;
}

ABI_CASE(lseek_whence)
{
	int fd = fresh("a");
	OK(ftruncate(fd, 100));
	CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
	CHECK_EQ(lseek(fd, -3, SEEK_CUR), 7);
	CHECK_EQ(lseek(fd, 5, SEEK_END), 105);
	CHECK_EQ(lseek(fd, -100, SEEK_END), 0);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, -101, SEEK_END), EINVAL);
	CHECK_ERRNO(lseek(fd, -1, SEEK_CUR), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, 17), EINVAL);
	CHECK_ERRNO(lseek(99, 0, SEEK_SET), EBADF);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
}

ABI_CASE(lseek_data_and_hole)
{
	int fd = fresh("a");
	CHECK_ERRNO(lseek(fd, 0, SEEK_DATA), ENXIO);
	OK(ftruncate(fd, 4 * MIB));
	CHECK_EQ(pwrite(fd, "x", 1, 2 * MIB), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 2 * MIB);
	CHECK_EQ(lseek(fd, 2 * MIB, SEEK_DATA), 2 * MIB);
	off_t hole = lseek(fd, 2 * MIB, SEEK_HOLE);
	CHECK(hole > 2 * MIB && hole <= 4 * MIB);
	CHECK_ERRNO(lseek(fd, 3 * MIB + 1, SEEK_DATA), ENXIO);
	CHECK_ERRNO(lseek(fd, 4 * MIB, SEEK_HOLE), ENXIO);
	CHECK_ERRNO(lseek(fd, -1, SEEK_DATA), ENXIO);
}

ABI_CASE(lseek_is_shared_by_duplicates)
{
	int fd = fresh("a");
	int other = OK(dup(fd));
	int separate = OK(open("a", O_RDWR));
	OK(lseek(fd, 33, SEEK_SET));
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 33);
	CHECK_EQ(lseek(separate, 0, SEEK_CUR), 0);
}

ABI_CASE(truncate_grows_with_zeros)
{
	int fd = fresh("a");
	CHECK_EQ(write(fd, "abcdef", 6), 6);
	OK(ftruncate(fd, 3));
	OK(ftruncate(fd, 10));
	CHECK_EQ(byte_at(fd, 2), 'c');
	CHECK_EQ(byte_at(fd, 3), 0);
	CHECK_EQ(byte_at(fd, 9), 0);
	CHECK_EQ(size_of(fd), 10);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
}

ABI_CASE(truncate_errors)
{
	int fd = fresh("a");
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate("a", -1), EINVAL);
	CHECK_ERRNO(truncate("none", 0), ENOENT);
	CHECK_ERRNO(truncate(".", 0), EISDIR);
	CHECK_ERRNO(truncate("a/b", 0), ENOTDIR);
	CHECK_ERRNO(ftruncate(99, 0), EBADF);
	int fds[2];
	OK(pipe(fds));
	CHECK_ERRNO(ftruncate(fds[1], 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_truncate, abi_bad[0], 0), EFAULT);
	OK(truncate("a", 77));
	CHECK_EQ(size_of(fd), 77);
}

ABI_CASE(sparse_file)
{
	int fd = fresh("a");
	struct stat st;
	OK(ftruncate(fd, 1L << 35));
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 1L << 35);
	CHECK_EQ(st.st_blocks, 0);
	CHECK_EQ(byte_at(fd, (1L << 35) - 1), 0);
	CHECK_EQ(pwrite(fd, "x", 1, 1L << 34), 1);
	OK(fstat(fd, &st));
	CHECK(st.st_blocks > 0 && st.st_blocks < 4096);
	CHECK_EQ(byte_at(fd, 1L << 34), 'x');
}

ABI_CASE(fallocate_sizes)
{
	int fd = fresh("a");
	OK(fallocate(fd, 0, 0, 8 * KIB));
	CHECK_EQ(size_of(fd), 8 * KIB);
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8 * KIB, 8 * KIB));
	CHECK_EQ(size_of(fd), 8 * KIB);
	OK(fallocate(fd, 0, 0, 4 * KIB));
	CHECK_EQ(size_of(fd), 8 * KIB);
	CHECK_EQ(byte_at(fd, 8 * KIB - 1), 0);
	CHECK_EQ(posix_fallocate(fd, 0, 20 * KIB), 0);
	CHECK_EQ(size_of(fd), 20 * KIB);
}

ABI_CASE(fallocate_punch_hole)
{
	char data[3 * 4096];
	int fd = fresh("a");
	memset(data, 'd', sizeof(data));
	CHECK_EQ(write(fd, data, sizeof(data)), sizeof(data));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100,
		     4096 + 100));
	CHECK_EQ(byte_at(fd, 99), 'd');
	CHECK_EQ(byte_at(fd, 100), 0);
	CHECK_EQ(byte_at(fd, 4195), 0);
	CHECK_EQ(byte_at(fd, 4196), 0);
	CHECK_EQ(byte_at(fd, 4096 + 199), 0);
	CHECK_EQ(byte_at(fd, 4096 + 200), 'd');
	CHECK_EQ(size_of(fd), sizeof(data));
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096), EOPNOTSUPP);
}

ABI_CASE(fallocate_errors)
{
	int fd = fresh("a");
	CHECK_ERRNO(fallocate(fd, 0, -1, 1), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, 0, -5), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0x8000, 0, 1), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(99, 0, 0, 1), EBADF);
	fd = OK(open("a", O_RDONLY));
	CHECK_ERRNO(fallocate(fd, 0, 0, 1), EBADF);
	int fds[2];
	OK(pipe(fds));
	CHECK_ERRNO(fallocate(fds[1], 0, 0, 1), ESPIPE);
	CHECK_ERRNO(fallocate(OK(open("/dev/null", O_WRONLY)), 0, 0, 1),
		    ENODEV);
}

ABI_CASE(copy_file_range_offsets)
{
	int in = fresh("a");
	int out = fresh("b");
	char text[16] = "";
	CHECK_EQ(write(in, "0123456789", 10), 10);
	off_t from = 2;
	CHECK_EQ(copy_file_range(in, &from, out, NULL, 5, 0), 5);
	CHECK_EQ(from, 7);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 5);
	CHECK_EQ(copy_file_range(in, &from, out, NULL, 100, 0), 3);
	CHECK_EQ(copy_file_range(in, &from, out, NULL, 100, 0), 0);
	CHECK_EQ(pread(out, text, 16, 0), 8);
	CHECK_EQ(memcmp(text, "23456789", 8), 0);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 10);
}

ABI_CASE(copy_file_range_errors)
{
	int in = fresh("a");
	int out = fresh("b");
	CHECK_EQ(write(in, "0123456789", 10), 10);
	off_t zero = 0, one = 1;
	CHECK_ERRNO(copy_file_range(in, &zero, out, NULL, 5, 1), EINVAL);
	CHECK_ERRNO(copy_file_range(in, &zero, in, &one, 5, 0), EINVAL);
	int read_only = OK(open("b", O_RDONLY));
	CHECK_ERRNO(copy_file_range(in, &zero, read_only, NULL, 5, 0), EBADF);
	int append = OK(open("b", O_WRONLY | O_APPEND));
	CHECK_ERRNO(copy_file_range(in, &zero, append, NULL, 5, 0), EBADF);
	int dir = OK(open(".", O_RDONLY));
	CHECK_ERRNO(copy_file_range(dir, &zero, out, NULL, 5, 0), EISDIR);
	int fds[2];
	OK(pipe(fds));
	CHECK_ERRNO(copy_file_range(fds[0], NULL, out, NULL, 5, 0), EINVAL);
}

ABI_CASE(sendfile_to_file_and_pipe)
{
	int in = fresh("a");
	int out = fresh("b");
	int fds[2];
	char text[16] = "";
	OK(pipe(fds));
	CHECK_EQ(write(in, "0123456789", 10), 10);
	off_t from = 4;
	CHECK_EQ(sendfile(out, in, &from, 100), 6);
	CHECK_EQ(from, 10);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 10);
	OK(lseek(in, 1, SEEK_SET));
	CHECK_EQ(sendfile(fds[1], in, NULL, 3), 3);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 4);
	CHECK_EQ(read(fds[0], text, 16), 3);
	CHECK_EQ(memcmp(text, "123", 3), 0);
	CHECK_ERRNO(syscall(SYS_sendfile, out, in, abi_bad[0], 1), EFAULT);
	CHECK_ERRNO(sendfile(out, 99, NULL, 1), EBADF);
	int append = OK(open("b", O_WRONLY | O_APPEND));
	CHECK_ERRNO(sendfile(append, in, NULL, 1), EINVAL);
}

ABI_CASE(splice_file_pipe_file)
{
	int in = fresh("a");
	int out = fresh("b");
	int fds[2];
	char text[16] = "";
	OK(pipe(fds));
	CHECK_EQ(write(in, "0123456789", 10), 10);
	off_t from = 3;
	CHECK_EQ(splice(in, &from, fds[1], NULL, 4, 0), 4);
	CHECK_EQ(from, 7);
	CHECK_EQ(splice(fds[0], NULL, out, NULL, 100, 0), 4);
	CHECK_EQ(pread(out, text, 16, 0), 4);
	CHECK_EQ(memcmp(text, "3456", 4), 0);
	CHECK_ERRNO(splice(in, NULL, out, NULL, 1, 0), EINVAL);
	CHECK_ERRNO(splice(fds[0], &from, out, NULL, 1, 0), ESPIPE);
	CHECK_ERRNO(splice(in, NULL, fds[1], NULL, 1, 0x1000), EINVAL);
	CHECK_ERRNO(splice(fds[0], NULL, out, NULL, 1, SPLICE_F_NONBLOCK),
		    EAGAIN);
	CHECK_ERRNO(splice(fds[0], NULL, fds[1], NULL, 1, 0), EINVAL);
}

ABI_CASE(tee_duplicates)
{
	int a[2];
	int b[2];
	char text[8] = "";
	OK(pipe(a));
	OK(pipe(b));
	CHECK_EQ(write(a[1], "tee", 3), 3);
	CHECK_EQ(tee(a[0], b[1], 100, 0), 3);
	CHECK_EQ(read(a[0], text, 8), 3);
	CHECK_EQ(read(b[0], text, 8), 3);
	CHECK_EQ(memcmp(text, "tee", 3), 0);
	CHECK_ERRNO(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO(tee(a[0], a[1], 1, 0), EINVAL);
}

ABI_CASE(fsync_family)
{
	int fd = fresh("a");
	int fds[2];
	OK(fsync(fd));
	OK(fdatasync(fd));
	OK(syncfs(fd));
	OK(fsync(OK(open(".", O_RDONLY))));
	OK(pipe(fds));
	CHECK_ERRNO(fsync(fds[0]), EINVAL);
	CHECK_ERRNO(fsync(99), EBADF);
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED) == 0 ? 0 : -1);
	CHECK_EQ(posix_fadvise(fd, 0, 0, 99), EINVAL);
	CHECK_EQ(posix_fadvise(fds[0], 0, 0, POSIX_FADV_NORMAL), ESPIPE);
}
