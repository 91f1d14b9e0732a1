/* SPDX-License-Identifier: BSD-3-Clause */
/* The machinery: see failure.h. */
#include "failure.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NTH_MAX	    2000 /* allocations of one call */
#define ROUNDS	    100	 /* between looks at the memory */
#define LEAK_KIB    64	 /* what caches may keep more */
#define LOOKS	    4	 /* one without a leak is enough */
#define CHILD_FAILS 77
#define CHILD_WRONG 78

int a, b, c;
char *area;
char big[64 * 1024];

static int fail_nth = -1;

int is_shortage(int error)
{
	return error == ENOMEM || error == EAGAIN || error == ENOBUFS ||
	       error == ENFILE || error == ENOSPC || error == ENOLCK;
}

void close_fd(long fd)
{
	if (fd >= 0) {
		OK(close((int)fd));
	}
}

static int set(int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", n);
	return fail_nth >= 0 &&
	       pwrite(fail_nth, text, (size_t)length, 0) == length;
}

static void start(void)
{
	/* A number that no trial uses. */
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	fail_nth = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 60);
	if (fd >= 0) {
		close(fd);
	}
	if (!set(0)) {
		fail_nth = -1;
	}
}

/* Allocations left, 0: one has failed. */
static int left(void)
{
	char text[16] = "";
	if (fail_nth < 0) {
		return 1;
	}
	OK(pread(fail_nth, text, sizeof(text) - 1, 0));
	return atoi(text);
}

/* One call whose nth allocation fails; false: it made fewer. */
static int once(int n, void (*before)(void), long (*call)(void),
		void (*after)(long))
{
	if (before != NULL) {
		before();
	}
	set(n);
	errno = 0;
	long result = call();
	int error = errno;
	int failed = left() == 0;
	set(0);
	if (result < 0) {
		if (!failed) {
			abi_fail(__FILE__, __LINE__,
				 "errno %d without a failed allocation", error);
		}
		if (!is_shortage(error)) {
			abi_fail(__FILE__, __LINE__,
				 "errno %d when allocation %d fails", error, n);
		}
	}
	if (after != NULL) {
		after(result);
	}
	return failed;
}

static void all(void (*before)(void), long (*call)(void), void (*after)(long))
{
	int n = 1;
	while (once(n, before, call, after)) {
		CHECK(++n < NTH_MAX);
	}
}

static long free_kib(void)
{
	char text[4096];
	long sum = 0;
	static const char *const names[] = {"MemFree:", "Cached:"};
	abi_read_file("/proc/meminfo", text, sizeof(text));
	for (int i = 0; i < 2; i++) {
		char *line = strstr(text, names[i]);
		CHECK(line != NULL);
		sum += atol(line + strlen(names[i]));
	}
	return sum;
}

/* All rounds; what memory is gone afterwards. */
static long lost_kib(void (*before)(void), long (*call)(void),
		     void (*after)(long))
{
	long had = free_kib();
	for (int i = 0; i < ROUNDS; i++) {
		all(before, call, after);
	}
	long lost = had - free_kib();
	for (int i = 0; i < 20 && lost > LEAK_KIB; i++) {
		abi_sleep_ms(20); /* reapers may lag */
		lost = had - free_kib();
	}
	return lost;
}

void trial(void (*before)(void), long (*call)(void), void (*after)(long))
{
	cpu_set_t set;
	long lost = 0;
	OK(sched_getaffinity(0, sizeof(set), &set));
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	start();
	all(before, call, after);
	if (fail_nth < 0) {
		return;
	}
	OK(sched_setaffinity(0, sizeof(one), &one));
	for (int i = 0; i < LOOKS; i++) {
		lost = lost_kib(before, call, after);
		if (lost <= LEAK_KIB) {
			break;
		}
	}
	OK(sched_setaffinity(0, sizeof(set), &set));
	if (lost > LEAK_KIB) {
		abi_fail(__FILE__, __LINE__, "%ld KiB lost", lost);
	}
}

static long (*child_call)(void);
static int child_nth;

/* In the child the number counts for its own thread. */
static long run_child(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		fail_nth =
			open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
		set(child_nth);
		long result = child_call();
		_exit(result >= 0	   ? 0
		      : is_shortage(errno) ? CHILD_FAILS
					   : CHILD_WRONG);
	}
	if (child < 0) {
		return -1;
	}
	OK(waitpid(child, &status, 0));
	/* Behind the point of no return a program can only be killed; a new
	 * one that fails later has a status of its own. */
	if (status == W_EXITCODE(CHILD_WRONG, 0) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL &&
	     WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGABRT)) {
		abi_fail(__FILE__, __LINE__,
			 "status %#x when allocation %d fails", status,
			 child_nth);
	}
	return status == 0 ? 0 : 1;
}

#define CHILD_NTH_MAX 150

static long child_round(void)
{
	for (child_nth = 1; child_nth <= CHILD_NTH_MAX; child_nth++) {
		run_child();
	}
	return 0;
}

void trial_in_child(long (*call)(void))
{
	start();
	child_call = call;
	if (fail_nth < 0) {
		child_nth = 0;
		CHECK_EQ(run_child(), 0);
		return;
	}
	child_round();
	long had = free_kib();
	child_round();
	long lost = had - free_kib();
	for (int i = 0; i < 50 && lost > LEAK_KIB; i++) {
		abi_sleep_ms(20);
		lost = had - free_kib();
	}
	if (lost > LEAK_KIB) {
		abi_fail(__FILE__, __LINE__, "%ld KiB lost", lost);
	}
}
