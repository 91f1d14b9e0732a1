/* SPDX-License-Identifier: BSD-3-Clause */
/* A process whose first thread has ended goes on (abi_main.c does so). */
#include "abi_test.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const int abi_without_leader = 1;

static atomic_int hits;

static void on_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&hits, 1);
}

ABI_CASE(leaderless_ids)
{
	CHECK(getpid() != abi_gettid());
	OK(kill(getpid(), 0));
}

ABI_CASE(leaderless_leader_is_a_zombie)
{
	char path[64];
	char text[512];
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	for (int i = 0; i < 100; i++) {
		abi_read_file(path, text, sizeof(text));
		if (strstr(text, ") Z ") != NULL) {
			return;
		}
		abi_sleep_ms(10);
	}
	CHECK(strstr(text, ") Z ") != NULL);
}

ABI_CASE(leaderless_kill_reaches_a_living_thread)
{
	atomic_store(&hits, 0);
	abi_handler(SIGUSR1, on_signal, 0);
	for (int i = 0; i < 100; i++) {
		OK(kill(getpid(), SIGUSR1));
	}
	while (atomic_load(&hits) == 0) {
		abi_sleep_ms(1);
	}
}

ABI_CASE(leaderless_itimer)
{
	atomic_store(&hits, 0);
	abi_handler(SIGALRM, on_signal, 0);
	alarm(1);
	while (atomic_load(&hits) == 0) {
		abi_sleep_ms(10);
	}
}

ABI_CASE(leaderless_process_clock)
{
	struct timespec a;
	struct timespec b;
	OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a));
	do {
		OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b));
	} while (b.tv_sec == a.tv_sec && b.tv_nsec - a.tv_nsec < 1000000);
}

ABI_CASE(leaderless_memory_and_files)
{
	char text[4096];
	char *p = abi_pages(16, PROT_READ | PROT_WRITE);
	memset(p, 1, 16 * 4096);
	OK(munmap(p, 16 * 4096));
	CHECK(abi_read_file("/proc/thread-self/stat", text, sizeof(text)) > 0);
}
