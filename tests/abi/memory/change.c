/* SPDX-License-Identifier: BSD-3-Clause */
/* mremap, madvise, mlock, mincore, msync, brk. */
#include "abi_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

/* `count` pages with a number in each, and a hole of `hole` pages behind. */
static char *numbered(size_t count, size_t hole)
{
	char *p = abi_pages(count + hole, RW);
	for (size_t i = 0; i < count; i++) {
		p[i * PAGE] = i + 1;
	}
	if (hole != 0) {
		OK(munmap(p + count * PAGE, hole * PAGE));
	}
	return p;
}

static void check_numbers(const char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		CHECK_EQ(p[i * PAGE], i + 1);
	}
}

ABI_CASE(mremap_grow_in_place)
{
	char *p = numbered(2, 4);
	CHECK_EQ(mremap(p, 2 * PAGE, 5 * PAGE, 0), p);
	check_numbers(p, 0, 2);
	CHECK_EQ(p[4 * PAGE], 0);
	p[4 * PAGE] = 1;
	CHECK_EQ(abi_try_read(p + 5 * PAGE).sig, SIGSEGV);
}

ABI_CASE(mremap_grow_blocked)
{
	char *p = numbered(4, 0);
	CHECK_ERRNO(mremap(p, 2 * PAGE, 3 * PAGE, 0), ENOMEM);
	check_numbers(p, 0, 4);
}

ABI_CASE(mremap_may_move)
{
	char *p = numbered(4, 0);
	char *q = mremap(p, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	CHECK((long)q > 0 && q != p);
	check_numbers(q, 0, 2);
	CHECK_EQ(q[299 * PAGE], 0);
	CHECK_EQ(abi_try_read(p).code, SEGV_MAPERR);
	check_numbers(p, 2, 4);
}

ABI_CASE(mremap_shrink)
{
	char *p = numbered(5, 0);
	CHECK_EQ(mremap(p, 5 * PAGE, 2 * PAGE, 0), p);
	check_numbers(p, 0, 2);
	CHECK_EQ(abi_try_read(p + 2 * PAGE).sig, SIGSEGV);
	CHECK_EQ(mremap(p, 2 * PAGE, 2 * PAGE, 0), p);
}

ABI_CASE(mremap_fixed)
{
	char *p = numbered(3, 0);
	char *to = abi_pages(3, RW);
	memset(to, 0x55, 3 * PAGE);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	CHECK_EQ(mremap(p, 3 * PAGE, 2 * PAGE, flags, to), to);
	check_numbers(to, 0, 2);
	CHECK_EQ(to[2 * PAGE], 0x55);
	CHECK_EQ(abi_try_read(p).sig, SIGSEGV);
	CHECK_EQ(abi_try_read(p + 2 * PAGE).sig, SIGSEGV);
}

ABI_CASE(mremap_errors)
{
	char *p = numbered(3, 0);
	int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	CHECK_ERRNO(mremap(p, PAGE, 0, 0), EINVAL);
	CHECK_ERRNO(mremap(p + 1, PAGE, 2 * PAGE, 0), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, PAGE, 0x100), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, PAGE, MREMAP_FIXED, p + PAGE), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, PAGE, fixed, p + PAGE + 1), EINVAL);
	CHECK_ERRNO(mremap(p, 2 * PAGE, 2 * PAGE, fixed, p + PAGE), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, PAGE, fixed, 0xffff800000000000UL), EINVAL);
	check_numbers(p, 0, 3);
}

ABI_CASE(mremap_bad_range)
{
	char *p = numbered(4, 0);
	OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(mremap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	/* Growing may not span a hole. */
	CHECK_ERRNO(mremap(p, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK_EQ(p[0], 1);
}

ABI_CASE(mremap_duplicate_shared)
{
	/* Old size 0 makes a second mapping of shared pages, mremap(2). */
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK((long)q > 0 && q != p);
	p[PAGE] = 17;
	CHECK_EQ(q[PAGE], 17);
	char *private = numbered(1, 0);
	CHECK_ERRNO(mremap(private, 0, PAGE, MREMAP_MAYMOVE), EINVAL);
}

ABI_CASE(mremap_dontunmap)
{
	char *p = numbered(2, 0);
	int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
	char *q = mremap(p, 2 * PAGE, 2 * PAGE, flags, NULL);
	CHECK((long)q > 0 && q != p);
	check_numbers(q, 0, 2);
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[PAGE], 0);
	p[0] = 77;
	CHECK_EQ(q[0], 1);
	CHECK_ERRNO(mremap(p, 2 * PAGE, PAGE, flags, NULL), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, PAGE, MREMAP_DONTUNMAP, NULL), EINVAL);
}

ABI_CASE(mremap_keeps_protection)
{
	char *p = numbered(2, 0);
	OK(mprotect(p, 2 * PAGE, PROT_READ));
	char *q = mremap(p, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	CHECK_EQ(abi_try_write(q).code, SEGV_ACCERR);
	CHECK_EQ(abi_try_write(q + 3 * PAGE).code, SEGV_ACCERR);
	CHECK_EQ(q[0], 1);
}

ABI_CASE(mremap_file_offset)
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0600));
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pwrite(fd, &i, 4, i * PAGE), 4);
	}
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	char *q = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	CHECK((long)q > 0);
	CHECK_EQ(q[0], 1);
	CHECK_EQ(q[2 * PAGE], 3);
}

