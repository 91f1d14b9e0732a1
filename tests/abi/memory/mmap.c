/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap and munmap: arguments, placement, holes, huge reservations, limits. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

static void *map(void *hint, size_t length, int prot, int flags)
{
	return (void *)syscall(SYS_mmap, hint, length, prot, flags, -1, 0);
}

ABI_CASE(mmap_zero_length)
{
	CHECK_ERRNO(map(NULL, 0, RW, ANON), EINVAL);
}

ABI_CASE(mmap_length_overflow)
{
	CHECK_ERRNO(map(NULL, ~0UL, RW, ANON), ENOMEM);
	CHECK_ERRNO(map(NULL, ~0UL - 4095, RW, ANON), ENOMEM);
	CHECK_ERRNO(map(NULL, 1UL << 47, PROT_NONE, ANON | MAP_NORESERVE),
		    ENOMEM);
	CHECK_ERRNO(map(NULL, 1UL << 63, PROT_NONE, ANON | MAP_NORESERVE),
		    ENOMEM);
}

ABI_CASE(mmap_unaligned_offset)
{
	int fd = memfd_create("x", 0);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 2048),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, ANON, -1, 5), EINVAL);
}

ABI_CASE(mmap_without_type)
{
	CHECK_ERRNO(map(NULL, PAGE, RW, MAP_ANONYMOUS), EINVAL);
	int fd = memfd_create("x", 0);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, 0, fd, 0), EINVAL);
}

ABI_CASE(mmap_bad_fd)
{
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, 77, 0), EBADF);
	/* MAP_ANONYMOUS ignores the descriptor, mmap(2). */
	CHECK(syscall(SYS_mmap, 0, PAGE, RW, ANON, 77, 0) > 0);
	int fd = OK(open(".", O_PATH));
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0), EBADF);
}

ABI_CASE(mmap_directory)
{
	int fd = OK(open(".", O_RDONLY | O_DIRECTORY));
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0),
		    ENODEV);
}

ABI_CASE(mmap_access_mode)
{
	abi_write_file("a", "text");
	int fd = OK(open("a", O_WRONLY));
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0),
		    EACCES);
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, PROT_WRITE, MAP_SHARED, fd, 0),
		    EACCES);
	fd = OK(open("a", O_RDONLY));
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0), EACCES);
	OK(syscall(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0));
	OK(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0));
}

ABI_CASE(mmap_shared_validate)
{
	int fd = memfd_create("x", 0);
	OK(ftruncate(fd, PAGE));
	OK(syscall(SYS_mmap, 0, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0));
	CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, RW,
			    MAP_SHARED_VALIDATE | (1 << 21), fd, 0),
		    EOPNOTSUPP);
	/* Plain MAP_SHARED ignores unknown flags, mmap(2). */
	OK(syscall(SYS_mmap, 0, PAGE, RW, MAP_SHARED | (1 << 21), fd, 0));
	CHECK_ERRNO(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS),
		    EINVAL);
}

ABI_CASE(mmap_anonymous_is_zeroed)
{
	for (int round = 0; round < 4; round++) {
		unsigned char *p = (void *)abi_pages(64, RW);
		unsigned long sum = 0;
		for (size_t i = 0; i < 64 * PAGE; i++) {
			sum += p[i];
		}
		CHECK_EQ(sum, 0);
		memset(p, 0xa5, 64 * PAGE);
		OK(munmap(p, 64 * PAGE));
	}
}

ABI_CASE(mmap_untouched_reads_zero)
{
	size_t size = 64UL << 20;
	const long *p = map(NULL, size, PROT_READ, ANON);
	CHECK((long)p > 0);
	long sum = 0;
	for (size_t i = 0; i < size / sizeof(long); i += 64) {
		sum |= p[i];
	}
	CHECK_EQ(sum, 0);
	OK(munmap((void *)p, size));
}

ABI_CASE(mmap_fixed_unaligned)
{
	char *p = abi_pages(2, RW);
	CHECK_ERRNO(map(p + 1, PAGE, RW, ANON | MAP_FIXED), EINVAL);
	CHECK_ERRNO(map(p + 2048, PAGE, RW, ANON | MAP_FIXED_NOREPLACE),
		    EINVAL);
}

ABI_CASE(mmap_fixed_replaces)
{
	char *p = abi_pages(3, RW);
	memset(p, 7, 3 * PAGE);
	CHECK_EQ(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED), p + PAGE);
	CHECK_EQ(p[PAGE - 1], 7);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[2 * PAGE - 1], 0);
	CHECK_EQ(p[2 * PAGE], 7);
}

