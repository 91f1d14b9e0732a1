/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes, where there are some. */
#include "micro.h"

#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void reap(pid_t child)
{
	must(child, "fork");
	must(waitpid(child, NULL, 0), "waitpid");
}

static int64_t fork_exit(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		pid_t child = fork();
		if (child == 0) {
			_exit(0);
		}
		reap(child);
	}
	return now() - start;
}

static char *const arguments[] = {"micro", "--nothing", NULL};

static int64_t fork_exec(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		pid_t child = fork();
		if (child == 0) {
			execve("/proc/self/exe", arguments, environ);
			_exit(127);
		}
		reap(child);
	}
	return now() - start;
}

static int64_t spawn(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		pid_t child = -1;
		posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments,
			    environ);
		reap(child);
	}
	return now() - start;
}

static int64_t pipe_processes(long count)
{
	int there[2], back[2];
	char byte = 0;
	must(pipe(there), "pipe");
	must(pipe(back), "pipe");
	bind_to(0);
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		for (long i = 0; i < count; i++) {
			(void)!read(there[0], &byte, 1);
			(void)!write(back[1], &byte, 1);
		}
		_exit(0);
	}
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		must(write(there[1], &byte, 1), "write");
		must(read(back[0], &byte, 1), "read");
	}
	int64_t ns = now() - start;
	reap(child);
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
	return ns;
}

const struct benchmark processes[] = {
	{"fork-exit-wait", "us", fork_exit, 20, 1000, 1, 1},
	{"fork-exec-wait", "us", fork_exec, 20, 1000, 1, 1},
	{"posix-spawn-wait", "us", spawn, 20, 1000, 1, 1},
	{"pipe-processes-1cpu", "us", pipe_processes, 500, 1000, 1, 1},
	{0},
};
