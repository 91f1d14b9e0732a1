/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends of threads and processes against everything else. */
#include "torture.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- futexes across processes, with kill -------------------------------------
 */

#define WAITERS 6

struct storm {
	_Atomic uint32_t word;
	_Atomic int turns;
};
static struct storm *storm;

static void wait_for_changes(long number)
{
	(void)number;
	for (;;) {
		uint32_t value = storm->word;
		syscall(SYS_futex, &storm->word, FUTEX_WAIT, value, NULL, NULL,
			0);
		storm->turns++;
	}
}

ABI_CASE(futex_waiters_are_killed)
{
	pid_t waiters[WAITERS];
	uint32_t random = 5;
	storm = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < WAITERS; i++) {
		waiters[i] = in_child(wait_for_changes, i);
	}
	for (int round = 0; round < 80; round++) {
		int victim = (int)(next_random(&random) % WAITERS);
		storm->word++;
		OK(syscall(SYS_futex, &storm->word, FUTEX_WAKE, 2, NULL, NULL,
			   0));
		OK(kill(waiters[victim], SIGKILL));
		storm->word++;
		OK(syscall(SYS_futex, &storm->word, FUTEX_WAKE, INT_MAX, NULL,
			   NULL, 0));
		CHECK_EQ(wait_status(waiters[victim]), SIGKILL);
		waiters[victim] = in_child(wait_for_changes, victim);
	}
	/* All that live still hear of changes. */
	for (int i = 0; i < WAITERS; i++) {
		int seen = storm->turns;
		while (storm->turns < seen + WAITERS) {
			storm->word++;
			OK(syscall(SYS_futex, &storm->word, FUTEX_WAKE, INT_MAX,
				   NULL, NULL, 0));
			let_others();
		}
	}
	for (int i = 0; i < WAITERS; i++) {
		OK(kill(waiters[i], SIGKILL));
		CHECK_EQ(wait_status(waiters[i]), SIGKILL);
	}
}

/* A process-shared robust mutex whose holders are killed at any time. */
struct robust {
	pthread_mutex_t mutex;
	volatile long a, b;
	_Atomic long deaths;
};
static struct robust *robust;

static void take_robust(void)
{
	int err = pthread_mutex_lock(&robust->mutex);
	if (err == EOWNERDEAD) {
		robust->b = robust->a;
		robust->deaths++;
		err = pthread_mutex_consistent(&robust->mutex);
	}
	OK0(err);
}

static void lock_for_ever(long number)
{
	(void)number;
	for (;;) {
		take_robust();
		robust->a++;
		robust->b++;
		pthread_mutex_unlock(&robust->mutex);
	}
}

ABI_CASE(robust_mutex_holders_are_killed)
{
	pthread_mutexattr_t kind;
	pid_t child[4];
	robust = mmap(NULL, sizeof(*robust), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	OK0(pthread_mutexattr_init(&kind));
	OK0(pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED));
	OK0(pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST));
	OK0(pthread_mutex_init(&robust->mutex, &kind));
	for (int i = 0; i < 4; i++) {
		child[i] = in_child(lock_for_ever, i);
	}
	for (int round = 0; round < 30; round++) {
		int i = round % 4;
		OK(kill(child[i], SIGKILL));
		CHECK_EQ(wait_status(child[i]), SIGKILL);
		child[i] = in_child(lock_for_ever, i);
		take_robust();
		CHECK_EQ(robust->a, robust->b);
		OK0(pthread_mutex_unlock(&robust->mutex));
	}
	for (int i = 0; i < 4; i++) {
		OK(kill(child[i], SIGKILL));
		wait_status(child[i]);
	}
}

/* --- signals with SA_RESTART
 * --------------------------------------------------- */

static _Atomic int flood;
static volatile sig_atomic_t signals_seen;
static int pipe_ends[2];

static void count_signal(int sig)
{
	(void)sig;
	signals_seen++;
}

static void *signal_main(void *arg)
{
	pthread_t to = *(pthread_t *)arg;
	while (flood) {
		pthread_kill(to, SIGUSR1);
		let_others();
	}
	return NULL;
}

static void *write_bytes(void *arg)
{
	for (long i = 0; i < (long)arg; i++) {
		unsigned char byte = (unsigned char)i;
		while (write(pipe_ends[1], &byte, 1) != 1) {
		}
		if (i % 64 == 0) {
			let_others();
		}
	}
	return NULL;
}

