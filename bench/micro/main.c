/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measures one thing after the other and prints lines
 *
 *	micro NAME VALUE UNIT
 *	micro NAME skip REASON
 *
 * then "micro end".  A value is the median of ROUNDS rounds, each long enough
 * (at least ROUND_NS) that the clock and a few interrupts do not show.
 *
 *	micro			all
 *	micro NAME...		these
 *	micro -r ROUNDS ...	(3)
 */
#include "micro.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUND_NS   150000000LL
#define MAX_ROUNDS 31

static int rounds = 3;

int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

long must(long result, const char *what)
{
	if (result == -1) {
		printf("micro failed: %s: %s\n", what, strerror(errno));
		fflush(stdout);
		exit(1);
	}
	return result;
}

void bind_to(int nth)
{
	cpu_set_t all, one;
	must(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all) && nth-- == 0) {
			CPU_ZERO(&one);
			CPU_SET(i, &one);
			must(sched_setaffinity(0, sizeof(one), &one),
			     "sched_setaffinity");
			return;
		}
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double value_of(const struct benchmark *b, int64_t ns, long count)
{
	double each = (double)ns / (double)count;
	if (strcmp(b->unit, "MB/s") == 0) {
		return b->scale / each * 1000.0;
	}
	return each / b->scale;
}

static void measure(const struct benchmark *b)
{
	double values[MAX_ROUNDS];
	cpu_set_t all;
	must(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	if (CPU_COUNT(&all) < b->min_cpus) {
		printf("micro %s skip needs %d CPUs\n", b->name, b->min_cpus);
		return;
	}
	long count = b->count;
	int64_t ns = b->run(count);
	while (ns < ROUND_NS && count < 1L << 30) {
		count *= ns < ROUND_NS / 8 ? 8 : 2;
		ns = b->run(count);
	}
	for (int i = 0; i < rounds; i++) {
		values[i] = value_of(b, b->run(count), count);
	}
	must(sched_setaffinity(0, sizeof(all), &all), "sched_setaffinity");
	qsort(values, rounds, sizeof(values[0]), compare);
	printf("micro %s %.6g %s\n", b->name, values[rounds / 2], b->unit);
}

/* Can this system make processes at all? */
static int can_fork(void)
{
	pid_t child = fork();
	if (child == 0) {
		_exit(0);
	}
	return child > 0 && waitpid(child, NULL, 0) == child;
}

static int wanted(const char *name, char **names)
{
	if (*names == NULL) {
		return 1;
	}
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0) {
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct benchmark *tables[] = {calls, memory, threads, files,
					    processes};
	int forks = -1;
	if (argc > 1 && strcmp(argv[1], "--nothing") == 0) {
		return 0; /* what the exec benchmarks start */
	}
	argv++;
	if (argc > 2 && strcmp(argv[0], "-r") == 0) {
		rounds = atoi(argv[1]);
		rounds = rounds < 1 || rounds > MAX_ROUNDS ? 3 : rounds;
		argv += 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct benchmark *b = tables[i]; b->name; b++) {
			if (!wanted(b->name, argv)) {
				continue;
			}
			if (b->processes && forks < 0) {
				forks = can_fork();
			}
			if (b->processes && !forks) {
				printf("micro %s skip no fork\n", b->name);
				continue;
			}
			measure(b);
		}
	}
	printf("micro end\n");
	return 0;
}