ABI_CASE(mmap_fixed_noreplace)
{
	char *p = abi_pages(4, RW);
	p[0] = 5;
	int flags = ANON | MAP_FIXED_NOREPLACE;
	CHECK_ERRNO(map(p, PAGE, RW, flags), EEXIST);
	OK(munmap(p + PAGE, 2 * PAGE));
	CHECK_ERRNO(map(p + PAGE, 3 * PAGE, RW, flags), EEXIST);
	CHECK_ERRNO(map(p, 2 * PAGE, RW, flags), EEXIST);
	CHECK_EQ(map(p + PAGE, 2 * PAGE, RW, flags), p + PAGE);
	CHECK_EQ(p[0], 5);
}

ABI_CASE(mmap_fixed_outside)
{
	int flags = ANON | MAP_FIXED;
	CHECK_ERRNO(map((void *)0x00007ffffffff000UL, PAGE, RW, flags), ENOMEM);
	CHECK_ERRNO(map((void *)0x0000800000000000UL, PAGE, RW, flags), ENOMEM);
	CHECK_ERRNO(map((void *)0xffff800000000000UL, PAGE, RW, flags), ENOMEM);
	CHECK_ERRNO(map((void *)0xfffffffffffff000UL, PAGE, RW, flags), ENOMEM);
	CHECK_ERRNO(map((void *)0x00007fffffffe000UL, 2 * PAGE, RW, flags),
		    ENOMEM);
}

ABI_CASE(mmap_hint)
{
	char *p = abi_pages(8, RW);
	OK(munmap(p + 2 * PAGE, 4 * PAGE));
	CHECK_EQ(map(p + 2 * PAGE, PAGE, RW, ANON), p + 2 * PAGE);
	/* A taken hint is no error: the mapping goes elsewhere. */
	char *q = map(p, PAGE, RW, ANON);
	CHECK((long)q > 0 && q != p);
	/* A hint the mapping does not fit at is not used either. */
	q = map(p + 4 * PAGE, 3 * PAGE, RW, ANON);
	CHECK((long)q > 0 && q != p + 4 * PAGE);
	/* A hint outside is ignored. */
	CHECK((long)map((void *)0xffff800000000000UL, PAGE, RW, ANON) > 0);
}

ABI_CASE(mmap_page_aligned_result)
{
	for (size_t size = 1; size < 5 * PAGE; size += 1111) {
		char *p = map(NULL, size, RW, ANON);
		CHECK((long)p > 0);
		CHECK_EQ((unsigned long)p % PAGE, 0);
		/* The whole last page is there. */
		p[((size + PAGE - 1) & ~(PAGE - 1)) - 1] = 1;
		OK(munmap(p, size));
	}
}

#if defined(__x86_64__)
ABI_CASE(mmap_32bit)
{
	char *p = map(NULL, 3 * PAGE, RW, ANON | MAP_32BIT);
	CHECK((long)p > 0 && (unsigned long)p < 1UL << 31);
	p[0] = 1;
	OK(munmap(p, 3 * PAGE));
}
#endif

ABI_CASE(mmap_noreserve_tebibyte)
{
	size_t size = 1UL << 40;
	char *p = map(NULL, size, RW, ANON | MAP_NORESERVE);
	CHECK((long)p > 0);
	p[0] = 1;
	p[size / 2] = 2;
	p[size - 1] = 3;
	CHECK_EQ(p[0] + p[size / 2] + p[size - 1], 6);
	CHECK_EQ(p[size / 3], 0);
	OK(munmap(p, size));
}

ABI_CASE(mmap_reserve_then_commit)
{
	/* What Go and the JVM do: PROT_NONE first, pieces by MAP_FIXED. */
	size_t size = 64UL << 30;
	char *p = map(NULL, size, PROT_NONE, ANON | MAP_NORESERVE);
	CHECK((long)p > 0);
	char *at = p + (3UL << 30);
	CHECK_EQ(map(at, 1 << 20, RW, ANON | MAP_FIXED), at);
	memset(at, 9, 1 << 20);
	CHECK_EQ(abi_try_read(at - 1).sig, SIGSEGV);
	CHECK_EQ(abi_try_read(at + (1 << 20)).sig, SIGSEGV);
	CHECK_EQ(map(at, 1 << 20, PROT_NONE, ANON | MAP_NORESERVE | MAP_FIXED),
		 at);
	CHECK_EQ(abi_try_read(at).code, SEGV_ACCERR);
	OK(mprotect(at, PAGE, RW));
	CHECK_EQ(*at, 0);
	OK(munmap(p, size));
}

ABI_CASE(mmap_populate)
{
	unsigned char seen[16];
	char *p = map(NULL, 16 * PAGE, RW, ANON | MAP_POPULATE);
	CHECK((long)p > 0);
	OK(mincore(p, 16 * PAGE, seen));
	for (int i = 0; i < 16; i++) {
		CHECK_EQ(seen[i] & 1, 1);
	}
}

