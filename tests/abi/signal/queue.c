/* SPDX-License-Identifier: BSD-3-Clause */
/* Queued signals, siginfo, sigtimedwait, sigsuspend. */
#include "abi_test.h"
#include "signal/signal.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define RT SIGRTMIN

/* Not static: kill() is declared a leaf, so nobody else seems to write here. */
siginfo_t infos[64];
static atomic_int info_count;

static void note_info(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	int at = atomic_fetch_add(&info_count, 1);
	if (at < 64) {
		infos[at] = *info;
	}
}

static void nothing(int sig)
{
	(void)sig;
}

static void listen_to(int sig)
{
	atomic_store(&info_count, 0);
	memset(infos, 0, sizeof(infos));
	abi_handler_info(sig, note_info, 0);
}

ABI_CASE(info_of_kill)
{
	listen_to(SIGUSR1);
	OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(info_count, 1);
	CHECK_EQ(infos[0].si_signo, SIGUSR1);
	CHECK_EQ(infos[0].si_code, SI_USER);
	CHECK_EQ(infos[0].si_errno, 0);
	CHECK_EQ(infos[0].si_pid, getpid());
	CHECK_EQ(infos[0].si_uid, getuid());
}

ABI_CASE(info_of_tgkill)
{
	listen_to(SIGUSR1);
	OK(syscall(SYS_tgkill, getpid(), abi_gettid(), SIGUSR1));
	CHECK_EQ(infos[0].si_code, SI_TKILL);
	CHECK_EQ(infos[0].si_pid, getpid());
	CHECK_EQ(infos[0].si_uid, getuid());
}

ABI_CASE(info_of_sigqueue)
{
	listen_to(RT);
	OK(sigqueue(getpid(), RT, (union sigval){.sival_ptr = (void *)~5UL}));
	CHECK_EQ(infos[0].si_signo, RT);
	CHECK_EQ(infos[0].si_code, SI_QUEUE);
	CHECK_EQ(infos[0].si_value.sival_ptr, ~5UL);
	CHECK_EQ(infos[0].si_pid, getpid());
}

ABI_CASE(info_passes_unchanged)
{
	siginfo_t info;
	listen_to(RT);
	/* What no layout knows must be zero. */
	memset(&info, 0, sizeof(info));
	memset(&info, 0xa5, 48);
	info.si_code = -77;
	OK(syscall(SYS_rt_sigqueueinfo, getpid(), RT, &info));
	info.si_signo = RT;
	CHECK_EQ(infos[0].si_signo, RT);
	CHECK_EQ(infos[0].si_code, -77);
	CHECK_EQ(infos[0].si_errno, (int)0xa5a5a5a5);
	CHECK_EQ(memcmp((char *)&infos[0] + 16, (char *)&info + 16, 32), 0);
	OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), abi_gettid(), RT, &info));
	CHECK_EQ(infos[1].si_code, -77);
}

ABI_CASE(queue_info_errors)
{
	siginfo_t info = {.si_code = SI_QUEUE};
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), RT, abi_bad[0]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, 0x3fffff, RT, &info), ESRCH);
	CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), 0, RT, &info),
		    EINVAL);
	CHECK_ERRNO(
		syscall(SYS_rt_tgsigqueueinfo, getpid(), 0x3fffff, RT, &info),
		ESRCH);
	OK(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info));
}

ABI_CASE(realtime_signals_queue_in_order)
{
	listen_to(RT);
	OK(kernel_mask(SIG_BLOCK, BIT(RT), NULL));
	for (int i = 0; i < 50; i++) {
		OK(sigqueue(getpid(), RT, (union sigval){.sival_int = i}));
	}
	OK(kernel_mask(SIG_UNBLOCK, BIT(RT), NULL));
	CHECK_EQ(info_count, 50);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(infos[i].si_value.sival_int, i);
	}
}

ABI_CASE(standard_signals_keep_the_first)
{
	listen_to(SIGUSR1);
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	for (int i = 7; i < 12; i++) {
		OK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = i}));
	}
	OK(kernel_mask(SIG_UNBLOCK, BIT(SIGUSR1), NULL));
	CHECK_EQ(info_count, 1);
	CHECK_EQ(infos[0].si_value.sival_int, 7);
}

ABI_CASE(thread_queue_before_process_queue)
{
	/* Of one number, the thread's own come first. */
	listen_to(RT);
	OK(kernel_mask(SIG_BLOCK, BIT(RT), NULL));
	OK(sigqueue(getpid(), RT, (union sigval){.sival_int = 1}));
	OK(syscall(SYS_tgkill, getpid(), abi_gettid(), RT));
	OK(kernel_mask(SIG_UNBLOCK, BIT(RT), NULL));
	CHECK_EQ(info_count, 2);
	CHECK_EQ(infos[0].si_code, SI_TKILL);
	CHECK_EQ(infos[1].si_code, SI_QUEUE);
}

