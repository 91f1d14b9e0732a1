/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads and processes for the others. */
#include "torture.h"

#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 32

struct job {
	void (*fn)(long);
	long number;
	pthread_barrier_t *start;
};

static void *run(void *arg)
{
	struct job *job = arg;
	pthread_barrier_wait(job->start);
	job->fn(job->number);
	return NULL;
}

void together(int count, void (*fn)(long))
{
	struct job jobs[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	pthread_barrier_t start;
	CHECK(count <= THREADS_MAX);
	OK0(pthread_barrier_init(&start, NULL, (unsigned)count));
	for (int i = 0; i < count; i++) {
		jobs[i] = (struct job){fn, i, &start};
		threads[i] = abi_thread(run, &jobs[i]);
	}
	for (int i = 0; i < count; i++) {
		abi_join(threads[i]);
	}
	OK0(pthread_barrier_destroy(&start));
}

pid_t in_child(void (*fn)(long), long arg)
{
	pid_t child = (pid_t)OK(fork());
	if (child == 0) {
		fn(arg);
		_exit(0);
	}
	return child;
}

int wait_status(pid_t child)
{
	int status;
	CHECK_EQ(OK(waitpid(child, &status, 0)), child);
	return status;
}

void wait_well(pid_t child)
{
	CHECK_EQ(wait_status(child), 0);
}
