/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stale translations: threads use pages while others take them away.  A CPU
 * that still writes through an old translation changes a page that belongs to
 * somebody else, or loses the write.
 */
#include "torture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096ul
#define RW	(PROT_READ | PROT_WRITE)
#define THREADS 3
#define ROUNDS	25

static _Atomic int stop;
static char *volatile shared;

/* A fault inside of `guarded` code comes back here, in each thread. */
static __thread sigjmp_buf escape;
static __thread volatile sig_atomic_t guarded;

static void on_fault(int sig)
{
	if (guarded) {
		siglongjmp(escape, 1);
	}
	signal(sig, SIG_DFL);
}

static void catch_faults(void)
{
	abi_handler(SIGSEGV, on_fault, SA_NODEFER);
	abi_handler(SIGBUS, on_fault, SA_NODEFER);
}

/* True when the byte could be written. */
static int try_store(volatile char *at, char value)
{
	if (sigsetjmp(escape, 0) != 0) {
		guarded = 0;
		return 0;
	}
	guarded = 1;
	*at = value;
	guarded = 0;
	return 1;
}

static pthread_t writers[THREADS];

static void start_writers(void *(*fn)(void *))
{
	stop = 0;
	catch_faults();
	for (long i = 0; i < THREADS; i++) {
		writers[i] = abi_thread(fn, (void *)i);
	}
}

static void join_writers(void)
{
	stop = 1;
	for (int i = 0; i < THREADS; i++) {
		abi_join(writers[i]);
	}
}

/* --- mprotect: after it no store may land ----------------------------------
 */

static _Atomic unsigned long stores[THREADS];

static void *store_all_the_time(void *arg)
{
	long i = (long)arg;
	for (char value = 1; !stop; value++) {
		try_store(shared + i * 64, value);
		stores[i]++;
	}
	return NULL;
}

ABI_CASE(read_only_is_for_all_cpus)
{
	shared = abi_pages(1, RW);
	start_writers(store_all_the_time);
	for (int round = 0; round < ROUNDS; round++) {
		char before[THREADS];
		unsigned long seen[THREADS];
		OK(mprotect(shared, PAGE, PROT_READ));
		for (int i = 0; i < THREADS; i++) {
			before[i] = shared[i * 64];
			seen[i] = stores[i];
		}
		for (int i = 0; i < THREADS; i++) {
			/* One try that began behind the call at least. */
			while (stores[i] < seen[i] + 2) {
				let_others();
			}
			CHECK_EQ(shared[i * 64], before[i]);
		}
		OK(mprotect(shared, PAGE, RW));
	}
	join_writers();
}

/* --- DONTNEED: a page that is gone stays gone --------------------------------
 */

ABI_CASE(discarded_pages_do_not_come_back)
{
	shared = abi_pages(1, RW);
	start_writers(store_all_the_time);
	for (int round = 0; round < ROUNDS; round++) {
		/* The rest of the page is ours: a stale translation would show
		 * the old page, with the mark. */
		shared[PAGE - 1] = 1;
		OK(madvise(shared, PAGE, MADV_DONTNEED));
		CHECK_EQ(shared[PAGE - 1], 0);
		/* What comes now goes to the page that all see; the watchdog
		 * ends a check that waits for a store to another one. */
		for (int i = 0; i < THREADS; i++) {
			while (((volatile char *)shared)[i * 64] == 0) {
				let_others();
			}
		}
	}
	join_writers();
}

/* --- munmap: frames of others are not written
 * ---------------------------------- */

static void *store_marks(void *arg)
{
	(void)arg;
	while (!stop) {
		char *at = shared;
		for (int i = 0; i < 8 && at != NULL; i++) {
			try_store(at + (unsigned)i * PAGE, 0x5a);
		}
	}
	return NULL;
}

ABI_CASE(unmapped_frames_are_not_written)
{
	char *place = abi_pages(8, PROT_NONE);
	start_writers(store_marks);
	for (int round = 0; round < ROUNDS; round++) {
		CHECK(mmap(place, 8 * PAGE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				   MAP_POPULATE,
			   -1, 0) == place);
		shared = place;
		let_others();
		CHECK(mmap(place, 8 * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) == place);
		/* The frames are free now and likely to be these. */
		char *fresh = abi_pages(16, RW);
		for (size_t i = 0; i < 16 * PAGE; i += 64) {
			CHECK_EQ(fresh[i], 0);
		}
		OK(munmap(fresh, 16 * PAGE));
	}
	join_writers();
}

