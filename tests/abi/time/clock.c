/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and sleeping. No check asks for speed: only never too early. */
#include "abi_test.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

static const clockid_t all_clocks[] = {
	CLOCK_REALTIME,		 CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
	CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,	 CLOCK_BOOTTIME,      CLOCK_TAI,
};
#define CLOCKS (sizeof(all_clocks) / sizeof(all_clocks[0]))

ABI_CASE(clock_all_can_be_read)
{
	struct timespec t;
	for (size_t i = 0; i < CLOCKS; i++) {
		OK(syscall(SYS_clock_gettime, all_clocks[i], &t));
		CHECK(t.tv_sec >= 0);
		CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
		OK(syscall(SYS_clock_getres, all_clocks[i], &t));
		CHECK_EQ(t.tv_sec, 0);
		CHECK(t.tv_nsec >= 1);
		OK(syscall(SYS_clock_getres, all_clocks[i], NULL));
	}
	OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &t));
	CHECK_EQ(t.tv_nsec, 1);
}

ABI_CASE(clock_errors)
{
	struct timespec t = {0, 0};
	CHECK_ERRNO(syscall(SYS_clock_gettime, 99, &t), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_getres, 99, &t), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, abi_bad[0]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_clock_getres, CLOCK_MONOTONIC, abi_bad[3]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_settime, CLOCK_REALTIME, abi_bad[0]),
		    EFAULT);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO(syscall(SYS_clock_settime, CLOCK_REALTIME, &t), EINVAL);
}

ABI_CASE(clock_monotonic_never_steps_back)
{
	struct timespec a = {0}, b;
	for (int i = 0; i < 20000; i++) {
		OK(clock_gettime(CLOCK_MONOTONIC, &b));
		CHECK(ns(&b) >= ns(&a));
		a = b;
	}
}

static atomic_llong latest;
static atomic_int backwards;

static void *watch_clock(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		struct timespec t;
		long long before = atomic_load(&latest);
		clock_gettime(CLOCK_MONOTONIC, &t);
		if (ns(&t) < before) {
			atomic_fetch_add(&backwards, 1);
		}
		long long now = ns(&t);
		while (now > before &&
		       !atomic_compare_exchange_weak(&latest, &before, now)) {
		}
	}
	return NULL;
}

ABI_CASE(clock_monotonic_across_cpus)
{
	pthread_t threads[4];
	atomic_store(&latest, 0);
	atomic_store(&backwards, 0);
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(watch_clock, NULL);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(backwards, 0);
}

ABI_CASE(clock_vdso_agrees_with_system_call)
{
	for (int i = 0; i < 500; i++) {
		for (int c = CLOCK_REALTIME; c <= CLOCK_MONOTONIC; c++) {
			struct timespec a, b, d;
			OK(syscall(SYS_clock_gettime, c, &a));
			OK(clock_gettime(c, &b));
			OK(syscall(SYS_clock_gettime, c, &d));
			CHECK(ns(&a) <= ns(&b));
			CHECK(ns(&b) <= ns(&d));
		}
	}
}

ABI_CASE(clock_coarse_follows_fine)
{
	struct timespec coarse, fine;
	OK(clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse));
	OK(clock_gettime(CLOCK_MONOTONIC, &fine));
	CHECK(ns(&coarse) <= ns(&fine));
	CHECK(ns(&fine) - ns(&coarse) < 2000000000);
	OK(clock_getres(CLOCK_MONOTONIC_COARSE, &coarse));
	CHECK(ns(&coarse) <= 10000000);
}

ABI_CASE(clock_gettimeofday_and_time)
{
	struct timespec a, c;
	struct timeval b;
	struct timezone zone = {-1, -1};
	OK(clock_gettime(CLOCK_REALTIME, &a));
	OK(syscall(SYS_gettimeofday, &b, &zone));
	time_t seconds = OK(syscall(SYS_time, NULL));
	OK(clock_gettime(CLOCK_REALTIME, &c));
	CHECK(b.tv_sec >= a.tv_sec && b.tv_sec <= c.tv_sec);
	CHECK(b.tv_usec >= 0 && b.tv_usec < 1000000);
	/* time() may lag by a tick. */
	CHECK(seconds >= a.tv_sec - 1 && seconds <= c.tv_sec);
	CHECK_EQ(zone.tz_dsttime, 0);
	OK(syscall(SYS_gettimeofday, NULL, NULL));
	CHECK_ERRNO(syscall(SYS_gettimeofday, abi_bad[0], NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_time, abi_bad[0]), EFAULT);
	/* Some date that can be: after 2020. */
	CHECK(a.tv_sec > 1577836800);
}

ABI_CASE(clock_process_time_grows_with_work)
{
	struct timespec a, b, wall_a, wall_b;
	OK(clock_gettime(CLOCK_MONOTONIC, &wall_a));
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a));
	do {
		OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b));
	} while (ns(&b) - ns(&a) < 10000000);
	OK(clock_gettime(CLOCK_MONOTONIC, &wall_b));
	CHECK(ns(&wall_b) - ns(&wall_a) >= 9000000);
	/* Sleeping costs no processor time (but some for the calls). */
	OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a));
	abi_sleep_ms(200);
	OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b));
	CHECK(ns(&b) - ns(&a) < 150000000);
}

