/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU-time limits and timers over several threads, memory policy, restartable
 * sequences. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi_test.h"

static volatile sig_atomic_t signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

static void burn_until(volatile sig_atomic_t *word, int value)
{
	for (volatile long i = 0; *word < value; i++) {
	}
}

static int wait_for(pid_t child)
{
	int status;
	OK(waitpid(child, &status, 0));
	return status;
}

ABI_CASE(limit_cpu_soft_then_hard)
{
	pid_t child = OK(fork());
	if (child == 0) {
		struct rlimit limit = {1, 2};
		signal(SIGXCPU, count);
		setrlimit(RLIMIT_CPU, &limit);
		for (;;) {
			burn_until(&signals, 1);
			signals = -1000000; /* until SIGKILL */
		}
	}
	int status = wait_for(child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGKILL);
}

ABI_CASE(limit_cpu_kills_without_handler)
{
	pid_t child = OK(fork());
	if (child == 0) {
		struct rlimit limit = {1, 10};
		setrlimit(RLIMIT_CPU, &limit);
		burn_until(&signals, 1000000);
		_exit(0);
	}
	int status = wait_for(child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGXCPU);
}

static void *burner(void *arg)
{
	burn_until(arg, 3);
	return NULL;
}

/* The timer is set before the thread exists that uses the time up. */
ABI_CASE(limit_prof_timer_reaches_new_threads)
{
	struct itimerval value = {{0, 20000}, {0, 20000}};
	signals = 0;
	abi_handler(SIGPROF, count, SA_RESTART);
	OK(setitimer(ITIMER_PROF, &value, NULL));
	pthread_t thread = abi_thread(burner, (void *)&signals);
	abi_join(thread);
	CHECK(signals >= 3);
	value = (struct itimerval){{0, 0}, {0, 0}};
	OK(setitimer(ITIMER_PROF, &value, NULL));
}

ABI_CASE(limit_prlimit_of_a_child)
{
	pid_t child = OK(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
	struct rlimit new = {17, 18};
	struct rlimit old;
	OK(prlimit(child, RLIMIT_NOFILE, &new, &old));
	CHECK(old.rlim_cur != 17);
	OK(prlimit(child, RLIMIT_NOFILE, NULL, &old));
	CHECK_EQ(old.rlim_cur, 17);
	CHECK_EQ(old.rlim_max, 18);
	new.rlim_cur = 19;
	CHECK_ERRNO(prlimit(child, RLIMIT_NOFILE, &new, NULL), EINVAL);
	CHECK_ERRNO(prlimit(child, 16, NULL, &old), EINVAL);
	CHECK_ERRNO(prlimit(child, RLIMIT_NOFILE, abi_bad[0], NULL), EFAULT);
	new = (struct rlimit){1, RLIM_INFINITY};
	CHECK_ERRNO(prlimit(0, RLIMIT_NOFILE, &new, NULL), EPERM);
	OK(kill(child, SIGKILL));
	wait_for(child);
	CHECK_ERRNO(prlimit(child, RLIMIT_NOFILE, NULL, &old), ESRCH);
}

ABI_CASE(limit_address_space)
{
	pid_t child = OK(fork());
	if (child == 0) {
		struct rlimit limit = {64 << 20, 64 << 20};
		setrlimit(RLIMIT_AS, &limit);
		void *p = mmap(NULL, 128 << 20, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		_exit(p == MAP_FAILED && errno == ENOMEM ? 0 : 1);
	}
	CHECK_EQ(wait_for(child), 0);
}

/* Descriptors are looked for first: a call without one changes nothing. */
ABI_CASE(limit_files_before_effects)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "s"};
	struct rlimit limit;
	int one = (int)OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int two = (int)OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	OK(bind(one, (void *)&at, sizeof(at)));
	OK(listen(one, 1));
	OK(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)two + 1;
	OK(setrlimit(RLIMIT_NOFILE, &limit));

	CHECK_ERRNO(open("new", O_RDWR | O_CREAT, 0600), EMFILE);
	CHECK_ERRNO(access("new", F_OK), ENOENT);
	CHECK_ERRNO(accept(one, NULL, NULL), EMFILE); /* not EAGAIN */
	OK(connect(two, (void *)&at, sizeof(at)));
	CHECK_ERRNO(accept(one, NULL, NULL), EMFILE);

	limit.rlim_cur += 1;
	OK(setrlimit(RLIMIT_NOFILE, &limit));
	int connection = (int)OK(accept(one, NULL, NULL)); /* still there */
	OK(write(two, "x", 1));
	char byte;
	CHECK_EQ(read(connection, &byte, 1), 1);
}

ABI_CASE(memory_policy_of_one_node)
{
	unsigned long nodes = 1;
	unsigned long seen[16] = {0};
	int mode = -1;
	char *p = abi_pages(2, PROT_READ | PROT_WRITE);
	OK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0));
	CHECK_EQ(mode, MPOL_DEFAULT);
	OK(syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 64));
	OK(syscall(SYS_get_mempolicy, &mode, seen, 1024, NULL, 0));
	CHECK_EQ(mode, MPOL_BIND);
	CHECK_EQ(seen[0], 1);
	OK(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0));
	nodes = 2;
	CHECK_ERRNO(syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 64), EINVAL);
	CHECK_ERRNO(syscall(SYS_set_mempolicy, 99, &nodes, 64), EINVAL);
	nodes = 1;
	OK(syscall(SYS_mbind, p, 8192, MPOL_PREFERRED, &nodes, 64, 0));
	CHECK_ERRNO(syscall(SYS_mbind, p + 1, 4096, MPOL_BIND, &nodes, 64, 0),
		    EINVAL);
	OK(syscall(SYS_get_mempolicy, &mode, NULL, 0, p,
		   MPOL_F_NODE | MPOL_F_ADDR));
	CHECK_EQ(mode, 0);
}

#if defined(__x86_64__) && defined(RSEQ_SIG)
/* glibc has registered the thread: a section that spins until it is aborted. */
static long spin_in_section(struct rseq *area)
{
	static struct rseq_cs section __attribute__((aligned(32)));
	long aborted = 0;
	__asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
			 "movq %%rax, 8(%[cs])\n\t"
			 "movq $(2f - 1f), 16(%[cs])\n\t"
			 "leaq 4f(%%rip), %%rax\n\t"
			 "movq %%rax, 24(%[cs])\n\t"
			 "movq %[cs], %[link]\n\t"
			 "1:\n\t"
			 "pause\n\t"
			 "jmp 1b\n\t"
			 "2:\n\t"
			 "jmp 5f\n\t"
			 ".byte 0x0f, 0xb9, 0x3d\n\t"
			 ".long 0x53053053\n\t"
			 "4:\n\t"
			 "movq $1, %[aborted]\n\t"
			 "5:\n\t"
			 : [aborted] "+r"(aborted), [link] "=m"(area->rseq_cs)
			 : [cs] "r"(&section)
			 : "rax", "memory");
	return aborted;
}

ABI_CASE(rseq_signal_aborts_the_section)
{
	if (__rseq_size == 0) {
		return; /* this C library did not register */
	}
	struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() +
					    __rseq_offset);
	struct itimerval value = {{0, 0}, {0, 30000}};
	abi_handler(SIGALRM, count, 0);
	OK(setitimer(ITIMER_REAL, &value, NULL));
	CHECK_EQ(spin_in_section(area), 1);
	CHECK_EQ(area->rseq_cs, 0);
	CHECK_EQ(area->cpu_id, area->cpu_id_start);
}
#endif