ABI_CASE(restarted_reads_lose_nothing)
{
	pthread_t self = pthread_self();
	long count = 5000;
	OK(pipe(pipe_ends));
	abi_handler(SIGUSR1, count_signal, SA_RESTART);
	flood = 1;
	signals_seen = 0;
	pthread_t killer = abi_thread(signal_main, &self);
	pthread_t writer = abi_thread(write_bytes, (void *)count);
	for (long i = 0; i < count; i++) {
		unsigned char byte;
		CHECK_EQ(read(pipe_ends[0], &byte, 1), 1);
		CHECK_EQ(byte, (unsigned char)i);
	}
	while (signals_seen == 0) {
		let_others();
	}
	flood = 0;
	abi_join(killer);
	abi_join(writer);
}

static _Atomic long queued;
static void take_queued(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	queued += info->si_value.sival_int;
}

static void queue_signals(long number)
{
	(void)number;
	for (int i = 0; i < 500; i++) {
		union sigval one = {.sival_int = 1};
		while (sigqueue(getpid(), SIGRTMIN + 2, one) != 0) {
			CHECK_EQ(errno, EAGAIN);
			let_others();
		}
	}
}

ABI_CASE(queued_signals_are_all_taken)
{
	abi_handler_info(SIGRTMIN + 2, take_queued, SA_RESTART);
	queued = 0;
	together(4, queue_signals);
	while (queued < 4 * 500) {
		let_others();
	}
	CHECK_EQ(queued, 4 * 500);
}

/* --- ends
 * -------------------------------------------------------------------------- */

static void *end_at_once(void *arg)
{
	return arg;
}

/* Threads that end at once, one after another: few live at any time. */
static void *start_more(void *arg)
{
	pthread_t thread;
	for (;;) {
		if (pthread_create(&thread, NULL, end_at_once, arg) == 0) {
			pthread_join(thread, NULL);
		}
	}
	return NULL;
}

static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;) {
		pause();
	}
	return NULL;
}

/* exit_group while threads are being made. */
static void exit_among_clones(long number)
{
	pthread_t thread;
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, start_more, NULL);
	}
	for (int i = 0; i < number % 50; i++) {
		let_others();
	}
	syscall(SYS_exit_group, 0);
}

ABI_CASE(exit_against_clone)
{
	for (int round = 0; round < 40; round++) {
		wait_well(in_child(exit_among_clones, round * 7));
	}
}

/* Two threads end the process at once, a third one is killed. */
static void *end_all(void *arg)
{
	syscall(SYS_exit_group, (int)(long)arg);
	return NULL;
}

static void exit_twice(long number)
{
	pthread_t thread;
	pthread_create(&thread, NULL, sleep_for_ever, NULL);
	pthread_create(&thread, NULL, end_all, (void *)1);
	pthread_create(&thread, NULL, end_all, (void *)2);
	if (number % 2 == 0) {
		kill(getpid(), SIGKILL);
	}
	end_all((void *)3);
}

ABI_CASE(exit_against_exit)
{
	for (int round = 0; round < 60; round++) {
		int status = wait_status(in_child(exit_twice, round));
		if (WIFSIGNALED(status)) {
			CHECK_EQ(WTERMSIG(status), SIGKILL);
		} else {
			CHECK(WEXITSTATUS(status) >= 1 &&
			      WEXITSTATUS(status) <= 3);
		}
	}
}

static void *exec_list(void *arg)
{
	char *arguments[] = {"torture", "-l", NULL};
	char *environment[] = {NULL};
	(void)arg;
	execve("/proc/self/exe", arguments, environment);
	_exit(9);
}

/* exec by several threads at once, among others that are made and that fault.
 */
static void exec_among_threads(long number)
{
	pthread_t thread;
	dup2(open("/dev/null", O_WRONLY), 1);
	pthread_create(&thread, NULL, sleep_for_ever, NULL);
	pthread_create(&thread, NULL, start_more, NULL);
	for (int i = 0; i < 1 + number % 3; i++) {
		pthread_create(&thread, NULL, exec_list, NULL);
	}
	if (number % 2 == 0) {
		exec_list(NULL);
	}
	sleep_for_ever(NULL);
}

ABI_CASE(exec_against_threads)
{
	for (int round = 0; round < 30; round++) {
		wait_well(in_child(exec_among_threads, round));
	}
}

/* Children and their parents end in any order; nobody stays. */
static void fork_tree(long depth)
{
	for (int i = 0; i < 3 && depth > 0; i++) {
		pid_t child = fork();
		if (child == 0) {
			fork_tree(depth - 1);
			_exit(0);
		}
		if (child > 0 && (depth + i) % 2 == 0) {
			waitpid(child, NULL, 0);
		}
	}
}

ABI_CASE(trees_of_processes_end)
{
	for (int round = 0; round < 8; round++) {
		wait_well(in_child(fork_tree, 4));
	}
}
