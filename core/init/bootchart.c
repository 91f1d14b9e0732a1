/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Boot phases and when they ended.
 *
 * The table is fixed (BOOTCHART_MAX); marks are made by one CPU at a time,
 * during boot, so there is no lock.
 */
#include <init/bootchart.h>

#include <stddef.h>
#include <stdint.h>

#include <arch/time.h>
#include <debug/log.h>
#include <lib/printf.h>

#define BOOTCHART_MAX 32

struct phase {
	const char *name;
	uint64_t end_ns;
};

static struct phase phases[BOOTCHART_MAX];
static size_t phase_count;

void bootchart_mark(const char *phase)
{
	if (phase_count < BOOTCHART_MAX) {
		phases[phase_count].name = phase;
		phases[phase_count].end_ns = arch_time_ns();
		phase_count++;
	}
}

static void print_phase(const char *name, uint64_t end_ns, uint64_t start_ns)
{
	uint64_t end = end_ns / 10000; /* hundredths of a ms */
	uint64_t length = end - start_ns / 10000;

	log_write(LOG_ERROR, "\t%s: %llu.%02llums, (+%llu.%02llums)", name,
		  (unsigned long long)(end / 100),
		  (unsigned long long)(end % 100),
		  (unsigned long long)(length / 100),
		  (unsigned long long)(length % 100));
}

void bootchart_print(void)
{
	uint64_t previous = 0;

	for (size_t i = 0; i < phase_count; i++) {
		print_phase(phases[i].name, phases[i].end_ns, previous);
		previous = phases[i].end_ns;
	}
	print_phase("Total time", arch_time_ns(), previous);
}
