/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes, threads, signals, timers, programs. */
#include "failure.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void reap(long child)
{
	int status;
	if (child > 0) {
		OK(waitpid((pid_t)child, &status, __WALL));
	}
}

static long vfork_and_exit(void)
{
	pid_t child = vfork();
	if (child == 0) {
		_exit(0);
	}
	return child;
}
TRIAL(vfork_, (void)0, vfork_and_exit(), reap(r))

static long clone_with(unsigned long flags)
{
	int pidfd;
	long child = syscall(SYS_clone, flags | SIGCHLD, 0, &pidfd, 0, 0);
	if (child == 0) {
		syscall(SYS_exit_group, 0);
	}
	if (child > 0) {
		close(pidfd);
	}
	return child;
}
TRIAL(clone_pidfd, (void)0, clone_with(CLONE_PIDFD), reap(r))

static void *nothing(void *arg)
{
	return arg;
}
static pthread_t thread;
static long new_thread(void)
{
	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno == 0 ? 0 : -1;
}
TRIAL(thread_, (void)0, new_thread(), r == 0 ? (void)abi_join(thread) : (void)0)

TRIAL_FD(pidfd_, syscall(SYS_pidfd_open, getpid(), 0))
TRIAL(pidfd_getfd_, a = (int)OK(syscall(SYS_pidfd_open, getpid(), 0)),
      syscall(SYS_pidfd_getfd, a, 0, 0), (close_fd(r), OK(close(a))))

/* --- execve --------------------------------------------------------------- */

/* The runner of the checks with -l: prints their names, to nowhere. */
static long exec_quietly(const char *path)
{
	char *arguments[] = {"failure", "-l", NULL};
	char *environment[] = {NULL};
	int null = open("/dev/null", O_WRONLY);
	if (null < 0 || dup2(null, 1) < 0) {
		return -1;
	}
	return execve(path, arguments, environment);
}

static long exec_static(void)
{
	return exec_quietly("/proc/self/exe");
}
ABI_CASE(exec_)
{
	trial_in_child(exec_static);
}

static long exec_script(void)
{
	return exec_quietly("./s");
}
ABI_CASE(exec_script_)
{
	char text[5000], self[4096];
	ssize_t n = OK(readlink("/proc/self/exe", self, sizeof(self) - 1));
	self[n] = '\0';
	snprintf(text, sizeof(text), "#!%s -l\n", self);
	abi_write_file("s", text);
	OK(chmod("s", 0700));
	trial_in_child(exec_script);
}

static long end(void)
{
	syscall(SYS_exit_group, 0);
	return -1;
}
ABI_CASE(exit_)
{
	trial_in_child(end);
}

/* --- signals ---------------------------------------------------------------
 */

static void block(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void take(void)
{
	sigset_t set;
	struct timespec zero = {0, 0};
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	while (sigtimedwait(&set, NULL, &zero) > 0) {
	}
}

TRIAL(kill_, block(), kill(getpid(), SIGUSR1), (CHECK_EQ(r, 0), take()))
TRIAL(queue_, block(),
      sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 1}), take())
TRIAL(tgkill_, block(), syscall(SYS_tgkill, getpid(), abi_gettid(), SIGUSR1),
      take())
TRIAL(take_signal, (block(), OK(kill(getpid(), SIGUSR1))), (take(), 0), (void)0)

static volatile sig_atomic_t handled;
static void on_signal(int sig)
{
	handled = sig;
}
TRIAL(handle_signal, (abi_handler(SIGUSR2, on_signal, 0), handled = 0),
      kill(getpid(), SIGUSR2), CHECK_EQ(handled, SIGUSR2))

/* --- timers -----------------------------------------------------------------
 */

static timer_t timer;
static long new_timer(int notify)
{
	struct sigevent event = {.sigev_notify = notify,
				 .sigev_signo = SIGRTMIN + 3};
	int id;
	long r = syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
	timer = (timer_t)(long)id;
	return r;
}
static void drop_timer(void)
{
	OK(syscall(SYS_timer_delete, (int)(long)timer));
}
TRIAL(timer_, (void)0, new_timer(SIGEV_SIGNAL), r == 0 ? drop_timer() : (void)0)
static long set_timer(void)
{
	struct itimerspec when = {.it_value.tv_sec = 1000};
	return syscall(SYS_timer_settime, (int)(long)timer, 0, &when, NULL);
}
TRIAL(timer_set, OK(new_timer(SIGEV_SIGNAL)), set_timer(), drop_timer())
static long interval(long seconds)
{
	struct itimerval when = {.it_value.tv_sec = seconds};
	return setitimer(ITIMER_REAL, &when, NULL);
}
TRIAL(itimer_, (void)0, interval(1000), OK(interval(0)))
static long short_sleep(void)
{
	struct timespec t = {0, 1000};
	return nanosleep(&t, NULL);
}
TRIAL(sleep_, (void)0, short_sleep(), (void)0)

/* --- futexes -----------------------------------------------------------------
 */

static uint32_t word;
static long futex(int op, uint32_t value)
{
	struct timespec t = {0, 1000};
	long r = syscall(SYS_futex, &word, op, value, &t, NULL, 0);
	return r < 0 && (errno == ETIMEDOUT || errno == EAGAIN) ? 0 : r;
}
TRIAL(futex_wait, word = 1, futex(FUTEX_WAIT, 1), (void)0)
TRIAL(futex_wait_private, word = 1, futex(FUTEX_WAIT_PRIVATE, 1), (void)0)
TRIAL(futex_wake, (void)0, syscall(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0),
      (void)0)
TRIAL(futex_lock_pi, word = 0,
      syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, 0, 0, 0),
      r == 0 ? OK(syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, 0, 0, 0)) : 0)

/* --- the rest
 * ------------------------------------------------------------------ */

static cpu_set_t cpus;
TRIAL(affinity, OK(sched_getaffinity(0, sizeof(cpus), &cpus)),
      sched_setaffinity(0, sizeof(cpus), &cpus), (void)0)
TRIAL(groups, (void)0, syscall(SYS_getgroups, 0, NULL), (void)0)
TRIAL(name_, (void)0, prctl(PR_SET_NAME, "failure"), (void)0)
TRIAL(membarrier_, (void)0, syscall(SYS_membarrier, 1, 0, 0), (void)0)
TRIAL(random_, (void)0, syscall(SYS_getrandom, big, 5000, 0), (void)0)
static struct rlimit limit;
TRIAL(limit_, OK(getrlimit(RLIMIT_NOFILE, &limit)),
      setrlimit(RLIMIT_NOFILE, &limit), (void)0)
TRIAL(set_ids, (void)0, setresuid(-1, -1, -1), (void)0)
TRIAL(unshare_files, (void)0, unshare(CLONE_FILES | CLONE_FS), (void)0)
