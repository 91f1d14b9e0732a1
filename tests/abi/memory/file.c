/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings of files: sharing, copy-on-write, ends of files, memfd, seals. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)

static int sized_file(const char *name, size_t size)
{
	int fd = OK(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
	OK(ftruncate(fd, size));
	return fd;
}

static char *map_file(int fd, size_t length, int flags, off_t offset)
{
	return (char *)OK(mmap(NULL, length, RW, flags, fd, offset));
}

ABI_CASE(file_private_copy_on_write)
{
	abi_write_file("a", "0123456789");
	int fd = OK(open("a", O_RDWR));
	char *p = map_file(fd, PAGE, MAP_PRIVATE, 0);
	char text[11] = "";
	CHECK_EQ(pwrite(fd, "A", 1, 0), 1);
	CHECK_EQ(p[0], 'A');
	p[1] = 'B';
	CHECK_EQ(pread(fd, text, 10, 0), 10);
	CHECK_EQ(strcmp(text, "A123456789"), 0);
	/* The page is ours now: later writes do not show. */
	CHECK_EQ(pwrite(fd, "C", 1, 2), 1);
	CHECK_EQ(p[2], '2');
}

ABI_CASE(file_private_write_without_read)
{
	abi_write_file("a", "0123456789");
	int fd = OK(open("a", O_RDONLY));
	char *p = map_file(fd, PAGE, MAP_PRIVATE, 0);
	p[9] = 'Z';
	CHECK_EQ(memcmp(p, "012345678Z", 10), 0);
	CHECK_EQ(p[10], 0);
}

ABI_CASE(file_shared_is_the_file)
{
	int fd = sized_file("a", 2 * PAGE);
	char *p = map_file(fd, 2 * PAGE, MAP_SHARED, 0);
	char *q = map_file(fd, PAGE, MAP_SHARED, PAGE);
	char c;
	p[PAGE + 5] = 'x';
	CHECK_EQ(q[5], 'x');
	CHECK_EQ(pread(fd, &c, 1, PAGE + 5), 1);
	CHECK_EQ(c, 'x');
	CHECK_EQ(pwrite(fd, "y", 1, PAGE + 6), 1);
	CHECK_EQ(p[PAGE + 6], 'y');
	OK(msync(p, 2 * PAGE, MS_SYNC));
}

ABI_CASE(file_mapping_outlives_descriptor_and_name)
{
	int fd = sized_file("a", PAGE);
	char *p = map_file(fd, PAGE, MAP_SHARED, 0);
	OK(close(fd));
	p[0] = 'k';
	fd = OK(open("a", O_RDONLY));
	char c = 0;
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'k');
	OK(close(fd));
	OK(unlink("a"));
	p[PAGE - 1] = 'e';
	CHECK_EQ(p[0], 'k');
	OK(munmap(p, PAGE));
}

ABI_CASE(file_tail_of_last_page)
{
	int fd = sized_file("a", 10);
	char *p = map_file(fd, PAGE, MAP_SHARED, 0);
	CHECK_EQ(p[10], 0);
	CHECK_EQ(p[PAGE - 1], 0);
	p[5] = 'i';
	p[20] = 'o';
	CHECK_EQ(lseek(fd, 0, SEEK_END), 10);
	char text[32];
	CHECK_EQ(pread(fd, text, 32, 0), 10);
}

ABI_CASE(file_beyond_end_is_sigbus)
{
	int fd = sized_file("a", PAGE + 1);
	char *p = map_file(fd, 4 * PAGE, MAP_SHARED, 0);
	p[2 * PAGE - 1] = 1;
	struct abi_fault fault = abi_try_read(p + 2 * PAGE + 33);
	CHECK_EQ(fault.sig, SIGBUS);
	CHECK_EQ(fault.code, BUS_ADRERR);
	CHECK_EQ(fault.addr, p + 2 * PAGE + 33);
	char *q = map_file(fd, 4 * PAGE, MAP_PRIVATE, 0);
	fault = abi_try_write(q + 3 * PAGE);
	CHECK_EQ(fault.sig, SIGBUS);
	CHECK_EQ(fault.code, BUS_ADRERR);
	CHECK_EQ(fault.addr, q + 3 * PAGE);
}

ABI_CASE(file_grown_under_mapping)
{
	int fd = sized_file("a", PAGE);
	char *p = map_file(fd, 2 * PAGE, MAP_SHARED, 0);
	CHECK_EQ(abi_try_read(p + PAGE).sig, SIGBUS);
	OK(ftruncate(fd, 2 * PAGE));
	CHECK_EQ(abi_try_read(p + PAGE).sig, 0);
	p[PAGE] = 'g';
	char c = 0;
	CHECK_EQ(pread(fd, &c, 1, PAGE), 1);
	CHECK_EQ(c, 'g');
}

ABI_CASE(file_truncated_under_mapping)
{
	int fd = sized_file("a", 2 * PAGE);
	char *p = map_file(fd, 2 * PAGE, MAP_SHARED, 0);
	char *q = map_file(fd, 2 * PAGE, MAP_PRIVATE, 0);
	p[PAGE] = 1;
	p[9] = 8;
	p[10] = 9;
	q[PAGE + 1] = 2;
	OK(ftruncate(fd, 10));
	CHECK_EQ(abi_try_read(p + PAGE).sig, SIGBUS);
	/* Private copies beyond the end go as well. */
	CHECK_EQ(abi_try_read(q + PAGE + 1).sig, SIGBUS);
	CHECK_EQ(p[9], 8);
	CHECK_EQ(p[10], 0);
	OK(ftruncate(fd, 2 * PAGE));
	CHECK_EQ(p[10], 0);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(q[PAGE + 1], 0);
}

