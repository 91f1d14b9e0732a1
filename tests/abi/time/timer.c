/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX timers, interval timers, alarm. */
#include "abi_test.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int hits;
static volatile int last_code;
static volatile int last_value;
static volatile int last_overrun;
static volatile int overruns; /* of all hits of a check */
static volatile pid_t last_tid;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	hits++;
	last_code = info->si_code;
	last_value = info->si_value.sival_int;
	last_overrun = info->si_overrun;
	overruns += info->si_overrun;
	last_tid = syscall(SYS_gettid);
}

static timer_t make(clockid_t clock, int sig, int value)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = sig,
				 .sigev_value.sival_int = value};
	timer_t timer;
	hits = 0;
	abi_handler_info(sig, note, 0);
	OK(timer_create(clock, &event, &timer));
	return timer;
}

static void wait_hits(int count)
{
	while (hits < count) {
		abi_sleep_ms(1);
	}
}

ABI_CASE(timer_create_errors)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = 65};
	int id;
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id),
		    EINVAL);
	event.sigev_signo = 0;
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id),
		    EINVAL);
	event = (struct sigevent){.sigev_notify = 77, .sigev_signo = SIGALRM};
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id),
		    EINVAL);
	event.sigev_notify = SIGEV_THREAD_ID;
	event._sigev_un._tid = 0x3fffff;
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_create, 99, NULL, &id), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, abi_bad[0], &id),
		    EFAULT);
	CHECK_ERRNO(
		syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, abi_bad[0]),
		EFAULT);
}

ABI_CASE(timer_use_errors)
{
	struct itimerspec when = {0};
	timer_t timer = make(CLOCK_MONOTONIC, SIGUSR1, 0);
	int id = (int)(long)timer;
	CHECK_ERRNO(syscall(SYS_timer_settime, 12345, 0, &when, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_gettime, 12345, &when), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_getoverrun, 12345), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_delete, 12345), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, abi_bad[0], NULL),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &when, abi_bad[0]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_timer_gettime, id, abi_bad[3]), EFAULT);
	when.it_value.tv_nsec = 1000000000;
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &when, NULL), EINVAL);
	when.it_value.tv_nsec = -1;
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &when, NULL), EINVAL);
	OK(timer_delete(timer));
	CHECK_ERRNO(syscall(SYS_timer_delete, id), EINVAL);
}

ABI_CASE(timer_default_event)
{
	/* Without an event: SIGALRM with the timer's number as its value. */
	int id;
	struct itimerspec when = {.it_value = {0, 1000000}};
	hits = 0;
	abi_handler_info(SIGALRM, note, 0);
	OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
	OK(syscall(SYS_timer_settime, id, 0, &when, NULL));
	wait_hits(1);
	CHECK_EQ(last_code, SI_TIMER);
	CHECK_EQ(last_value, id);
	OK(syscall(SYS_timer_delete, id));
}

ABI_CASE(timer_one_shot)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
					   CLOCK_BOOTTIME, CLOCK_TAI};
	for (int i = 0; i < 4; i++) {
		struct itimerspec when = {.it_value = {0, 10000000}};
		timer_t timer = make(clocks[i], SIGUSR1, 40 + i);
		int64_t before = abi_now();
		OK(timer_settime(timer, 0, &when, NULL));
		wait_hits(1);
		CHECK(abi_now() - before >= 10000000);
		CHECK_EQ(last_value, 40 + i);
		CHECK_EQ(last_code, SI_TIMER);
		CHECK_EQ(last_overrun, 0);
		OK(timer_gettime(timer, &when));
		CHECK_EQ(when.it_value.tv_sec + when.it_value.tv_nsec, 0);
		abi_sleep_ms(15);
		CHECK_EQ(hits, 1);
		OK(timer_delete(timer));
	}
}

ABI_CASE(timer_periodic)
{
	struct itimerspec when = {{0, 2000000}, {0, 2000000}};
	timer_t timer = make(CLOCK_MONOTONIC, SIGUSR1, 1);
	int64_t before = abi_now();
	OK(timer_settime(timer, 0, &when, NULL));
	wait_hits(10);
	CHECK(abi_now() - before >= 20000000 - 2000000);
	OK(timer_gettime(timer, &when));
	CHECK_EQ(when.it_interval.tv_nsec, 2000000);
	CHECK(when.it_value.tv_sec == 0);
	CHECK(when.it_value.tv_nsec <= 2000000);
	OK(timer_delete(timer));
	int at_end = hits;
	abi_sleep_ms(20);
	CHECK(hits <= at_end + 1);
}

