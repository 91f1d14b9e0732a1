/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The microbenchmarks: each is a function that does `count` operations and
 * returns the nanoseconds they took.
 */
#pragma once

#include <stdint.h>

struct benchmark {
	const char *name;
	const char *unit; /* of what is printed: ns, us, ms, MB/s */
	int64_t (*run)(long count);
	long count;   /* operations of the first round */
	double scale; /* printed value = nanoseconds per operation / scale; for
		       * MB/s: bytes per operation */
	int min_cpus;
	int processes; /* needs fork */
};

extern const struct benchmark calls[];
extern const struct benchmark memory[];
extern const struct benchmark threads[];
extern const struct benchmark files[];
extern const struct benchmark processes[];

int64_t now(void);

/* Ends the program with a message when a call fails. */
long must(long result, const char *what);

/* Bind the calling thread to the nth CPU that the program may use. */
void bind_to(int nth);