/* --- mremap: what was stored moves along
 * ------------------------------------------ */

static _Atomic unsigned long counted[THREADS];

/* Counts in the page itself: each store that went through must be there. */
static void *count_in_page(void *arg)
{
	long i = (long)arg;
	volatile unsigned long done = 0;
	while (!stop) {
		volatile unsigned long *at =
			(volatile unsigned long *)(shared + i * 64);
		if (sigsetjmp(escape, 0) != 0) {
			guarded = 0;
			continue; /* it was moved under us */
		}
		guarded = 1;
		*at = done + 1;
		guarded = 0;
		done++;
		counted[i] = done;
	}
	return NULL;
}

ABI_CASE(moved_pages_keep_their_stores)
{
	char *here = abi_pages(1, RW);
	char *there = abi_pages(1, PROT_NONE);
	shared = here;
	start_writers(count_in_page);
	for (int round = 0; round < ROUNDS; round++) {
		char *to = shared == here ? there : here;
		char *from = shared;
		unsigned long least[THREADS];
		for (int i = 0; i < THREADS; i++) {
			least[i] = counted[i];
		}
		CHECK(mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			     to) == to);
		for (int i = 0; i < THREADS; i++) {
			CHECK(*(volatile unsigned long *)(to + i * 64) >=
			      least[i]);
		}
		/* Nobody may write to the old place any more. */
		shared = to;
		CHECK(mmap(from, PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) == from);
	}
	join_writers();
}

/* --- fork: the child's copy does not change
 * ------------------------------------------ */

ABI_CASE(forked_pages_are_of_one_moment)
{
	shared = abi_pages(4, RW);
	memset(shared, 1, 4 * PAGE);
	start_writers(store_all_the_time);
	for (int round = 0; round < 20; round++) {
		pid_t child = (pid_t)OK(fork());
		if (child == 0) {
			char copy[THREADS];
			for (int i = 0; i < THREADS; i++) {
				copy[i] = shared[i * 64];
			}
			for (int n = 0; n < 200; n++) {
				for (int i = 0; i < THREADS; i++) {
					if (shared[i * 64] != copy[i]) {
						_exit(1);
					}
				}
				let_others();
			}
			_exit(0);
		}
		wait_well(child);
	}
	join_writers();
}

/* --- files that get shorter under a mapping
 * ------------------------------------------- */

static int file;

static void *store_into_file(void *arg)
{
	long i = (long)arg;
	while (!stop) {
		try_store(shared + PAGE + i * 64, 0x5a);
		try_store(shared + i * 64, 0x5a);
	}
	return NULL;
}

ABI_CASE(truncated_mappings)
{
	file = (int)OK(open("f", O_RDWR | O_CREAT, 0600));
	OK(ftruncate(file, 2 * PAGE));
	shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, file, 0);
	CHECK(shared != MAP_FAILED);
	start_writers(store_into_file);
	for (int round = 0; round < ROUNDS; round++) {
		char byte;
		OK(ftruncate(file, PAGE / 2));
		/* Cut for good: it comes back as zeros or as later stores, and
		 * is not there for those who read the file. */
		CHECK_EQ(pread(file, &byte, 1, PAGE), 0);
		OK(ftruncate(file, 2 * PAGE));
		CHECK_EQ(pread(file, &byte, 1, 2 * PAGE - 1), 1);
		CHECK_EQ(byte, 0);
		OK(pwrite(file, "x", 1, 2 * PAGE - 1));
	}
	join_writers();
	OK(ftruncate(file, PAGE));
	CHECK_EQ(try_store(shared + PAGE, 1), 0);
	CHECK_EQ(try_store(shared, 1), 1);
}

/* --- memory that is short
 * ---------------------------------------------------------------- */

static void change_mappings(long number)
{
	uint32_t random = (uint32_t)number * 7919 + 1;
	char *places[16] = {0};
	for (int i = 0; i < 600; i++) {
		uint32_t r = next_random(&random);
		char **place = &places[r % 16];
		size_t pages = r / 16 % 64 + 1;
		if (*place != NULL) {
			CHECK_EQ(**place, (char)(place - places + 1));
			OK(munmap(*place, 64 * PAGE));
			*place = NULL;
		} else {
			*place = abi_pages(64, RW);
			memset(*place, (int)(place - places + 1), pages * PAGE);
			OK(mprotect(*place + PAGE, PAGE, PROT_READ));
		}
	}
}

ABI_CASE(threads_map_and_unmap)
{
	together(4, change_mappings);
}