ABI_CASE(timer_overruns_are_counted)
{
	struct itimerspec when = {{0, 1000000}, {0, 1000000}};
	timer_t timer = make(CLOCK_MONOTONIC, SIGUSR1, 1);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	OK0(pthread_sigmask(SIG_BLOCK, &set, NULL));
	int64_t before = abi_now();
	overruns = 0;
	OK(timer_settime(timer, 0, &when, NULL));
	abi_sleep_ms(50);
	OK0(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	int64_t passed = abi_now() - before;
	int overrun = timer_getoverrun(timer);
	OK(timer_delete(timer));
	CHECK(hits >= 1);
	CHECK(last_overrun >= 0);
	CHECK(overrun + hits <= passed / 1000000 + 1);
	/* More signals may have come before the timer was deleted. */
	CHECK(overruns + hits >= 10);
}

/* Signals that are ignored from then on are no later delivery. */
ABI_CASE(timer_overruns_of_an_ignored_signal)
{
	struct itimerspec when = {{0, 1000000}, {0, 1000000}};
	timer_t timer = make(CLOCK_MONOTONIC, SIGCONT, 1);
	sigset_t set;
	signal(SIGCONT, SIG_DFL); /* ignored, once it is not blocked */
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	OK0(pthread_sigmask(SIG_BLOCK, &set, NULL));
	OK(timer_settime(timer, 0, &when, NULL));
	abi_sleep_ms(50);
	OK0(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	int overrun = timer_getoverrun(timer);
	CHECK(overrun >= 40);
	abi_sleep_ms(20);
	CHECK_EQ(timer_getoverrun(timer), overrun);
	OK(timer_delete(timer));
}

ABI_CASE(timer_absolute_in_the_past)
{
	struct itimerspec when = {.it_value = {1, 0}};
	timer_t timer = make(CLOCK_REALTIME, SIGUSR1, 1);
	OK(timer_settime(timer, TIMER_ABSTIME, &when, NULL));
	wait_hits(1);
	OK(timer_delete(timer));
}

ABI_CASE(timer_disarm_and_old_value)
{
	struct itimerspec when = {{3, 0}, {500, 0}};
	struct itimerspec none = {0};
	struct itimerspec old;
	timer_t timer = make(CLOCK_MONOTONIC, SIGUSR1, 1);
	OK(timer_settime(timer, 0, &when, &old));
	CHECK_EQ(old.it_value.tv_sec + old.it_value.tv_nsec, 0);
	OK(timer_settime(timer, 0, &none, &old));
	CHECK(old.it_value.tv_sec >= 490 && old.it_value.tv_sec <= 500);
	CHECK_EQ(old.it_interval.tv_sec, 3);
	OK(timer_gettime(timer, &old));
	CHECK_EQ(old.it_value.tv_sec, 0);
	OK(timer_delete(timer));
}

ABI_CASE(timer_without_signal)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	struct itimerspec when = {.it_value = {0, 2000000}};
	timer_t timer;
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &when, NULL));
	abi_sleep_ms(5);
	OK(timer_gettime(timer, &when));
	CHECK_EQ(when.it_value.tv_nsec, 0);
	OK(timer_delete(timer));
}

struct owner {
	atomic_int tid;
	atomic_int stop;
};

static void *own_thread(void *arg)
{
	struct owner *o = arg;
	atomic_store(&o->tid, abi_gettid());
	while (!atomic_load(&o->stop)) {
		abi_sleep_ms(1);
	}
	return NULL;
}

ABI_CASE(timer_to_a_thread)
{
	struct owner o = {0};
	pthread_t thread = abi_thread(own_thread, &o);
	while (!atomic_load(&o.tid)) {
		abi_sleep_ms(1);
	}
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
				 .sigev_signo = SIGUSR1};
	event._sigev_un._tid = o.tid;
	struct itimerspec when = {{0, 1000000}, {0, 1000000}};
	timer_t timer;
	hits = 0;
	abi_handler_info(SIGUSR1, note, 0);
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &when, NULL));
	for (int i = 0; i < 10; i++) {
		wait_hits(i + 1);
		CHECK_EQ(last_tid, o.tid);
	}
	OK(timer_delete(timer));
	atomic_store(&o.stop, 1);
	abi_join(thread);
}

static atomic_int thread_calls;

static void called(union sigval value)
{
	atomic_fetch_add(&thread_calls, value.sival_int);
}

ABI_CASE(timer_calls_a_function)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD,
				 .sigev_notify_function = called,
				 .sigev_value.sival_int = 1};
	struct itimerspec when = {{0, 2000000}, {0, 2000000}};
	timer_t timer;
	atomic_store(&thread_calls, 0);
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &when, NULL));
	while (atomic_load(&thread_calls) < 5) {
		abi_sleep_ms(1);
	}
	OK(timer_delete(timer));
}

