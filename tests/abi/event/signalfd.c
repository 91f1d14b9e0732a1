/* SPDX-License-Identifier: BSD-3-Clause */
/* signalfd. */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int make(int a, int b, int flags)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	OK0(pthread_sigmask(SIG_BLOCK, &set, NULL));
	return OK(signalfd(-1, &set, flags));
}

ABI_CASE(signalfd_arguments)
{
	uint64_t set = 1ULL << (SIGUSR1 - 1);
	CHECK_ERRNO(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_signalfd4, -1, abi_bad[0], 8, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_signalfd4, 99, &set, 8, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_signalfd4, 1, &set, 8, 0), EINVAL);
	int fd = OK(syscall(SYS_signalfd4, -1, &set, 8, SFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

ABI_CASE(signalfd_reads_info)
{
	struct signalfd_siginfo info[3];
	int fd = make(SIGUSR1, SIGRTMIN, SFD_NONBLOCK);
	CHECK_ERRNO(read(fd, info, sizeof(info)), EAGAIN);
	CHECK_ERRNO(read(fd, info, sizeof(info[0]) - 1), EINVAL);
	OK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 77}));
	OK(kill(getpid(), SIGUSR1));
	memset(info, 0xff, sizeof(info));
	CHECK_EQ(read(fd, info, sizeof(info)), 2 * sizeof(info[0]));
	CHECK_EQ(info[0].ssi_signo, SIGUSR1);
	CHECK_EQ(info[0].ssi_code, SI_USER);
	CHECK_EQ(info[0].ssi_pid, getpid());
	CHECK_EQ(info[0].ssi_uid, getuid());
	CHECK_EQ(info[1].ssi_signo, SIGRTMIN);
	CHECK_EQ(info[1].ssi_code, SI_QUEUE);
	CHECK_EQ(info[1].ssi_int, 77);
	CHECK_ERRNO(read(fd, info, sizeof(info)), EAGAIN);
}

ABI_CASE(signalfd_mask_can_change)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
	OK(raise(SIGUSR1));
	CHECK_ERRNO(read(fd, &info, sizeof(info)), EAGAIN);
	OK(raise(SIGUSR2));
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGUSR2);
	abi_handler(SIGUSR1, SIG_IGN, 0);
}

ABI_CASE(signalfd_polls)
{
	int fd = make(SIGUSR1, SIGUSR2, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
	CHECK_EQ(poll(&p, 1, 0), 0);
	OK(raise(SIGUSR1));
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN);
	struct signalfd_siginfo info;
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(poll(&p, 1, 0), 0);
}

struct reader {
	int fd;
	volatile pid_t tid;
	struct signalfd_siginfo info;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;
	r->tid = abi_gettid();
	CHECK_EQ(read(r->fd, &r->info, sizeof(r->info)), sizeof(r->info));
	return NULL;
}

ABI_CASE(signalfd_read_blocks)
{
	struct reader r = {.fd = make(SIGUSR1, SIGUSR2, 0)};
	pthread_t thread = abi_thread(read_one, &r);
	abi_wait_sleeping(&r.tid);
	OK(kill(getpid(), SIGUSR2));
	abi_join(thread);
	CHECK_EQ(r.info.ssi_signo, SIGUSR2);
}

static void *wait_epoll(void *arg)
{
	struct epoll_event e;
	struct reader *r = arg;
	r->tid = abi_gettid();
	CHECK_EQ(epoll_wait(r->fd, &e, 1, 20000), 1);
	return NULL;
}

ABI_CASE(signalfd_in_epoll)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	int ep = OK(epoll_create1(0));
	struct epoll_event e = {.events = EPOLLIN};
	struct reader r = {.fd = ep};
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	pthread_t thread = abi_thread(wait_epoll, &r);
	abi_wait_sleeping(&r.tid);
	OK(kill(getpid(), SIGUSR1));
	abi_join(thread);
	CHECK_EQ(read(fd, &r.info, sizeof(r.info)), sizeof(r.info));
}

ABI_CASE(signalfd_timer_info)
{
	struct signalfd_siginfo info;
	int fd = make(SIGRTMIN, SIGUSR2, 0);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGRTMIN,
				 .sigev_value.sival_int = 55};
	struct itimerspec when = {.it_value = {0, 1000000}};
	timer_t timer;
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &when, NULL));
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_code, SI_TIMER);
	CHECK_EQ(info.ssi_int, 55);
	CHECK_EQ(info.ssi_overrun, 0);
	OK(timer_delete(timer));
}

/* Each of many processes sees its own signals through one descriptor. */
ABI_CASE(signalfd_polled_by_many)
{
	sigset_t set;
	int status;
	pid_t children[30];

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	int fd = OK(signalfd(-1, &set, 0));
	for (int i = 0; i < 30; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			struct pollfd p = {.fd = fd, .events = POLLIN};

			_exit(poll(&p, 1, 60000) == 1 && p.revents == POLLIN
				      ? 0
				      : 1);
		}
	}
	abi_sleep_ms(50); /* most wait by then; either way is right */
	for (int i = 0; i < 30; i++) {
		OK(kill(children[i], SIGUSR1));
		CHECK_EQ(waitpid(children[i], &status, 0), children[i]);
		CHECK_EQ(status, 0);
	}
}
