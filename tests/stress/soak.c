/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs several stressors of stress-ng beside each other for a long time and
 * looks whether each of them goes on:
 *
 *	soak SECONDS INSTANCES NAME...
 *
 * In rounds of ROUND seconds all stressors run with --verify.  Each has a
 * session of its own; every SAMPLE seconds the CPU time of the processes of
 * each session is summed up.  A sum that has not changed for STALL seconds is
 * a stall: a wake-up was lost.  So is a stressor that has not ended GRACE
 * seconds after its round.  It is shown and ended, and the test goes on.
 * Lines:
 *
 *	soak SECOND round N NAME=MILLISECONDS...	CPU time so far
 *	soak SECOND failed NAME status STATUS
 *	soak SECOND stalled NAME, then what its processes are at
 *	soak end FAILURES
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUND	      120
#define SAMPLE	      10
#define STALL	      30
#define GRACE	      120
#define STRESSORS_MAX 32

struct stressor {
	const char *name;
	pid_t session; /* 0: not running */
	unsigned long long ticks, seen;
	time_t changed;
};

struct process {
	int pid, session;
	char state, name[64];
	unsigned long long ticks;
};

static struct stressor stressors[STRESSORS_MAX];
static int stressor_count;
static int failures;
static time_t started;

static time_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec - started;
}

static bool read_process(const char *pid, struct process *p)
{
	char path[300], text[512];
	unsigned long long user, system, child_user, child_system;
	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	char *end = strrchr(text, ')');
	if (end == NULL || sscanf(text, "%d (%63[^)]", &p->pid, p->name) != 2 ||
	    sscanf(end + 1,
		   " %c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
		   "%llu %llu",
		   &p->state, &p->session, &user, &system, &child_user,
		   &child_system) != 6) {
		return false;
	}
	p->ticks = user + system + child_user + child_system;
	return true;
}

static void each_process(void (*visit)(struct process *, void *), void *arg)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	struct process p;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_process(entry->d_name, &p)) {
			visit(&p, arg);
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
}

static void count(struct process *p, void *arg)
{
	(void)arg;
	for (int i = 0; i < stressor_count; i++) {
		if (stressors[i].session == p->session) {
			stressors[i].ticks += p->ticks;
		}
	}
}

static void show(struct process *p, void *arg)
{
	struct stressor *s = arg;
	char path[64], text[256] = "";
	if (p->session != s->session) {
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", p->pid);
	int fd = open(path, O_RDONLY);
	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	printf("  %d %s state %c ticks %llu %s\n", p->pid, p->name, p->state,
	       p->ticks, text);
}

static void stop(struct process *p, void *arg)
{
	if (p->session == ((struct stressor *)arg)->session) {
		kill(p->pid, SIGKILL);
	}
}

static void stalled(struct stressor *s)
{
	printf("soak %ld stalled %s\n", (long)now(), s->name);
	each_process(show, s);
	fflush(stdout);
	failures++;
	each_process(stop, s);
}

static void sample(int round)
{
	for (int i = 0; i < stressor_count; i++) {
		stressors[i].ticks = 0;
	}
	each_process(count, NULL);
	printf("soak %ld round %d", (long)now(), round);
	for (int i = 0; i < stressor_count; i++) {
		struct stressor *s = &stressors[i];
		if (s->session != 0) {
			printf(" %s=%llu", s->name, s->ticks * 10);
		}
		if (s->ticks != s->seen) {
			s->seen = s->ticks;
			s->changed = now();
		}
	}
	printf("\n");
	fflush(stdout);
	for (int i = 0; i < stressor_count; i++) {
		if (stressors[i].session != 0 &&
		    now() - stressors[i].changed >= STALL) {
			stalled(&stressors[i]);
			stressors[i].changed = now();
		}
	}
}

static void start(struct stressor *s, const char *seconds,
		  const char *instances)
{
	char option[64], log[64];
	char *arguments[] = {"stress-ng",   option,	     (char *)instances,
			     "--timeout",   (char *)seconds, "--verify",
			     "--temp-path", "/tmp",	     NULL};
	snprintf(option, sizeof(option), "--%s", s->name);
	snprintf(log, sizeof(log), "/tmp/soak-%s.log", s->name);
	s->session = fork();
	if (s->session == 0) {
		setsid();
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execv("/usr/bin/stress-ng", arguments);
		_exit(127);
	}
	if (s->session < 0) {
		perror("fork");
		exit(2);
	}
	s->seen = 0;
	s->changed = now();
}

static void show_log(const char *name)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/tmp/soak-%s.log", name);
	int log = open(path, O_RDONLY);
	ssize_t n = log < 0 ? 0 : read(log, text, sizeof(text));
	if (n > 0) {
		fwrite(text, 1, n, stdout);
	}
	close(log);
}

/* Takes the ends of stressors; how many still run. */
static int reap(void)
{
	int status, running = 0;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < stressor_count; i++) {
			if (stressors[i].session != pid) {
				continue;
			}
			stressors[i].session = 0;
			if (status != 0) {
				printf("soak %ld failed %s status %#x\n",
				       (long)now(), stressors[i].name, status);
				show_log(stressors[i].name);
				failures++;
			}
		}
	}
	for (int i = 0; i < stressor_count; i++) {
		running += stressors[i].session != 0;
	}
	return running;
}

static void run_round(int round, time_t seconds, const char *instances)
{
	char text[24];
	time_t next, end = now() + seconds + GRACE;
	snprintf(text, sizeof(text), "%ld", (long)seconds);
	for (int i = 0; i < stressor_count; i++) {
		start(&stressors[i], text, instances);
	}
	next = now() + SAMPLE;
	while (reap() > 0) {
		usleep(100000);
		if (now() >= next) {
			sample(round);
			next = now() + SAMPLE;
		}
		if (now() < end) {
			continue;
		}
		for (int i = 0; i < stressor_count; i++) {
			if (stressors[i].session != 0) {
				stalled(&stressors[i]);
			}
		}
		end = now() + GRACE;
	}
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc - 3 > STRESSORS_MAX) {
		return 2;
	}
	started = now();
	time_t end = atol(argv[1]);
	stressor_count = argc - 3;
	for (int i = 0; i < stressor_count; i++) {
		stressors[i].name = argv[i + 3];
	}
	for (int round = 1; now() < end; round++) {
		time_t left = end - now();
		run_round(round, left < ROUND ? left : ROUND, argv[2]);
	}
	printf("soak end %d\n", failures);
	return failures != 0;
}