ABI_CASE(queue_limit)
{
	struct rlimit old;
	OK(getrlimit(RLIMIT_SIGPENDING, &old));
	struct rlimit few = {20, old.rlim_max};
	OK(kernel_mask(SIG_BLOCK, BIT(RT) | BIT(SIGUSR1), NULL));
	OK(setrlimit(RLIMIT_SIGPENDING, &few));
	int sent = 0;
	while (sent < 1000 &&
	       sigqueue(getpid(), RT, (union sigval){.sival_int = 0}) == 0) {
		sent++;
	}
	int error = errno;
	/* A standard signal always goes through, without its data. */
	int standard = kill(getpid(), SIGUSR1);
	setrlimit(RLIMIT_SIGPENDING, &old);
	CHECK(sent <= 20);
	CHECK_EQ(error, EAGAIN);
	CHECK_EQ(standard, 0);
	CHECK(kernel_pending() & BIT(SIGUSR1));
	abi_handler(RT, SIG_IGN, 0);
	abi_handler(SIGUSR1, SIG_IGN, 0);
	CHECK_EQ(kernel_pending(), 0);
}

ABI_CASE(timedwait_takes_pending)
{
	siginfo_t info;
	uint64_t both = BIT(RT) | BIT(SIGUSR1);
	OK(kernel_mask(SIG_BLOCK, both, NULL));
	OK(sigqueue(getpid(), RT, (union sigval){.sival_int = 9}));
	OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(kernel_wait(both, &info, NULL), SIGUSR1);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(kernel_wait(both, &info, NULL), RT);
	CHECK_EQ(info.si_value.sival_int, 9);
	struct timespec zero = {0, 0};
	CHECK_ERRNO(kernel_wait(both, &info, &zero), EAGAIN);
	OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(kernel_wait(both, NULL, &zero), SIGUSR1);
}

ABI_CASE(timedwait_errors)
{
	struct timespec wrong = {0, 1000000000};
	uint64_t set = BIT(SIGUSR1);
	OK(kernel_mask(SIG_BLOCK, set, NULL));
	CHECK_ERRNO(kernel_wait(set, NULL, &wrong), EINVAL);
	wrong = (struct timespec){-1, 0};
	CHECK_ERRNO(kernel_wait(set, NULL, &wrong), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, abi_bad[0], NULL, NULL, 8),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, &set, NULL, abi_bad[1], 8),
		    EFAULT);
	/* The signal is lost when its data cannot be written. */
	OK(kill(getpid(), SIGUSR1));
	CHECK_ERRNO(kernel_wait(set, abi_bad[4], NULL), EFAULT);
	CHECK_EQ(kernel_pending(), 0);
}

ABI_CASE(timedwait_times_out)
{
	struct timespec brief = {0, 20000000};
	int64_t before = abi_now();
	CHECK_ERRNO(kernel_wait(BIT(SIGUSR1), NULL, &brief), EAGAIN);
	CHECK(abi_now() - before >= 20000000);
	/* SIGKILL in the set is allowed and never comes. */
	brief.tv_nsec = 1000000;
	CHECK_ERRNO(kernel_wait(BIT(SIGKILL), NULL, &brief), EAGAIN);
}

struct sleeper {
	volatile pid_t tid;
	uint64_t set;
	long result;
	int error;
	siginfo_t info;
};

static void *wait_for_set(void *arg)
{
	struct sleeper *s = arg;
	s->tid = abi_gettid();
	s->result = kernel_wait(s->set, &s->info, NULL);
	s->error = errno;
	return NULL;
}

ABI_CASE(timedwait_is_woken)
{
	struct sleeper s = {.set = BIT(SIGUSR1) | BIT(RT)};
	OK(kernel_mask(SIG_BLOCK, s.set, NULL));
	pthread_t thread = abi_thread(wait_for_set, &s);
	abi_wait_sleeping(&s.tid);
	OK(sigqueue(getpid(), RT, (union sigval){.sival_int = 4}));
	abi_join(thread);
	CHECK_EQ(s.result, RT);
	CHECK_EQ(s.info.si_value.sival_int, 4);
	CHECK_EQ(kernel_pending(), 0);
}

ABI_CASE(timedwait_interrupted)
{
	struct sleeper s = {.set = BIT(RT)};
	abi_handler(SIGUSR1, nothing, SA_RESTART);
	OK(kernel_mask(SIG_BLOCK, BIT(RT), NULL));
	pthread_t thread = abi_thread(wait_for_set, &s);
	abi_wait_sleeping(&s.tid);
	OK0(pthread_kill(thread, SIGUSR1));
	abi_join(thread);
	CHECK_EQ(s.result, -1);
	CHECK_EQ(s.error, EINTR);
}

static atomic_int suspend_hits;

static void in_suspend(int sig)
{
	uint64_t mask = 0;
	(void)sig;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	/* The temporary mask holds, and this signal. */
	atomic_store(&suspend_hits,
		     mask == (BIT(SIGUSR1) | BIT(SIGHUP)) ? 1 : 2);
}

