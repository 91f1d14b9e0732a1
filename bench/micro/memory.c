/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings and page faults. */
#include "micro.h"

#include <stddef.h>
#include <sys/mman.h>

#define PAGE	  4096L
#define RW	  (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t size)
{
	void *p = mmap(NULL, size, RW, ANONYMOUS, -1, 0);
	must(p == MAP_FAILED ? -1 : 0, "mmap");
	return p;
}

static int64_t map_touch_unmap(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		char *p = map(PAGE);
		*p = 1;
		munmap(p, PAGE);
	}
	return now() - start;
}

/* Small pages, one after the other, in pieces of 4 MiB. */
static int64_t page_faults(long count)
{
	int64_t total = 0;
	while (count > 0) {
		long pages = count < 1024 ? count : 1024;
		char *p = map(pages * PAGE);
		madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
		int64_t start = now();
		for (long i = 0; i < pages; i++) {
			p[i * PAGE] = 1;
		}
		total += now() - start;
		munmap(p, pages * PAGE);
		count -= pages;
	}
	return total;
}

static int64_t touch_256(long count)
{
	int64_t total = 0;
	for (long i = 0; i < count; i++) {
		int64_t start = now();
		char *p = map(256L << 20);
		for (long at = 0; at < 256L << 20; at += PAGE) {
			p[at] = 1;
		}
		total += now() - start;
		munmap(p, 256L << 20);
	}
	return total;
}

const struct benchmark memory[] = {
	{"mmap-touch-munmap", "ns", map_touch_unmap, 1000, 1, 1, 0},
	{"page-fault", "ns", page_faults, 1024, 1, 1, 0},
	{"touch-256M", "ms", touch_256, 1, 1000000, 1, 0},
	{0},
};
