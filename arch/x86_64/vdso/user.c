/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The code of the vDSO: runs in the application, position independent, with
 * the data page right in front of the image.  What it cannot answer goes to
 * the system call.  vdso(7) names the functions.
 */
#include <stddef.h>
#include <stdint.h>

#include "data.h"

#define CLOCK_REALTIME_ID	  0
#define CLOCK_MONOTONIC_ID	  1
#define CLOCK_MONOTONIC_RAW_ID	  4
#define CLOCK_REALTIME_COARSE_ID  5
#define CLOCK_MONOTONIC_COARSE_ID 6
#define CLOCK_BOOTTIME_ID	  7
#define CLOCK_TAI_ID		  11
#define NR_CLOCK_GETTIME	  228
#define NR_CLOCK_GETRES		  229
#define NR_GETCPU		  309
#define NSEC_PER_SEC		  1000000000ull
#define PUBLIC			  __attribute__((visibility("default")))

struct timespec_abi {
	int64_t seconds;
	int64_t nanoseconds;
};
struct timeval_abi {
	int64_t seconds;
	int64_t microseconds;
};
struct timezone_abi {
	int minutes_west;
	int dst;
};

extern const struct vdso_data vdso_data
	__attribute__((visibility("hidden"))); /* vdso.lds */

int vdso_clock_gettime(int clock, struct timespec_abi *time);
int vdso_clock_getres(int clock, struct timespec_abi *resolution);
int vdso_gettimeofday(struct timeval_abi *time, struct timezone_abi *zone);
int64_t vdso_time(int64_t *time);
int vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static long call3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

/* The counter, not before what comes before it in the program. */
static uint64_t counter(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t now_ns(int realtime)
{
	const volatile struct vdso_data *data = &vdso_data;
	uint32_t sequence;
	uint64_t ns;

	do {
		sequence = __atomic_load_n(&data->sequence, __ATOMIC_ACQUIRE);
		ns = (uint64_t)((unsigned __int128)(counter() -
						    data->counter_start) *
					data->factor >>
				32);
		if (realtime) {
			ns += data->realtime_offset_ns;
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((sequence & 1) != 0 || data->sequence != sequence);
	return ns;
}

/* 1: wall clock, 0: since boot, -1: only the kernel knows it. */
static int kind(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME_ID:
	case CLOCK_REALTIME_COARSE_ID:
	case CLOCK_TAI_ID:
		return 1;
	case CLOCK_MONOTONIC_ID:
	case CLOCK_MONOTONIC_RAW_ID:
	case CLOCK_MONOTONIC_COARSE_ID:
	case CLOCK_BOOTTIME_ID:
		return 0;
	default:
		return -1;
	}
}

PUBLIC int vdso_clock_gettime(int clock, struct timespec_abi *time)
{
	int realtime = kind(clock);
	uint64_t ns;

	if (realtime < 0 || vdso_data.factor == 0) {
		return (int)call3(NR_CLOCK_GETTIME, clock, (long)time, 0);
	}
	ns = now_ns(realtime);
	time->seconds = (int64_t)(ns / NSEC_PER_SEC);
	time->nanoseconds = (int64_t)(ns % NSEC_PER_SEC);
	return 0;
}

PUBLIC int vdso_clock_getres(int clock, struct timespec_abi *resolution)
{
	return (int)call3(NR_CLOCK_GETRES, clock, (long)resolution, 0);
}

PUBLIC int vdso_gettimeofday(struct timeval_abi *time,
			     struct timezone_abi *zone)
{
	if (time != NULL) {
		struct timespec_abi precise;

		vdso_clock_gettime(CLOCK_REALTIME_ID, &precise);
		time->seconds = precise.seconds;
		time->microseconds = precise.nanoseconds / 1000;
	}
	if (zone != NULL) {
		zone->minutes_west = 0;
		zone->dst = 0;
	}
	return 0;
}

PUBLIC int64_t vdso_time(int64_t *time)
{
	struct timespec_abi precise;

	vdso_clock_gettime(CLOCK_REALTIME_ID, &precise);
	if (time != NULL) {
		*time = precise.seconds;
	}
	return precise.seconds;
}

PUBLIC int vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	uint32_t value;

	(void)unused;
	if (vdso_data.has_cpu_number == 0) {
		return (int)call3(NR_GETCPU, (long)cpu, (long)node, 0);
	}
	__asm__ volatile("rdtscp" : "=c"(value) : : "eax", "edx");
	if (cpu != NULL) {
		*cpu = value & 0xfff;
	}
	if (node != NULL) {
		*node = value >> 12;
	}
	return 0;
}

/* The names that C libraries look for. */
__asm__(".set __vdso_clock_gettime, vdso_clock_gettime\n"
	".globl __vdso_clock_gettime\n"
	".type __vdso_clock_gettime, @function\n"
	".set __vdso_clock_getres, vdso_clock_getres\n"
	".globl __vdso_clock_getres\n"
	".type __vdso_clock_getres, @function\n"
	".set __vdso_gettimeofday, vdso_gettimeofday\n"
	".globl __vdso_gettimeofday\n"
	".type __vdso_gettimeofday, @function\n"
	".set __vdso_time, vdso_time\n"
	".globl __vdso_time\n"
	".type __vdso_time, @function\n"
	".set __vdso_getcpu, vdso_getcpu\n"
	".globl __vdso_getcpu\n"
	".type __vdso_getcpu, @function\n");
