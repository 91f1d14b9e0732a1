/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs several stressors of stress-ng beside each other for a long time and
 * looks whether each of them goes on:
 *
 *	soak SECONDS INSTANCES NAME...
 *
 * In rounds of ROUND seconds all stressors run with --verify.  Each has a
 * session of its own; every SAMPLE seconds the CPU time of the processes of
 * each session is summed up.  A sum that has not changed for STALL is a stall:
 * a wake-up was lost.  So is a stressor that has not ended GRACE after its
 * round.  It is shown and ended, counted once, and the test goes on.
 *
 * STALL and GRACE are counted in what the guest did, not in time: the machine
 * below may be busy.  On each CPU a witness sleeps TICK_US again and again; the
 * slowest of them is the clock.  A witness that stands still while the
 * others pass STALL has lost a wake-up itself.
 *
 * Lines:
 *
 *	soak SECOND round N NAME=MILLISECONDS...	CPU time so far
 *	soak SECOND failed NAME status STATUS
 *	soak SECOND stalled NAME, then what its threads are at
 *	soak end FAILURES
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUND	      120   /* seconds */
#define SAMPLE	      10    /* seconds */
#define TICK_US	      10000 /* what a witness sleeps */
#define STALL	      1000  /* sleeps of each witness */
#define GRACE	      4000  /* the same */
#define STRESSORS_MAX 32
#define CPUS_MAX      64

struct stressor {
	const char *name;
	pid_t session; /* 0: not running */
	unsigned long long ticks, seen;
	unsigned long changed; /* the witnesses' clock */
	bool stalled;	       /* and ended by us */
};

struct witness {
	unsigned long sleeps, seen;
	unsigned long changed; /* the fastest witness then */
	int cpu;
};

struct process {
	int pid, session;
	char state, name[64];
	unsigned long long ticks;
};

static struct stressor stressors[STRESSORS_MAX];
static int stressor_count;
static struct witness witnesses[CPUS_MAX];
static int witness_count;
static int failures;
static time_t started;

static time_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec - started;
}

static void *watch(void *arg)
{
	struct witness *w = arg;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		perror("sched_setaffinity");
		exit(2);
	}
	for (;;) {
		usleep(TICK_US);
		__atomic_fetch_add(&w->sleeps, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void start_witnesses(void)
{
	cpu_set_t set;
	pthread_t thread;
	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		struct witness *w = &witnesses[witness_count];
		if (!CPU_ISSET(cpu, &set)) {
			continue;
		}
		w->cpu = cpu;
		witness_count++;
		if (pthread_create(&thread, NULL, watch, w) != 0) {
			perror("pthread_create");
			exit(2);
		}
	}
}

static unsigned long sleeps(const struct witness *w)
{
	return __atomic_load_n(&w->sleeps, __ATOMIC_RELAXED);
}

/* The guest's own clock: what each CPU has done at least. */
static unsigned long progress(void)
{
	unsigned long least = sleeps(&witnesses[0]);
	for (int i = 1; i < witness_count; i++) {
		unsigned long n = sleeps(&witnesses[i]);
		least = n < least ? n : least;
	}
	return least;
}

static unsigned long fastest(void)
{
	unsigned long most = 0;
	for (int i = 0; i < witness_count; i++) {
		unsigned long n = sleeps(&witnesses[i]);
		most = n > most ? n : most;
	}
	return most;
}

/* Without its witnesses the test would see nothing: it ends. */
static void check_witnesses(void)
{
	unsigned long most = fastest();
	for (int i = 0; i < witness_count; i++) {
		struct witness *w = &witnesses[i];
		unsigned long n = sleeps(w);
		if (n != w->seen) {
			w->seen = n;
			w->changed = most;
		} else if (most - w->changed >= STALL) {
			printf("soak %ld stalled witness of CPU %d: %lu of %lu "
			       "sleeps\nsoak end %d\n",
			       (long)now(), w->cpu, n, most, failures + 1);
			fflush(stdout);
			_exit(1);
		}
	}
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

static void show_file(int pid, const char *task, const char *name)
{
	char path[300], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", pid, task, name);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	if (fd >= 0) {
		close(fd);
	}
	if (n > 0) {
		printf("    %s/%s: %.*s\n", task, name,
		       (int)(text[n - 1] == '\n' ? n - 1 : n), text);
	}
}

static void show(struct process *p, void *arg)
{
	struct stressor *s = arg;
	char path[64];
	if (p->session != s->session) {
		return;
	}
	printf("  %d %s state %c ticks %llu\n", p->pid, p->name, p->state,
	       p->ticks);
	snprintf(path, sizeof(path), "/proc/%d/task", p->pid);
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0])) {
			show_file(p->pid, entry->d_name, "stat");
			show_file(p->pid, entry->d_name, "wchan");
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
}

static void stop(struct process *p, void *arg)
{
	if (p->session == ((struct stressor *)arg)->session) {
		kill(p->pid, SIGKILL);
	}
}

/* Counts a stressor that stands still, once, and ends it. */
static void stalled(struct stressor *s)
{
	if (s->stalled) {
		printf("soak %ld stalled %s, even after SIGKILL\nsoak end %d\n",
		       (long)now(), s->name, failures);
		each_process(show, s);
		fflush(stdout);
		_exit(1);
	}
	printf("soak %ld stalled %s\n", (long)now(), s->name);
	each_process(show, s);
	fflush(stdout);
	failures++;
	s->stalled = true;
	s->changed = progress();
	each_process(stop, s);
}

static void sample(int round)
{
	check_witnesses();
	for (int i = 0; i < stressor_count; i++) {
		stressors[i].ticks = 0;
	}
	each_process(count, NULL);
	printf("soak %ld round %d sleeps=%lu", (long)now(), round, progress());
	for (int i = 0; i < stressor_count; i++) {
		struct stressor *s = &stressors[i];
		if (s->session != 0) {
			printf(" %s=%llu", s->name, s->ticks * 10);
		}
		if (s->ticks != s->seen) {
			s->seen = s->ticks;
			s->changed = progress();
		}
	}
	printf("\n");
	fflush(stdout);
	for (int i = 0; i < stressor_count; i++) {
		if (stressors[i].session != 0 &&
		    progress() - stressors[i].changed >= STALL) {
			stalled(&stressors[i]);
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
	s->changed = progress();
	s->stalled = false;
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
			if (status != 0 && !stressors[i].stalled) {
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
	time_t next = now() + SAMPLE, end = now() + seconds;
	unsigned long over = 0; /* progress when the round was over */
	snprintf(text, sizeof(text), "%ld", (long)seconds);
	for (int i = 0; i < stressor_count; i++) {
		start(&stressors[i], text, instances);
	}
	while (reap() > 0) {
		usleep(100000);
		if (now() >= next) {
			sample(round);
			next = now() + SAMPLE;
		}
		if (now() < end) {
			over = progress();
		}
		if (progress() - over < GRACE) {
			continue;
		}
		for (int i = 0; i < stressor_count; i++) {
			if (stressors[i].session != 0) {
				stalled(&stressors[i]);
			}
		}
		over = progress();
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
	start_witnesses();
	for (int round = 1; now() < end; round++) {
		time_t left = end - now();
		run_round(round, left < ROUND ? left : ROUND, argv[2]);
	}
	printf("soak end %d\n", failures);
	return failures != 0;
}
