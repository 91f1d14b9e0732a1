/* SPDX-License-Identifier: BSD-3-Clause */
/* What one system call, one signal, one readiness query cost. */
#include "micro.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t getppid_calls(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		syscall(SYS_getppid);
	}
	return now() - start;
}

static int64_t read_zero(long count)
{
	static int fd = -1;
	char byte;
	if (fd < 0) {
		fd = must(open("/dev/zero", O_RDONLY), "/dev/zero");
	}
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		(void)!read(fd, &byte, 1);
	}
	return now() - start;
}

static int64_t clock_reads(long count)
{
	struct timespec t;
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		clock_gettime(CLOCK_MONOTONIC, &t);
	}
	return now() - start;
}

static volatile long signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static int64_t signal_deliveries(long count)
{
	pid_t pid = getpid();
	pid_t tid = syscall(SYS_gettid);
	signal(SIGUSR1, count_signal);
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		syscall(SYS_tgkill, pid, tid, SIGUSR1);
	}
	return now() - start;
}

/* One of 100 watched descriptors is ready, level triggered. */
static int64_t epoll_waits(long count)
{
	static int ep = -1;
	struct epoll_event e = {.events = EPOLLIN};
	if (ep < 0) {
		ep = must(epoll_create1(0), "epoll_create1");
		for (int i = 0; i < 100; i++) {
			int fd = must(eventfd(i == 50, 0), "eventfd");
			must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
		}
	}
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		epoll_wait(ep, &e, 1, -1);
	}
	return now() - start;
}

const struct benchmark calls[] = {
	{"getppid", "ns", getppid_calls, 10000, 1, 1, 0},
	{"read-zero", "ns", read_zero, 10000, 1, 1, 0},
	{"clock-gettime", "ns", clock_reads, 10000, 1, 1, 0},
	{"signal", "ns", signal_deliveries, 1000, 1, 1, 0},
	{"epoll-wait", "ns", epoll_waits, 1000, 1, 1, 0},
	{0},
};
