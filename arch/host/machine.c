/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The fake machine: memory, panic, log.  One thread; a panic aborts the test
 * run, which the runner's caller sees as a failure.
 */
#include <arch/host_memory.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <debug/log.h>
#include <debug/panic.h>

#define HOLE_START 3000ul /* frames */
#define HOLE_END   3100ul

unsigned char *host_memory;
bool host_log_is_quiet;
static struct boot_info info;

const struct boot_info *boot_info(void)
{
	return &info;
}

void host_memory_create(void)
{
	free(host_memory);
	host_memory = aligned_alloc(HUGE_SIZE, HOST_MEMORY_FRAMES * PAGE_SIZE);
	if (host_memory == NULL) {
		panic("no memory for the arena");
	}
	memset(host_memory, 0xa5, HOST_MEMORY_FRAMES * PAGE_SIZE);
	info.range_count = 2;
	info.ranges[0] = (struct boot_range){
		.start = PAGE_SIZE,
		.end = HOLE_START * PAGE_SIZE,
		.kind = BOOT_RANGE_RAM,
	};
	info.ranges[1] = (struct boot_range){
		.start = HOLE_END * PAGE_SIZE,
		.end = HOST_MEMORY_FRAMES * PAGE_SIZE,
		.kind = BOOT_RANGE_RAM,
	};
}

unsigned cpu_id(void)
{
	return 0;
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	abort();
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	(void)level;
	if (host_log_is_quiet) {
		return;
	}
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}
