/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs many test programs, several at a time, and prints one line for each:
 *
 *	posix NAME exit STATUS
 *	posix NAME signal NUMBER
 *	posix NAME timeout
 *
 *	runner JOBS SECONDS LIST
 *
 * LIST names one program in each line, with its path; NAME is the path behind
 * the folder of LIST.  A program that runs longer than SECONDS is ended with
 * its whole process group: a hang detector.  Ends with "posix end".
 *
 * Nothing outlives the runner: it adopts what the tests leave behind and ends
 * it, and all die with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 64

struct job {
	pid_t pid; /* 0: free */
	time_t end;
	int killed;
	char name[256];
};

static struct job jobs[MAX_JOBS];
static int job_count;
static long limit;

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void start(struct job *job, const char *path, const char *name)
{
	fflush(stdout);
	snprintf(job->name, sizeof(job->name), "%s", name);
	job->end = seconds() + limit;
	job->killed = 0;
	job->pid = fork();
	if (job->pid == 0) {
		int null = open("/dev/null", O_RDWR);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl(path, path, (char *)NULL);
		_exit(126);
	}
	if (job->pid < 0) {
		printf("posix %s nofork %d\n", name, errno);
		job->pid = 0;
	}
}

static void report(struct job *job, int status)
{
	if (job->killed) {
		printf("posix %s timeout\n", job->name);
	} else if (WIFSIGNALED(status)) {
		printf("posix %s signal %d\n", job->name, WTERMSIG(status));
	} else {
		printf("posix %s exit %d\n", job->name, WEXITSTATUS(status));
	}
	fflush(stdout);
}

/* Reap what has ended and end what takes too long; the number still running. */
static int look(void)
{
	int running = 0;
	for (int i = 0; i < job_count; i++) {
		struct job *job = &jobs[i];
		int status;
		if (job->pid == 0) {
			continue;
		}
		if (waitpid(job->pid, &status, WNOHANG) == job->pid) {
			kill(-job->pid, SIGKILL);
			report(job, status);
			job->pid = 0;
			continue;
		}
		if (seconds() > job->end && !job->killed) {
			job->killed = 1;
			kill(-job->pid, SIGKILL);
		}
		running++;
	}
	return running;
}

/* End and reap every child that is left, also those that were adopted. */
static void end_children(void)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	for (int round = 0; round < 100; round++) {
		FILE *list = fopen(path, "r");
		long pid;
		int found = 0;
		while (list != NULL && fscanf(list, "%ld", &pid) == 1) {
			kill((pid_t)pid, SIGKILL);
			found = 1;
		}
		if (list != NULL) {
			fclose(list);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0) {
			found = 1;
		}
		if (!found) {
			return;
		}
		usleep(20000);
	}
}

static struct job *free_job(void)
{
	for (;;) {
		look();
		for (int i = 0; i < job_count; i++) {
			if (jobs[i].pid == 0) {
				return &jobs[i];
			}
		}
		usleep(5000);
	}
}

int main(int argc, char **argv)
{
	char line[512];
	if (argc != 4) {
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	job_count = atoi(argv[1]);
	job_count = job_count < 1 || job_count > MAX_JOBS ? 1 : job_count;
	limit = atol(argv[2]);
	FILE *list = fopen(argv[3], "r");
	if (list == NULL) {
		perror(argv[3]);
		return 2;
	}
	char *slash = strrchr(argv[3], '/');
	size_t skip = slash != NULL ? slash - argv[3] + 1 : 0;
	mkdir("/tmp/posix", 0777);
	if (chdir("/tmp/posix") != 0) {
		return 2;
	}
	while (fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && strlen(line) > skip) {
			start(free_job(), line, line + skip);
		}
	}
	while (look() > 0) {
		usleep(5000);
	}
	end_children();
	printf("posix end\n");
	return 0;
}