ABI_CASE(suspend_swaps_the_mask)
{
	uint64_t temporary = BIT(SIGHUP);
	uint64_t now = 0;
	atomic_store(&suspend_hits, 0);
	abi_handler(SIGUSR1, in_suspend, 0);
	OK(kernel_mask(SIG_SETMASK, BIT(SIGUSR1) | BIT(SIGTERM), NULL));
	OK(raise(SIGUSR1));
	CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &temporary, 8), EINTR);
	CHECK_EQ(suspend_hits, 1);
	OK(kernel_mask(SIG_SETMASK, 0, &now));
	CHECK_EQ(now, BIT(SIGUSR1) | BIT(SIGTERM));
	CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &temporary, 7), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigsuspend, abi_bad[0], 8), EFAULT);
}

static void *suspend_thread(void *arg)
{
	struct sleeper *s = arg;
	uint64_t none = 0;
	s->tid = abi_gettid();
	s->result = syscall(SYS_rt_sigsuspend, &none, 8);
	s->error = errno;
	return NULL;
}

ABI_CASE(suspend_waits)
{
	struct sleeper s = {0};
	abi_handler(SIGUSR1, nothing, SA_RESTART);
	abi_handler(SIGUSR2, SIG_IGN, 0);
	OK(kernel_mask(SIG_BLOCK, BIT(SIGUSR1), NULL));
	pthread_t thread = abi_thread(suspend_thread, &s);
	abi_wait_sleeping(&s.tid);
	OK0(pthread_kill(thread, SIGUSR2)); /* ignored: no end */
	abi_wait_sleeping(&s.tid);
	CHECK_EQ(s.error, 0);
	OK0(pthread_kill(thread, SIGUSR1));
	abi_join(thread);
	CHECK_EQ(s.error, EINTR);
}

static atomic_int pause_error;

static void *pause_thread(void *arg)
{
	*(volatile pid_t *)arg = abi_gettid();
	CHECK_EQ(pause(), -1);
	atomic_store(&pause_error, errno);
	return NULL;
}

ABI_CASE(pause_ends_with_eintr)
{
	volatile pid_t tid = 0;
	abi_handler(SIGUSR1, nothing, SA_RESTART);
	pthread_t thread = abi_thread(pause_thread, (void *)&tid);
	abi_wait_sleeping(&tid);
	OK0(pthread_kill(thread, SIGUSR1));
	abi_join(thread);
	CHECK_EQ(pause_error, EINTR);
}

struct counters {
	atomic_int taken[4];
	atomic_int stop;
	atomic_int next;
};

static void *take_many(void *arg)
{
	struct counters *c = arg;
	int mine = atomic_fetch_add(&c->next, 1);
	struct timespec brief = {0, 50000000};
	while (!atomic_load(&c->stop)) {
		if (kernel_wait(BIT(RT), NULL, &brief) == RT) {
			atomic_fetch_add(&c->taken[mine], 1);
		}
	}
	return NULL;
}

ABI_CASE(each_queued_signal_is_taken_once)
{
	struct counters c = {0};
	pthread_t threads[4];
	OK(kernel_mask(SIG_BLOCK, BIT(RT), NULL));
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(take_many, &c);
	}
	int sent = 0;
	while (sent < 2000) {
		if (sigqueue(getpid(), RT, (union sigval){0}) == 0) {
			sent++;
		} else {
			CHECK_EQ(errno, EAGAIN);
			abi_sleep_ms(1);
		}
	}
	while (kernel_pending() & BIT(RT)) {
		abi_sleep_ms(1);
	}
	atomic_store(&c.stop, 1);
	int total = 0;
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
		total += c.taken[i];
	}
	CHECK_EQ(total, 2000);
}

static _Thread_local volatile int own_hits;

static void count_own(int sig)
{
	(void)sig;
	own_hits++;
}

struct target {
	pthread_t thread;
	volatile pid_t tid;
	atomic_int stop;
	int hits;
};

static void *be_hit(void *arg)
{
	struct target *t = arg;
	t->tid = abi_gettid();
	while (!atomic_load(&t->stop)) {
		if (own_hits % 3 == 0) {
			sched_yield();
		}
	}
	/* A last system call takes what is pending. */
	sched_yield();
	t->hits = own_hits;
	return NULL;
}

ABI_CASE(thread_signals_storm)
{
	/* Real-time signals to two running threads: none lost or doubled. */
	static struct target t[2];
	memset(t, 0, sizeof(t));
	abi_handler(RT, count_own, 0);
	for (int i = 0; i < 2; i++) {
		t[i].thread = abi_thread(be_hit, &t[i]);
		while (t[i].tid == 0) {
			sched_yield();
		}
	}
	for (int sent = 0; sent < 1000; sent++) {
		for (int i = 0; i < 2; i++) {
			while (syscall(SYS_tgkill, getpid(), t[i].tid, RT) !=
			       0) {
				CHECK_EQ(errno, EAGAIN);
				sched_yield();
			}
		}
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&t[i].stop, 1);
		abi_join(t[i].thread);
		CHECK_EQ(t[i].hits, 1000);
	}
}