ABI_CASE(timer_on_cpu_time)
{
	struct itimerspec when = {.it_value = {0, 10000000}};
	struct timespec before, after;
	timer_t timer = make(CLOCK_PROCESS_CPUTIME_ID, SIGUSR1, 3);
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before));
	OK(timer_settime(timer, 0, &when, NULL));
	while (hits == 0) {
	}
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after));
	int64_t used = (after.tv_sec - before.tv_sec) * 1000000000LL +
		       after.tv_nsec - before.tv_nsec;
	CHECK(used >= 10000000);
	CHECK_EQ(last_value, 3);
	OK(timer_delete(timer));
}

ABI_CASE(timer_thousand)
{
	static timer_t timers[1000];
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	struct itimerspec when = {.it_value = {1000, 0}};
	for (int i = 0; i < 1000; i++) {
		OK(timer_create(CLOCK_MONOTONIC, &event, &timers[i]));
		OK(timer_settime(timers[i], 0, &when, NULL));
	}
	for (int i = 0; i < 1000; i++) {
		OK(timer_delete(timers[i]));
	}
}

static void *arm_and_delete(void *arg)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGUSR1};
	for (int i = 0; i < 200; i++) {
		struct itimerspec when = {{0, 1000000}, {0, 1 + i * 100}};
		timer_t timer;
		OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
		OK(timer_settime(timer, 0, &when, NULL));
		if (i % 3 == 0) {
			sched_yield();
		}
		OK(timer_delete(timer));
	}
	return arg;
}

ABI_CASE(timer_delete_races_with_expiry)
{
	pthread_t threads[3];
	hits = 0;
	abi_handler_info(SIGUSR1, note, 0);
	for (int i = 0; i < 3; i++) {
		threads[i] = abi_thread(arm_and_delete, NULL);
	}
	for (int i = 0; i < 3; i++) {
		abi_join(threads[i]);
	}
}

ABI_CASE(itimer_errors)
{
	struct itimerval when = {.it_value = {0, 1000000}};
	CHECK_ERRNO(setitimer(ITIMER_REAL, &when, NULL), EINVAL);
	when.it_value.tv_usec = -1;
	CHECK_ERRNO(setitimer(ITIMER_REAL, &when, NULL), EINVAL);
	when.it_value.tv_usec = 0;
	CHECK_ERRNO(setitimer(9, &when, NULL), EINVAL);
	CHECK_ERRNO(getitimer(9, &when), EINVAL);
	CHECK_ERRNO(syscall(SYS_setitimer, ITIMER_REAL, abi_bad[0], NULL),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_getitimer, ITIMER_REAL, abi_bad[3]), EFAULT);
}

ABI_CASE(itimer_real)
{
	struct itimerval when = {{0, 3000}, {0, 3000}};
	struct itimerval none = {0};
	struct itimerval old;
	hits = 0;
	abi_handler_info(SIGALRM, note, 0);
	OK(setitimer(ITIMER_REAL, &when, NULL));
	wait_hits(5);
	CHECK_EQ(last_code, SI_KERNEL);
	OK(getitimer(ITIMER_REAL, &old));
	CHECK_EQ(old.it_interval.tv_usec, 3000);
	OK(setitimer(ITIMER_REAL, &none, &old));
	CHECK_EQ(old.it_interval.tv_usec, 3000);
	OK(getitimer(ITIMER_REAL, &old));
	CHECK_EQ(old.it_value.tv_sec + old.it_value.tv_usec, 0);
}

ABI_CASE(itimer_virtual_and_prof)
{
	static const struct {
		int which, sig;
	} table[] = {{ITIMER_VIRTUAL, SIGVTALRM}, {ITIMER_PROF, SIGPROF}};
	for (int i = 0; i < 2; i++) {
		struct itimerval when = {.it_value = {0, 10000}};
		hits = 0;
		abi_handler_info(table[i].sig, note, 0);
		OK(setitimer(table[i].which, &when, NULL));
		while (hits == 0) {
		}
		CHECK_EQ(hits, 1);
	}
}

ABI_CASE(alarm_seconds_left)
{
	hits = 0;
	abi_handler_info(SIGALRM, note, 0);
	CHECK_EQ(alarm(100), 0);
	unsigned int left = alarm(200);
	CHECK(left >= 99 && left <= 100);
	left = alarm(0);
	CHECK(left >= 199 && left <= 200);
	CHECK_EQ(alarm(0), 0);
	alarm(1);
	wait_hits(1);
}
