/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices that every program may expect. */
#include "abi_test.h"

#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

static char buffer[65536];

ABI_CASE(dev_numbers_and_modes)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} table[] = {
		{"/dev/null", 1, 3},	{"/dev/zero", 1, 5},
		{"/dev/full", 1, 7},	{"/dev/random", 1, 8},
		{"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
	};
	struct stat st;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		OK(stat(table[i].path, &st));
		CHECK_EQ(st.st_mode, S_IFCHR | 0666);
		CHECK_EQ(major(st.st_rdev), table[i].major);
		CHECK_EQ(minor(st.st_rdev), table[i].minor);
	}
}

ABI_CASE(dev_null)
{
	int fd = OK(open("/dev/null", O_RDWR));
	CHECK_EQ(read(fd, buffer, 100), 0);
	CHECK_EQ(write(fd, buffer, sizeof(buffer)), sizeof(buffer));
	/* Nothing is read from the buffer, not even its address. */
	CHECK_EQ(syscall(SYS_write, fd, abi_bad[0], 10), 10);
	CHECK_EQ(lseek(fd, 12345, SEEK_SET), 0);
	CHECK_EQ(pwrite(fd, buffer, 5, 1 << 30), 5);
	CHECK_EQ(pread(fd, buffer, 5, 1 << 30), 0);
	CHECK_ERRNO(ftruncate(fd, 5), EINVAL);
	OK(close(OK(open("/dev/null", O_WRONLY | O_TRUNC | O_CREAT, 0600))));
	CHECK_EQ(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED);
	CHECK_EQ(errno, ENODEV);
}

ABI_CASE(dev_zero)
{
	int fd = OK(open("/dev/zero", O_RDWR));
	memset(buffer, 7, sizeof(buffer));
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
	for (size_t i = 0; i < sizeof(buffer); i++) {
		CHECK_EQ(buffer[i], 0);
	}
	CHECK_EQ(write(fd, buffer, 100), 100);
	CHECK_EQ(read(fd, buffer, 0), 0);
	CHECK_ERRNO(syscall(SYS_read, fd, abi_bad[1], 10), EFAULT);
	/* Up to the bad page. */
	char *edge = abi_edge(1000);
	long n = syscall(SYS_read, fd, edge, 5000);
	CHECK(n == 1000 || (n == -1 && errno == EFAULT));
	struct iovec iov[2] = {{buffer, 10}, {buffer + 10, 20}};
	CHECK_EQ(readv(fd, iov, 2), 30);
}

ABI_CASE(dev_zero_shared_mapping)
{
	int fd = OK(open("/dev/zero", O_RDWR));
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(p[5000], 0);
	p[5000] = 1;
	char *q = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(q != MAP_FAILED);
	CHECK_EQ(q[5000], 0);
	CHECK_EQ(p[5000], 1);
}

ABI_CASE(dev_full)
{
	int fd = OK(open("/dev/full", O_RDWR));
	CHECK_ERRNO(write(fd, "x", 1), ENOSPC);
	CHECK_ERRNO(syscall(SYS_write, fd, abi_bad[0], 1), ENOSPC);
	memset(buffer, 7, 100);
	CHECK_EQ(read(fd, buffer, 100), 100);
	CHECK_EQ(buffer[99], 0);
}

ABI_CASE(dev_random)
{
	static const char *const paths[] = {"/dev/random", "/dev/urandom"};
	for (int i = 0; i < 2; i++) {
		char a[64], b[64];
		int fd = OK(open(paths[i], O_RDWR));
		CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
		CHECK_EQ(read(fd, b, sizeof(b)), sizeof(b));
		CHECK(memcmp(a, b, sizeof(a)) != 0);
		CHECK_EQ(write(fd, a, sizeof(a)), sizeof(a));
		CHECK_ERRNO(syscall(SYS_read, fd, abi_bad[0], 10), EFAULT);
		CHECK_ERRNO(syscall(SYS_write, fd, abi_bad[0], 10), EFAULT);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		CHECK_EQ(poll(&p, 1, 0), 1);
		CHECK_EQ(p.revents, POLLIN);
		int bits = -1;
		OK(ioctl(fd, RNDGETENTCNT, &bits));
		CHECK(bits >= 0 && bits <= 4096);
		CHECK_ERRNO(ioctl(fd, 0x1234, 0), EINVAL);
	}
	/* Large reads are whole. */
	int fd = OK(open("/dev/urandom", O_RDONLY));
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
}

ABI_CASE(dev_standard_links)
{
	static const struct {
		const char *path, *target;
	} table[] = {{"/dev/fd", "/proc/self/fd"},
		     {"/dev/stdin", "/proc/self/fd/0"},
		     {"/dev/stdout", "/proc/self/fd/1"},
		     {"/dev/stderr", "/proc/self/fd/2"}};
	for (int i = 0; i < 4; i++) {
		char link[64] = {0};
		OK(readlink(table[i].path, link, sizeof(link) - 1));
		CHECK_EQ(strcmp(link, table[i].target), 0);
	}
}

ABI_CASE(dev_fd_opens_a_pipe)
{
	int fds[2];
	char path[64];
	OK(pipe(fds));
	CHECK_EQ(write(fds[1], "through", 7), 7);
	__builtin_sprintf(path, "/dev/fd/%d", fds[0]);
	int again = OK(open(path, O_RDONLY));
	CHECK_EQ(read(again, buffer, 20), 7);
}

ABI_CASE(dev_is_a_terminal_or_not)
{
	struct termios t;
	int fd = OK(open("/dev/null", O_RDWR));
	CHECK_ERRNO(tcgetattr(fd, &t), ENOTTY);
	fd = OK(open(".", O_RDONLY));
	CHECK_ERRNO(tcgetattr(fd, &t), ENOTTY);
	CHECK_ERRNO(ioctl(99, TCGETS, &t), EBADF);
}

ABI_CASE(dev_shm_is_a_tmpfs)
{
	int fd = OK(open("/dev/shm/abi-test", O_RDWR | O_CREAT | O_EXCL, 0600));
	OK(ftruncate(fd, 8192));
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	p[4096] = 'x';
	CHECK_EQ(pread(fd, buffer, 1, 4096), 1);
	CHECK_EQ(buffer[0], 'x');
	OK(unlink("/dev/shm/abi-test"));
}