ABI_CASE(madvise_errors)
{
	char *p = abi_pages(3, RW);
	CHECK_ERRNO(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERRNO(madvise(p, PAGE, 9999), EINVAL);
	CHECK_ERRNO(madvise(p, -1UL - PAGE, MADV_DONTNEED), EINVAL);
	OK(madvise(p, 0, MADV_DONTNEED));
	OK(munmap(p + PAGE, PAGE));
	p[0] = 1;
	p[2 * PAGE] = 1;
	/* ENOMEM after the mapped parts were done. */
	CHECK_ERRNO(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[2 * PAGE], 0);
}

ABI_CASE(madvise_dontneed_anonymous)
{
	char *p = numbered(4, 0);
	OK(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED));
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(p[3 * PAGE], 4);
	p[PAGE] = 5;
}

ABI_CASE(madvise_dontneed_file)
{
	abi_write_file("a", "original");
	int fd = OK(open("a", O_RDWR));
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	char *s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	p[0] = 'X';
	s[1] = 'Y';
	OK(madvise(p, PAGE, MADV_DONTNEED));
	OK(madvise(s, PAGE, MADV_DONTNEED));
	CHECK_EQ(p[0], 'o');
	CHECK_EQ(p[1], 'Y');
	CHECK_EQ(s[1], 'Y');
}

ABI_CASE(madvise_free)
{
	char *p = numbered(2, 0);
	OK(madvise(p, 2 * PAGE, MADV_FREE));
	/* Old content or zero, until a write makes the page stay. */
	CHECK(p[0] == 0 || p[0] == 1);
	p[0] = 9;
	CHECK_EQ(p[0], 9);
	int fd = memfd_create("x", 0);
	OK(ftruncate(fd, PAGE));
	char *f = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	CHECK_ERRNO(madvise(f, PAGE, MADV_FREE), EINVAL);
}

ABI_CASE(madvise_hints)
{
	static const int hints[] = {MADV_NORMAL,   MADV_RANDOM, MADV_SEQUENTIAL,
				    MADV_DONTDUMP, MADV_DODUMP, MADV_DONTFORK,
				    MADV_DOFORK};
	char *p = numbered(2, 0);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		OK(madvise(p, 2 * PAGE, hints[i]));
	}
	check_numbers(p, 0, 2);
	abi_write_file("a", "text");
	int fd = OK(open("a", O_RDONLY));
	char *f = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	OK(madvise(f, PAGE, MADV_WILLNEED));
	CHECK_EQ(f[0], 't');
}

ABI_CASE(madvise_populate)
{
	unsigned char seen[4];
	char *p = abi_pages(4, RW);
	OK(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE));
	OK(mincore(p, 4 * PAGE, seen));
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(seen[i] & 1, 1);
	}
	OK(mprotect(p, PAGE, PROT_READ));
	OK(madvise(p, PAGE, MADV_POPULATE_READ));
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
	OK(munmap(p, PAGE));
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_READ), ENOMEM);
}

ABI_CASE(madvise_dontneed_races_with_touch)
{
	char *p = abi_pages(1, RW);
	for (int round = 0; round < 1000; round++) {
		p[17] = 1;
		CHECK_EQ(p[17], 1);
		OK(madvise(p, PAGE, MADV_DONTNEED));
		CHECK_EQ(p[17], 0);
	}
}

