/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runner of the ABI checks: linked once into the binary of each family.
 *
 *	family			run all checks
 *	family -l		list their names
 *	family NAME...		run these
 *	family -s NAME		run those behind this one (it ended the guest)
 *	family -x NAME		leave this one out (at most MAX_EXCLUDED times)
 *	family -t SECONDS ...	give up a check after so many seconds (60);
 *				0 sets no limit
 *
 * One line per check on standard output, written at once, and the totals:
 *
 *	ok NAME
 *	not ok NAME: reason (file:line)
 *	done FAMILY <passed> <failed>
 *	<passed> passed, <failed> failed
 *
 * A family that defines abi_without_leader runs its checks in a second
 * thread, after the first thread of the process has ended.
 */
#include "abi_internal.h"
#include "abi_test.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH	     "/tmp/abi-" ABI_FAMILY
#define WATCHDOG     SIGRTMAX
#define MAX_EXCLUDED 32

extern const struct abi_case *const __start_abi_cases[];
extern const struct abi_case *const __stop_abi_cases[];
extern const int abi_without_leader __attribute__((weak));

static const struct abi_case *current;
static pthread_t runner;
static pid_t runner_tid;
static sigjmp_buf escape;
static atomic_int has_failed;
static unsigned int passed_count;
static unsigned int failed_count;
static unsigned int time_limit = 60;
static timer_t watchdog;
static _Alignas(16) char fault_stack[64 * 1024];
static char **arguments;
static const char *start_after;
static const char *excluded[MAX_EXCLUDED + 1];

static void say(const char *format, ...)
{
	char line[1024];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	if (length >= (int)sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	for (int done = 0; done < length;) {
		ssize_t n = write(1, line + done, length - done);
		if (n < 0 && errno != EINTR) {
			_exit(2);
		}
		done += n > 0 ? n : 0;
	}
}

void abi_fail(const char *file, int line, const char *format, ...)
{
	char reason[512];
	va_list list;
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	if (!atomic_exchange(&has_failed, 1)) {
		say("not ok %s: %s (%s:%d)\n", current->name, reason, file,
		    line);
	}
	if (pthread_equal(pthread_self(), runner)) {
		siglongjmp(escape, 1);
	}
	pthread_exit(NULL);
}

void abi_guard_failed(int sig)
{
	abi_fail("fault", 0, "unexpected signal %d", sig);
}

static void on_watchdog(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (!pthread_equal(pthread_self(), runner)) {
		syscall(SYS_tgkill, getpid(), runner_tid, sig);
		return;
	}
	abi_fail("watchdog", 0, "no end after %u seconds", time_limit);
}

static void arm_watchdog(unsigned int seconds)
{
	if (time_limit != 0) {
		struct itimerspec when = {.it_value.tv_sec = seconds};
		timer_settime(watchdog, 0, &when, NULL);
	}
}

static void reset_signals(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		struct sigaction ignore = {.sa_handler = SIG_IGN};
		struct sigaction action = {.sa_handler = SIG_DFL};
		if (sig != SIGKILL && sig != SIGSTOP && sig != 32 &&
		    sig != 33) {
			/* To ignore it drops what the last check left pending.
			 */
			sigaction(sig, &ignore, NULL);
			sigaction(sig, &action, NULL);
		}
	}
	stack_t stack = {.ss_sp = fault_stack, .ss_size = sizeof(fault_stack)};
	sigaltstack(&stack, NULL);
	struct sigaction guard = {.sa_sigaction = abi_guard_action,
				  .sa_flags = SA_SIGINFO | SA_ONSTACK};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sigaction(faults[i], &guard, NULL);
	}
	struct sigaction dog = {.sa_sigaction = on_watchdog,
				.sa_flags = SA_SIGINFO};
	sigaction(WATCHDOG, &dog, NULL);
	sigset_t none;
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *place)
{
	(void)st;
	(void)type;
	if (place->level != 0) {
		remove(path);
	}
	return 0;
}

static void reset_files(void)
{
	syscall(SYS_close_range, 3U, ~0U, 0);
	umask(022);
	if (mkdir(SCRATCH, 0755) != 0) {
		nftw(SCRATCH, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	}
	if (chdir(SCRATCH) != 0) {
		say("not ok setup: cannot enter " SCRATCH " (abi_main.c:%d)\n",
		    __LINE__);
		_exit(2);
	}
}

static void run_case(const struct abi_case *one)
{
	current = one;
	atomic_store(&has_failed, 0);
	reset_files();
	reset_signals();
	if (sigsetjmp(escape, 1) == 0) {
		arm_watchdog(time_limit);
		current->run();
	}
	arm_watchdog(0);
	if (atomic_load(&has_failed)) {
		failed_count++;
	} else {
		say("ok %s\n", current->name);
		passed_count++;
	}
}

static int is_wanted(const char *name, char **names)
{
	if (*names == NULL) {
		return 1;
	}
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0) {
			return 1;
		}
	}
	return 0;
}

static void exclude(const char *name)
{
	size_t count = 0;
	while (excluded[count] != NULL) {
		count++;
	}
	if (count == MAX_EXCLUDED) {
		say("not ok setup: too many -x (abi_main.c:%d)\n", __LINE__);
		_exit(2);
	}
	excluded[count] = name;
}

static int is_excluded(const char *name)
{
	return excluded[0] != NULL && is_wanted(name, (char **)excluded);
}

static void *run_all(void *leader)
{
	runner = pthread_self();
	runner_tid = syscall(SYS_gettid);
	if (leader != NULL) {
		pthread_join(*(pthread_t *)leader, NULL);
	}
	for (const struct abi_case *const *p = __start_abi_cases;
	     p < __stop_abi_cases; p++) {
		if (start_after != NULL) {
			if (strcmp((*p)->name, start_after) == 0) {
				start_after = NULL;
			}
		} else if (is_wanted((*p)->name, arguments) &&
			   !is_excluded((*p)->name)) {
			run_case(*p);
		}
	}
	reset_files();
	if (chdir("/") == 0) {
		rmdir(SCRATCH);
	}
	say("done " ABI_FAMILY " %u %u\n%u passed, %u failed\n", passed_count,
	    failed_count, passed_count, failed_count);
	exit(failed_count != 0);
}

int main(int argc, char **argv)
{
	static pthread_t leader;
	arguments = argv + 1;
	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		for (const struct abi_case *const *p = __start_abi_cases;
		     p < __stop_abi_cases; p++) {
			say("%s\n", (*p)->name);
		}
		return 0;
	}
	while (arguments[0] != NULL && arguments[1] != NULL &&
	       arguments[0][0] == '-') {
		if (arguments[0][1] == 't') {
			time_limit = strtoul(arguments[1], NULL, 10);
		} else if (arguments[0][1] == 'x') {
			exclude(arguments[1]);
		} else {
			start_after = arguments[1];
		}
		arguments += 2;
	}
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = WATCHDOG};
	if (timer_create(CLOCK_MONOTONIC, &event, &watchdog) != 0) {
		time_limit = 0;
	}
	if (&abi_without_leader == NULL) {
		run_all(NULL);
	}
	pthread_t other;
	leader = pthread_self();
	if (pthread_create(&other, NULL, run_all, &leader) != 0) {
		return 2;
	}
	pthread_exit(NULL);
}
