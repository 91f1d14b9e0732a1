/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs stress-ng once for each stressor and looks at the memory around it:
 *
 *	stress NAME exit STATUS leak KIB
 *
 *	runner SECONDS INSTANCES NAME...
 *
 * Each stressor runs twice: the first, short run fills caches and pools that
 * the kernel keeps; the leak is what free memory lost in the second.  When that
 * is more than REPEAT_KIB it is run up to REPEATS times more, and the smallest
 * loss counts: a leak comes with each run, while a high-water mark (page tables
 * of the kernel's stacks, slabs in part use), which depends on how many
 * processes happened to live at once, comes once.  What stress-ng says goes to
 * standard error when it fails.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_ROUNDS 40
#define REPEAT_KIB    1024
#define REPEATS	      2

static long free_kib(void)
{
	char line[128];
	long free = 0, value;
	FILE *f = fopen("/proc/meminfo", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		/* Page cache counts as free: it is given back when needed. */
		if (sscanf(line, "MemFree: %ld", &value) == 1 ||
		    sscanf(line, "Cached: %ld", &value) == 1) {
			free += value;
		}
	}
	if (f != NULL) {
		fclose(f);
	}
	return free;
}

/* Free memory when no more comes back: reapers and timers may lag. */
static long settled_kib(long at_least)
{
	long free = free_kib();
	for (int i = 0; i < SETTLE_ROUNDS && free < at_least; i++) {
		usleep(50000);
		long now = free_kib();
		free = now > free ? now : free;
	}
	return free;
}

static int run(const char *name, const char *seconds, const char *instances)
{
	char option[64];
	char *arguments[] = {"stress-ng",   option,	     (char *)instances,
			     "--timeout",   (char *)seconds, "--verify",
			     "--temp-path", "/tmp",	     NULL};
	int status = 0;
	snprintf(option, sizeof(option), "--%s", name);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		int log = open("/tmp/stress.log", O_WRONLY | O_CREAT | O_TRUNC,
			       0600);
		dup2(log, 1);
		dup2(log, 2);
		execv("/usr/bin/stress-ng", arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		return 255;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show_log(void)
{
	char text[4096];
	int log = open("/tmp/stress.log", O_RDONLY);
	ssize_t n = log < 0 ? 0 : read(log, text, sizeof(text));
	if (n > 0) {
		(void)!write(2, text, n);
	}
	close(log);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		printf("start %s\n", argv[i]);
		int status = run(argv[i], "1", argv[2]);
		long leak = status == 0 ? LONG_MAX : 0;
		for (int n = 0;
		     status == 0 && leak > REPEAT_KIB && n <= REPEATS; n++) {
			long before = settled_kib(n == 0 ? 1L << 40 : 0);
			status = run(argv[i], argv[1], argv[2]);
			long lost = before - settled_kib(before);
			leak = lost < leak ? lost : leak;
		}
		printf("stress %s exit %d leak %ld\n", argv[i], status, leak);
		fflush(stdout);
		if (status != 0) {
			show_log();
		}
		unlink("/tmp/stress.log");
	}
	printf("stress end\n");
	return 0;
}