ABI_CASE(mlock_range)
{
	unsigned char seen[4];
	char *p = abi_pages(4, RW);
	OK(mlock(p + 5, 2 * PAGE));
	OK(mincore(p, 4 * PAGE, seen));
	CHECK_EQ(seen[0] & seen[1] & seen[2] & 1, 1);
	OK(munlock(p, 4 * PAGE));
	OK(mlock(p, 0));
	OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(mlock(p, 3 * PAGE), ENOMEM);
	CHECK_ERRNO(munlock(p, 3 * PAGE), ENOMEM);
	CHECK_ERRNO(mlock(p, -2 * PAGE), EINVAL);
}

ABI_CASE(mlock2_and_mlockall_flags)
{
	char *p = abi_pages(2, RW);
	CHECK_ERRNO(syscall(SYS_mlock2, p, PAGE, 4), EINVAL);
	OK(syscall(SYS_mlock2, p, PAGE, 1));
	OK(munlock(p, PAGE));
	CHECK_ERRNO(mlockall(0), EINVAL);
	CHECK_ERRNO(mlockall(8), EINVAL);
	CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
	OK(mlockall(MCL_CURRENT | MCL_ONFAULT));
	OK(munlockall());
}

ABI_CASE(mincore_states)
{
	unsigned char seen[4];
	memset(seen, 0xee, sizeof(seen));
	char *p = abi_pages(3, RW);
	p[PAGE] = 1;
	OK(mincore(p, 2 * PAGE + 1, seen));
	CHECK_EQ(seen[0] & 1, 0);
	CHECK_EQ(seen[1] & 1, 1);
	CHECK_EQ(seen[2] & 1, 0);
	CHECK_EQ(seen[3], 0xee);
}

ABI_CASE(mincore_errors)
{
	unsigned char seen[4];
	char *p = abi_pages(3, RW);
	CHECK_ERRNO(syscall(SYS_mincore, p + 1, PAGE, seen), EINVAL);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_mincore, p, PAGE, abi_bad[i]), EFAULT);
	}
	CHECK_ERRNO(syscall(SYS_mincore, p, 3 * PAGE, abi_edge(2)), EFAULT);
	OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(syscall(SYS_mincore, p, 3 * PAGE, seen), ENOMEM);
	CHECK_ERRNO(syscall(SYS_mincore, p, 1UL << 62, seen), ENOMEM);
	OK(syscall(SYS_mincore, p, 0, seen));
}

ABI_CASE(msync_errors)
{
	char *p = abi_pages(3, RW);
	OK(msync(p, 2 * PAGE, MS_SYNC));
	OK(msync(p, PAGE, MS_ASYNC | MS_INVALIDATE));
	OK(msync(p, 0, MS_SYNC));
	CHECK_ERRNO(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(p, PAGE, 64), EINVAL);
	CHECK_ERRNO(msync(p + 8, PAGE, MS_SYNC), EINVAL);
	OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(msync(p, 3 * PAGE, MS_SYNC), ENOMEM);
	OK(mlock(p, PAGE));
	CHECK_ERRNO(msync(p, PAGE, MS_INVALIDATE), EBUSY);
	OK(munlock(p, PAGE));
}

static char *raw_brk(void *to)
{
	return (char *)syscall(SYS_brk, to);
}

ABI_CASE(brk_grow_and_shrink)
{
	char *start = raw_brk(NULL);
	CHECK_EQ(raw_brk(start + 10 * PAGE), start + 10 * PAGE);
	char sum = 0;
	for (size_t i = 0; i < 9 * PAGE; i++) {
		sum |= start[PAGE + i];
	}
	CHECK_EQ(sum, 0);
	memset(start + PAGE, 7, 9 * PAGE);
	CHECK_EQ(raw_brk(start), start);
	CHECK_EQ(abi_try_read(start + 2 * PAGE).sig, SIGSEGV);
	CHECK_EQ(raw_brk(start + 3 * PAGE + 1), start + 3 * PAGE + 1);
	CHECK_EQ(start[2 * PAGE], 0);
	CHECK_EQ(raw_brk(start), start);
}

ABI_CASE(brk_refuses_by_returning_the_old)
{
	char *start = raw_brk(NULL);
	CHECK_EQ(raw_brk((void *)PAGE), start);
	CHECK_EQ(raw_brk((void *)0xffff800000000000UL), start);
	CHECK_EQ(raw_brk((void *)0x00007ffffffff000UL), start);
	CHECK_EQ(raw_brk(NULL), start);
	/* A mapping in the way stops it. */
	char *above = (char *)(((unsigned long)start + 8 * PAGE) & ~(PAGE - 1));
	CHECK_EQ(mmap(above, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
		 above);
	CHECK_EQ(raw_brk(above + PAGE), start);
	OK(munmap(above, PAGE));
}
