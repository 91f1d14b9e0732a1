/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Runs the fuzz targets: each seed file, and mutations of it.
 *
 * usage: fuzz ROUNDS [SEED-NUMBER] [TARGET]...
 *
 * The generator is deterministic: the same numbers give the same run, so a
 * failure is repeated by its command line.  Closes with "N passed, N failed";
 * a finding ends the run by the sanitizer's report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/host_memory.h>
#include <mm/frame.h>
#include <mm/slab.h>

#include "fuzz.h"

#define SEED_SIZE_MAX (1u << 20)
#define MUTATIONS_MAX 16

extern const struct fuzz_target *const __start_fuzz_targets[];
extern const struct fuzz_target *const __stop_fuzz_targets[];

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Values that parsers stumble over. */
static const uint64_t nasty[] = {
	0,	    1,	       0x7f,	   0x80,       0xff,
	0x7fff,	    0x8000,    0xffff,	   0x7fffffff, 0x80000000,
	0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 4095,
	4096,	    0x1000000, 0xfff,
};

static size_t mutate(uint8_t *data, size_t size)
{
	unsigned count = 1 + (unsigned)(next_random() % MUTATIONS_MAX);

	for (unsigned i = 0; i < count && size > 0; i++) {
		/* Headers are where the decisions are. */
		size_t reach =
			next_random() % 4 != 0 && size > 1024 ? 1024 : size;
		size_t at = next_random() % reach;
		uint64_t value = nasty[next_random() %
				       (sizeof(nasty) / sizeof(nasty[0]))];
		size_t width = 1u << (next_random() % 4);

		switch (next_random() % 4) {
		case 0:
			data[at] ^= (uint8_t)(1u << (next_random() % 8));
			break;
		case 1:
			memcpy(data + at, &value,
			       width < size - at ? width : size - at);
			break;
		case 2:
			data[at] = (uint8_t)next_random();
			break;
		default:
			if (next_random() % 8 == 0) {
				size = at; /* cut off */
			}
			break;
		}
	}
	return size;
}

static size_t read_seed(const char *name, uint8_t *data)
{
	FILE *file = fopen(name, "rb");
	size_t size;

	if (file == NULL) {
		return 0;
	}
	size = fread(data, 1, SEED_SIZE_MAX, file);
	fclose(file);
	return size;
}

/* The target sees an area of exactly its size, so ASan guards the ends. */
static void run_once(const struct fuzz_target *target, const uint8_t *data,
		     size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);

	if (exact == NULL) {
		exit(2);
	}
	memcpy(exact, data, size);
	target->run(exact, size);
	free(exact);
}

static unsigned run_target(const struct fuzz_target *target, unsigned rounds)
{
	uint8_t *seed = malloc(SEED_SIZE_MAX);
	uint8_t *work = malloc(SEED_SIZE_MAX);
	unsigned seeds = 0;

	if (seed == NULL || work == NULL) {
		exit(2);
	}
	for (const char *const *name = target->seeds; *name != NULL; name++) {
		size_t size = read_seed(*name, seed);

		if (size == 0) {
			continue;
		}
		seeds++;
		host_memory_create();
		frame_init();
		slab_init();
		run_once(target, seed, size);
		for (unsigned i = 0; i < rounds; i++) {
			memcpy(work, seed, size);
			run_once(target, work, mutate(work, size));
		}
	}
	free(seed);
	free(work);
	printf("%s: %u seeds, %u rounds each\n", target->name, seeds, rounds);
	return seeds;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	unsigned passed = 0;
	unsigned failed = 0;

	host_log_is_quiet = true; /* bad input is the rule here */
	for (const struct fuzz_target *const *target = __start_fuzz_targets;
	     target < __stop_fuzz_targets; target++) {
		int wanted = argc <= 3;

		for (int i = 3; i < argc; i++) {
			wanted |= strcmp(argv[i], (*target)->name) == 0;
		}
		if (!wanted) {
			continue;
		}
		state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
		state = state * 0x9e3779b97f4a7c15ull + 1;
		if (run_target(*target, rounds) > 0) {
			passed++;
		} else {
			failed++;
			printf("FAIL %s: no seed file\n", (*target)->name);
		}
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
