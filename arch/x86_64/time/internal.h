/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of this room share. */
#include <stdbool.h>
#include <stdint.h>

struct time_rates {
	uint64_t counter_hz;
	uint64_t timer_hz;
};

/* calibrate.c: never fails; warns when it has to guess.  The first begins what
 * the second ends, a millisecond later at least.  With `counter_only` the
 * timer's rate may be left at 0. */
void calibrate_start(void);
void calibrate(struct time_rates *rates_out, bool counter_only);

struct time_factors {
	uint64_t start;	 /* counter at nanosecond 0 */
	uint64_t factor; /* ns = (counter - start) * factor >> 32 */
};
void arch_time_factors(struct time_factors *factors_out);

/* a * b / divisor; the result must fit (SDM 2, DIV). */
static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t divisor)
{
	uint64_t low;
	uint64_t high;

	__asm__("mulq %3\n\tdivq %4"
		: "=&a"(low), "=&d"(high)
		: "0"(a), "r"(b), "r"(divisor)
		: "cc");
	return low;
}