ABI_CASE(file_system_call_into_lost_page)
{
	/* The kernel meets the same end of file: EFAULT, no signal. */
	int fd = sized_file("a", PAGE);
	char *p = map_file(fd, 2 * PAGE, MAP_SHARED, 0);
	int zero = OK(open("/dev/zero", O_RDONLY));
	CHECK_ERRNO(read(zero, p + PAGE, 8), EFAULT);
	/* How far /dev/zero came depends on the Linux version. */
	long n = read(zero, p + PAGE - 3, 8);
	CHECK(n == 3 || (n == -1 && errno == EFAULT));
}

ABI_CASE(file_mapped_at_offset)
{
	int fd = sized_file("a", 8 * PAGE);
	for (char i = 0; i < 8; i++) {
		CHECK_EQ(pwrite(fd, &i, 1, i * PAGE), 1);
	}
	for (int i = 0; i < 8; i++) {
		char *p = map_file(fd, PAGE, MAP_PRIVATE, i * PAGE);
		CHECK_EQ(p[0], i);
		OK(munmap(p, PAGE));
	}
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
			 0x7ffffffffffff000L),
		    EOVERFLOW);
}

ABI_CASE(file_read_into_own_mapping)
{
	/* The page under the copy is the page copied from. */
	int fd = sized_file("a", 2 * PAGE);
	char *p = map_file(fd, 2 * PAGE, MAP_SHARED, 0);
	memset(p, 'q', PAGE);
	CHECK_EQ(pread(fd, p + PAGE, PAGE, 0), PAGE);
	CHECK_EQ(p[2 * PAGE - 1], 'q');
	CHECK_EQ(pwrite(fd, p, PAGE, PAGE), PAGE);
}

ABI_CASE(dev_zero_private_mapping)
{
	int fd = OK(open("/dev/zero", O_RDWR));
	char *p = map_file(fd, 2 * PAGE, MAP_PRIVATE, 0);
	CHECK_EQ(p[0], 0);
	p[0] = 1;
	char *q = map_file(fd, PAGE, MAP_PRIVATE, 0);
	CHECK_EQ(q[0], 0);
}

ABI_CASE(memfd_arguments)
{
	char name[260];
	memset(name, 'n', sizeof(name));
	name[249] = '\0';
	OK(memfd_create(name, 0));
	name[249] = 'n';
	name[250] = '\0';
	CHECK_ERRNO(memfd_create(name, 0), EINVAL);
	CHECK_ERRNO(memfd_create("x", 0x1000), EINVAL);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_memfd_create, abi_bad[i], 0), EFAULT);
	}
	int fd = OK(memfd_create("", MFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
}

ABI_CASE(memfd_name_in_proc)
{
	int fd = OK(memfd_create("some name", 0));
	char path[64];
	char link[64] = "";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(readlink(path, link, sizeof(link) - 1));
	CHECK_EQ(strcmp(link, "/memfd:some name (deleted)"), 0);
}

ABI_CASE(memfd_without_sealing)
{
	int fd = OK(memfd_create("x", 0));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	int zero = OK(open("/dev/zero", O_RDONLY));
	CHECK_ERRNO(fcntl(zero, F_GET_SEALS), EINVAL);
}

ABI_CASE(memfd_seal_size)
{
	int fd = OK(memfd_create("x", MFD_ALLOW_SEALING));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	OK(ftruncate(fd, 2 * PAGE));
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	CHECK_ERRNO(ftruncate(fd, PAGE), EPERM);
	OK(ftruncate(fd, 3 * PAGE));
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CHECK_ERRNO(ftruncate(fd, 4 * PAGE), EPERM);
	CHECK_ERRNO(pwrite(fd, "x", 1, 3 * PAGE), EPERM);
	CHECK_EQ(pwrite(fd, "x", 1, 3 * PAGE - 1), 1);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, 0x1000), EINVAL);
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
}

ABI_CASE(memfd_seal_write)
{
	int fd = OK(memfd_create("x", MFD_ALLOW_SEALING));
	OK(ftruncate(fd, PAGE));
	char *p = map_file(fd, PAGE, MAP_SHARED, 0);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	p[0] = 'w';
	OK(munmap(p, PAGE));
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EPERM);
	p = map_file(fd, PAGE, MAP_PRIVATE, 0);
	CHECK_EQ(p[0], 'w');
	p[0] = 'v';
}

ABI_CASE(memfd_seal_future_write)
{
	int fd = OK(memfd_create("x", MFD_ALLOW_SEALING));
	OK(ftruncate(fd, PAGE));
	char *p = map_file(fd, PAGE, MAP_SHARED, 0);
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	p[0] = 'w';
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EPERM);
	char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK((long)q > 0);
	CHECK_EQ(q[0], 'w');
	CHECK_ERRNO(mprotect(q, PAGE, RW), EACCES);
}
