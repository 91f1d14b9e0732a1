/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings, and what is shared. */
#include "failure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE   (64 * 4096ul)
#define HUGE   (2ul << 20)
#define RW     (PROT_READ | PROT_WRITE)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)

static char *map(size_t size, int flags)
{
	char *p = mmap(NULL, size, RW, flags, -1, 0);
	CHECK(p != MAP_FAILED);
	return p;
}

static void unmap(long r, size_t size)
{
	if (r != -1) {
		OK(munmap((void *)r, size));
	}
}

static void map_area(void)
{
	area = map(SIZE, ANON);
	memset(area, 1, SIZE);
}

static void drop_area(void)
{
	OK(munmap(area, SIZE));
}

static void map_file(int flags)
{
	a = (int)OK(memfd_create("m", MFD_CLOEXEC));
	OK(ftruncate(a, (off_t)SIZE));
	area = mmap(NULL, SIZE, RW, flags, a, 0);
	CHECK(area != MAP_FAILED);
}

static void drop_file(void)
{
	OK(close(a));
	drop_area();
}

TRIAL(map_anonymous, (void)0, mmap(NULL, SIZE, RW, ANON, -1, 0), unmap(r, SIZE))
TRIAL(map_shared, (void)0, mmap(NULL, SIZE, RW, SHARED, -1, 0), unmap(r, SIZE))
TRIAL(map_populate, (void)0, mmap(NULL, SIZE, RW, ANON | MAP_POPULATE, -1, 0),
      unmap(r, SIZE))
TRIAL(map_shared_populate, (void)0,
      mmap(NULL, SIZE, RW, SHARED | MAP_POPULATE, -1, 0), unmap(r, SIZE))
TRIAL(map_large, (void)0, mmap(NULL, 2 * HUGE, RW, ANON | MAP_POPULATE, -1, 0),
      unmap(r, 2 * HUGE))
TRIAL(map_over, map_area(),
      mmap(area + 4096, 8192, PROT_READ, ANON | MAP_FIXED, -1, 0), drop_area())
TRIAL(map_file_private, map_file(MAP_PRIVATE),
      mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_POPULATE, a, 0),
      (unmap(r, SIZE), drop_file()))
TRIAL(map_file_shared, map_file(MAP_SHARED),
      mmap(NULL, SIZE, RW, MAP_SHARED | MAP_POPULATE, a, 0),
      (unmap(r, SIZE), drop_file()))
TRIAL(unmap_middle, map_area(), munmap(area + 8192, 4096), drop_area())
TRIAL(protect_middle, map_area(), mprotect(area + 8192, 4096, PROT_READ),
      drop_area())
TRIAL(protect_write, (map_area(), OK(mprotect(area, SIZE, PROT_READ))),
      mprotect(area + 4096, 8192, RW), drop_area())

static long grow(void)
{
	char *p = mremap(area, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	if (p == MAP_FAILED) {
		return -1;
	}
	area = p;
	return 0;
}
TRIAL(remap_grow, map_area(), grow(),
      (r == 0 ? OK(munmap(area + SIZE, SIZE)) : 0, CHECK_EQ(area[SIZE - 1], 1),
       drop_area()))

static char *target;
static long move(void)
{
	return mremap(area, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      target) == MAP_FAILED
		       ? -1
		       : 0;
}
static void after_move(long r)
{
	/* As on Linux the target may be gone already when the move fails. */
	CHECK_EQ((r == 0 ? target : area)[SIZE - 1], 1);
	OK(munmap(target, SIZE));
	drop_area();
}
TRIAL(remap_move, (map_area(), target = map(SIZE, ANON)), move(), after_move(r))
TRIAL(remap_duplicate, map_file(MAP_SHARED),
      mremap(area, 0, SIZE, MREMAP_MAYMOVE), (unmap(r, SIZE), drop_file()))
TRIAL(discard, map_area(), madvise(area, SIZE, MADV_DONTNEED), drop_area())
TRIAL(free_lazily, map_area(), madvise(area, SIZE, MADV_FREE), drop_area())
TRIAL(advise_middle, map_area(), madvise(area + 4096, 4096, MADV_DONTFORK),
      drop_area())
TRIAL(will_need, map_file(MAP_SHARED), madvise(area, SIZE, MADV_WILLNEED),
      drop_file())
TRIAL(populate_write, area = map(SIZE, ANON),
      madvise(area, SIZE, MADV_POPULATE_WRITE), drop_area())
TRIAL(punch_mapped, (map_file(MAP_SHARED), memset(area, 1, SIZE)),
      madvise(area + 4096, 8192, MADV_REMOVE), drop_file())
TRIAL(lock_, area = map(SIZE, ANON), mlock(area, SIZE), drop_area())
TRIAL(lock_middle, area = map(SIZE, ANON), mlock(area + 8192, 4096),
      drop_area())
TRIAL(lock_shared, map_file(MAP_SHARED), mlock(area, SIZE), drop_file())
TRIAL(unlock_middle, (area = map(SIZE, ANON), OK(mlock(area, SIZE))),
      munlock(area + 8192, 4096), drop_area())
TRIAL(sync_, (map_file(MAP_SHARED), memset(area, 1, SIZE)),
      msync(area, SIZE, MS_SYNC), drop_file())
TRIAL(incore, map_area(), mincore(area, SIZE, (void *)big), drop_area())

static char *brk_before;
TRIAL(brk_, brk_before = sbrk(0), sbrk(0x100000) == (void *)-1 ? -1 : 0,
      OK(brk(brk_before)))

TRIAL_FD(memfd, memfd_create("m", MFD_CLOEXEC))

/* --- of other processes ------------------------------------------------- */

static long other_read(void)
{
	struct iovec to = {big, 30000}, from = {area, 30000};
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}
TRIAL(vm_read, map_area(), other_read(), drop_area())

static long other_write(void)
{
	struct iovec from = {big, 30000}, to = {area, 30000};
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}
TRIAL(vm_write, map_area(), other_write(), drop_area())

/* --- System V ------------------------------------------------------------ */

TRIAL(shm_get, (void)0, shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600),
      r >= 0 ? OK(shmctl((int)r, IPC_RMID, NULL)) : 0)
TRIAL(shm_at, a = (int)OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600)),
      shmat(a, NULL, 0),
      (r != -1 ? OK(shmdt((void *)r)) : 0, OK(shmctl(a, IPC_RMID, NULL))))

/* --- fork ----------------------------------------------------------------- */

static long fork_and_wait(void)
{
	pid_t child = (pid_t)syscall(SYS_fork);
	if (child == 0) {
		syscall(SYS_exit_group, 0);
	}
	return child;
}

static void reap(long child)
{
	int status;
	if (child > 0) {
		CHECK_EQ(OK(waitpid((pid_t)child, &status, 0)), child);
		CHECK_EQ(status, 0);
	}
}

/* Mappings of every kind, to be copied. */
static void map_kinds(void)
{
	map_file(MAP_SHARED);
	memset(area, 1, SIZE);
	target = map(SIZE, ANON);
	memset(target, 1, SIZE);
	OK(mprotect(target + 4096, 4096, PROT_READ));
	OK(madvise(target + 16384, 4096, MADV_WIPEONFORK));
}

TRIAL(fork_, map_kinds(), fork_and_wait(),
      (reap(r), OK(munmap(target, SIZE)), drop_file()))