ABI_CASE(mmap_growsdown)
{
	/* Room for growth, then the top page only; touching below extends. */
	char *p = abi_pages(1024, PROT_NONE);
	OK(munmap(p, 1024 * PAGE));
	char *top = p + 1023 * PAGE;
	CHECK_EQ(map(top, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN), top);
	top[0] = 1;
	CHECK_EQ(abi_try_write(top - 1).sig, 0);
	CHECK_EQ(abi_try_write(top - 8 * PAGE).sig, 0);
	CHECK_EQ(top[-1], 1);
	OK(munmap(top - 8 * PAGE, 9 * PAGE));
}

ABI_CASE(mmap_rlimit_as)
{
	struct rlimit old;
	OK(getrlimit(RLIMIT_AS, &old));
	struct rlimit now = {256UL << 20, old.rlim_max};
	OK(setrlimit(RLIMIT_AS, &now));
	long got = (long)map(NULL, 512UL << 20, PROT_NONE, ANON);
	int error = errno;
	OK(setrlimit(RLIMIT_AS, &old));
	CHECK_EQ(got, -1);
	CHECK_EQ(error, ENOMEM);
}

ABI_CASE(munmap_errors)
{
	char *p = abi_pages(1, RW);
	CHECK_ERRNO(munmap(p + 1, PAGE), EINVAL);
	CHECK_ERRNO(syscall(SYS_munmap, p, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_munmap, p, ~0UL), EINVAL);
	CHECK_ERRNO(syscall(SYS_munmap, 0x0000800000000000UL, PAGE), EINVAL);
	CHECK_ERRNO(syscall(SYS_munmap, 0xffff800000000000UL, PAGE), EINVAL);
	*p = 1;
}

ABI_CASE(munmap_nothing_there)
{
	char *p = abi_pages(4, RW);
	OK(munmap(p, 4 * PAGE));
	OK(munmap(p, 4 * PAGE));
	OK(syscall(SYS_munmap, 0x10000000000UL, 1UL << 30));
}

ABI_CASE(munmap_hole)
{
	char *p = abi_pages(5, RW);
	memset(p, 3, 5 * PAGE);
	OK(munmap(p + 2 * PAGE, PAGE));
	CHECK_EQ(p[2 * PAGE - 1], 3);
	CHECK_EQ(p[3 * PAGE], 3);
	struct abi_fault fault = abi_try_read(p + 2 * PAGE);
	CHECK_EQ(fault.sig, SIGSEGV);
	CHECK_EQ(fault.code, SEGV_MAPERR);
	/* One call over holes and pieces. */
	OK(munmap(p, 5 * PAGE));
	CHECK_EQ(abi_try_read(p + 4 * PAGE).sig, SIGSEGV);
}

ABI_CASE(munmap_rounds_length_up)
{
	char *p = abi_pages(2, RW);
	OK(munmap(p, 1));
	CHECK_EQ(abi_try_read(p + PAGE - 1).sig, SIGSEGV);
	p[PAGE] = 1;
}

ABI_CASE(munmap_many_pieces)
{
	enum { COUNT = 512 };
	char *p = abi_pages(COUNT, RW);
	for (size_t i = 0; i < COUNT; i++) {
		p[i * PAGE] = i % 100;
	}
	for (size_t i = 1; i < COUNT; i += 2) {
		OK(munmap(p + i * PAGE, PAGE));
	}
	for (size_t i = 0; i < COUNT; i += 2) {
		CHECK_EQ(p[i * PAGE], i % 100);
	}
	CHECK_EQ(abi_try_read(p + 301 * PAGE).sig, SIGSEGV);
	OK(munmap(p, COUNT * PAGE));
}

ABI_CASE(mmap_two_mib_regions)
{
	size_t huge = 2UL << 20;
	char *raw = map(NULL, 4 * huge, RW, ANON);
	CHECK((long)raw > 0);
	char *p = (char *)(((unsigned long)raw + huge - 1) & ~(huge - 1));
	for (size_t i = 0; i < 3 * huge; i += PAGE) {
		*(unsigned int *)(p + i) = i;
	}
	/* Split a possible 2 MiB page by protection, hole and replacement. */
	OK(mprotect(p + 5 * PAGE, PAGE, PROT_READ));
	OK(munmap(p + huge + 7 * PAGE, PAGE));
	CHECK_EQ(map(p + 2 * huge, PAGE, RW, ANON | MAP_FIXED), p + 2 * huge);
	CHECK_EQ(abi_try_write(p + 5 * PAGE).code, SEGV_ACCERR);
	CHECK_EQ(abi_try_write(p + huge + 7 * PAGE).code, SEGV_MAPERR);
	for (size_t i = PAGE; i < 3 * huge; i += PAGE) {
		if (i != huge + 7 * PAGE && i != 2 * huge) {
			CHECK_EQ(*(unsigned int *)(p + i), i);
		}
	}
	CHECK_EQ(p[2 * huge], 0);
	OK(munmap(raw, 4 * huge));
}
