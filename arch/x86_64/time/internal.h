/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of this room share. */
#include <stdint.h>

struct time_rates {
	uint64_t counter_hz;
	uint64_t timer_hz;
};

/* calibrate.c: never fails; warns when it has to guess. */
void calibrate(struct time_rates *rates_out);

struct time_factors {
	uint64_t start;	 /* counter at nanosecond 0 */
	uint64_t factor; /* ns = (counter - start) * factor >> 32 */
};
void arch_time_factors(struct time_factors *factors_out);