ABI_CASE(clock_of_processes)
{
	clockid_t clock;
	struct timespec t;
	OK0(clock_getcpuclockid(0, &clock));
	OK(clock_gettime(clock, &t));
	OK0(clock_getcpuclockid(getpid(), &clock));
	OK(clock_gettime(clock, &t));
	CHECK_EQ(clock_getcpuclockid(0x3fffff, &clock), ESRCH);
}

ABI_CASE(getrusage_and_times)
{
	struct rusage self, thread;
	struct tms tms;
	OK(getrusage(RUSAGE_SELF, &self));
	OK(getrusage(RUSAGE_THREAD, &thread));
	CHECK(self.ru_maxrss > 100);
	CHECK(self.ru_minflt > 0);
	CHECK(self.ru_utime.tv_usec < 1000000);
	int64_t self_us =
		(self.ru_utime.tv_sec + self.ru_stime.tv_sec) * 1000000LL +
		self.ru_utime.tv_usec + self.ru_stime.tv_usec;
	CHECK(self_us > 0);
	CHECK_ERRNO(getrusage(5, &self), EINVAL);
	CHECK_ERRNO(syscall(SYS_getrusage, RUSAGE_SELF, abi_bad[0]), EFAULT);
	CHECK(times(&tms) > 0);
	CHECK_ERRNO(syscall(SYS_times, abi_bad[0]), EFAULT);
	CHECK_EQ(sysconf(_SC_CLK_TCK), 100);
}

ABI_CASE(rusage_counts_switches)
{
	struct rusage before, after;
	OK(getrusage(RUSAGE_THREAD, &before));
	for (int i = 0; i < 10; i++) {
		abi_sleep_ms(1);
	}
	OK(getrusage(RUSAGE_THREAD, &after));
	CHECK(after.ru_nvcsw - before.ru_nvcsw >= 10);
}

ABI_CASE(sleep_never_too_short)
{
	static const long lengths[] = {0,      1,	1000,	 50000,
				       999999, 5000000, 30000000};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct timespec t = {0, lengths[i]};
		int64_t before = abi_now();
		OK(nanosleep(&t, NULL));
		CHECK(abi_now() - before >= lengths[i]);
	}
}

ABI_CASE(sleep_errors)
{
	struct timespec t = {0, 1000000000};
	CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){0, -1};
	CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){-1, 0};
	CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_nanosleep, abi_bad[0], NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_nanosleep, NULL, NULL), EFAULT);
	t = (struct timespec){0, 0};
	CHECK_ERRNO(syscall(SYS_clock_nanosleep, 99, 0, &t, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t,
			    NULL),
		    EOPNOTSUPP);
	/* The remaining time is written only when interrupted. */
	OK(syscall(SYS_nanosleep, &t, abi_bad[0]));
}

ABI_CASE(sleep_absolute)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
					   CLOCK_BOOTTIME, CLOCK_TAI};
	for (int i = 0; i < 4; i++) {
		struct timespec when, now;
		OK(clock_gettime(clocks[i], &when));
		when.tv_nsec += 20000000;
		if (when.tv_nsec >= 1000000000) {
			when.tv_sec++;
			when.tv_nsec -= 1000000000;
		}
		OK0(clock_nanosleep(clocks[i], TIMER_ABSTIME, &when, NULL));
		OK(clock_gettime(clocks[i], &now));
		CHECK(ns(&now) >= ns(&when));
		/* The past does not sleep. */
		when.tv_sec = 0;
		OK0(clock_nanosleep(clocks[i], TIMER_ABSTIME, &when, NULL));
	}
}

static void *burn_time(void *arg)
{
	while (atomic_load(&latest) == 0) {
	}
	return arg;
}

ABI_CASE(sleep_on_process_time)
{
	/* Another thread burns what this one waits for. */
	struct timespec t = {0, 20000000}, a, b;
	atomic_store(&latest, 0);
	pthread_t thread = abi_thread(burn_time, NULL);
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a));
	t.tv_nsec = 1000000;
	OK0(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL));
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b));
	CHECK(ns(&b) - ns(&a) >= 1000000);
	atomic_store(&latest, 1);
	abi_join(thread);
}

static void *sleep_some(void *arg)
{
	long length = (long)arg;
	for (int i = 0; i < 20; i++) {
		struct timespec t = {0, length};
		int64_t before = abi_now();
		OK(nanosleep(&t, NULL));
		CHECK(abi_now() - before >= length);
	}
	return NULL;
}

ABI_CASE(sleep_in_many_threads)
{
	pthread_t threads[16];
	for (long i = 0; i < 16; i++) {
		threads[i] = abi_thread(sleep_some, (void *)(i * 77777 + 1));
	}
	for (int i = 0; i < 16; i++) {
		abi_join(threads[i]);
	}
}

ABI_CASE(adjtimex_can_be_read)
{
	struct timex t = {0};
	int state = OK(adjtimex(&t));
	CHECK(state >= 0 && state <= 5);
	CHECK(t.tick >= 9000 && t.tick <= 11000);
	CHECK_ERRNO(syscall(SYS_adjtimex, abi_bad[0]), EFAULT);
}
