/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Runs the unit tests on the build host.
 *
 * Each test runs in a process of its own and finds a fresh machine: memory,
 * frames and slabs initialised, static variables as the linker left them.
 *
 * usage: unit-tests [SUITE[.NAME]]...   Prints a line per failure and last
 * "N passed, N failed"; the status is 0 only if something ran and nothing
 * failed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arch/host_memory.h>
#include <debug/unit_test.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <sched/thread.h>

extern const struct unit_test __start_unit_tests[];
extern const struct unit_test __stop_unit_tests[];

/* Who runs the tests, for locks that have owners. */
static struct thread test_thread = {
	.state = THREAD_RUNNING,
	.kernel = true,
	.name = "test",
};
static unsigned failures_of_test;

void unit_test_fail(const char *file, int line, const char *what,
		    long long left, long long right)
{
	failures_of_test++;
	printf("%s:%d: expected %s (%lld, %lld)\n", file, line, what, left,
	       right);
}

static int is_wanted(const struct unit_test *test, int argc, char **argv)
{
	char full[128];

	snprintf(full, sizeof(full), "%s.%s", test->suite, test->name);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], test->suite) == 0 ||
		    strcmp(argv[i], full) == 0) {
			return 1;
		}
	}
	return argc == 1;
}

/* True: passed. */
static int run(const struct unit_test *test)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		host_memory_create();
		frame_init();
		slab_init();
		percpu(thread_running) = &test_thread;
		test->func();
		fflush(stdout);
		_exit(failures_of_test != 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		return 0;
	}
	if (WIFSIGNALED(status)) {
		printf("signal %d\n", WTERMSIG(status));
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	unsigned passed = 0;
	unsigned failed = 0;

	for (const struct unit_test *test = __start_unit_tests;
	     test < __stop_unit_tests; test++) {
		if (!is_wanted(test, argc, argv)) {
			continue;
		}
		if (run(test)) {
			passed++;
		} else {
			failed++;
			printf("FAIL %s.%s\n", test->suite, test->name);
		}
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
