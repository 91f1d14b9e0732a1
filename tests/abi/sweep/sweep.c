/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every pointer argument of every call meets every kind of bad address and
 * must answer EFAULT. One row per call: the arguments that make it succeed,
 * and which of them are pointers that the kernel reads (in) or writes (out).
 *
 * The descriptors of the rows: 3 a file, 4 a directory, 5 and 6 a pipe with
 * bytes in it, 7 an epoll with an event, 8 a timer, 9 an event counter.
 */
#include "abi_test.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

struct row {
	const char *name;
	long nr;
	const char *in;	 /* digits: arguments that are read */
	const char *out; /* digits: arguments that are written */
	long a[6];
};

static char buf[65536];
static char path[] = "a";
static char new_path[] = "new";
static char attribute[] = "trusted.x";
static struct iovec iov = {buf, 10};
static uint64_t set;
static struct timespec brief = {0, 1000};
static struct itimerspec timer_value;
static struct epoll_event event = {.events = EPOLLIN};
static struct open_how how;
static int timer_id;

#define V(x) ((long)(x))
#define ROW(nr, in, out, ...)                                                  \
	{                                                                      \
#nr, SYS_##nr, in, out,                                        \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

static const struct row file_rows[] = {
	ROW(read, "", "1", 3, V(buf), 10),
	ROW(pread64, "", "1", 3, V(buf), 10, 0),
	ROW(write, "1", "", 3, V(buf), 10),
	ROW(pwrite64, "1", "", 3, V(buf), 10, 0),
	ROW(readv, "1", "", 3, V(&iov), 1),
	ROW(writev, "1", "", 3, V(&iov), 1),
	ROW(preadv, "1", "", 3, V(&iov), 1, 0, 0),
	ROW(pwritev, "1", "", 3, V(&iov), 1, 0, 0),
	ROW(preadv2, "1", "", 3, V(&iov), 1, 0, 0, 0),
	ROW(pwritev2, "1", "", 3, V(&iov), 1, 0, 0, 0),
	ROW(fstat, "", "1", 3, V(buf)),
	ROW(fstatfs, "", "1", 3, V(buf)),
	ROW(getdents64, "", "1", 4, V(buf), 1000),
	ROW(sendfile, "2", "2", 6, 3, V(&set), 1),
	ROW(copy_file_range, "1", "1", 3, V(&set), 3, 0, 0, 0),
	ROW(splice, "1", "1", 3, V(&set), 6, 0, 1, 0),
	ROW(vmsplice, "1", "", 6, V(&iov), 1, 0),
	ROW(pipe2, "", "0", V(buf), 0),
	ROW(memfd_create, "0", "", V(path), 0),
};

static const struct row path_rows[] = {
	ROW(openat, "1", "", AT_FDCWD, V(path), O_RDONLY),
	ROW(openat2, "12", "", AT_FDCWD, V(path), V(&how), sizeof(how)),
	ROW(newfstatat, "1", "2", AT_FDCWD, V(path), V(buf), 0),
	ROW(statx, "1", "4", AT_FDCWD, V(path), 0, 0x7ff, V(buf)),
	ROW(statfs, "0", "1", V(path), V(buf)),
	ROW(faccessat, "1", "", AT_FDCWD, V(path), 0),
	ROW(faccessat2, "1", "", AT_FDCWD, V(path), 0, 0),
	ROW(readlinkat, "1", "2", AT_FDCWD, V("l"), V(buf), 100),
	ROW(mkdirat, "1", "", AT_FDCWD, V(new_path), 0700),
	ROW(mknodat, "1", "", AT_FDCWD, V(new_path), S_IFREG, 0),
	ROW(unlinkat, "1", "", AT_FDCWD, V(new_path), 0),
	ROW(linkat, "13", "", AT_FDCWD, V(path), AT_FDCWD, V(new_path), 0),
	ROW(symlinkat, "02", "", V(path), AT_FDCWD, V(new_path)),
	ROW(renameat, "13", "", AT_FDCWD, V(path), AT_FDCWD, V(path)),
	ROW(renameat2, "13", "", AT_FDCWD, V(path), AT_FDCWD, V(path), 0),
	ROW(fchmodat, "1", "", AT_FDCWD, V(path), 0600),
	ROW(fchownat, "1", "", AT_FDCWD, V(path), -1, -1, 0),
	ROW(utimensat, "12", "", AT_FDCWD, V(path), V(buf), 0),
	ROW(truncate, "0", "", V(path), 100),
	ROW(chdir, "0", "", V(".")),
	ROW(chroot, "0", "", V("/")),
	ROW(umount2, "0", "", V("/none"), 0),
	ROW(getcwd, "", "0", V(buf), 4096),
	ROW(execve, "0", "", V("/none"), 0, 0),
	ROW(setxattr, "012", "", V(path), V(attribute), V(buf), 4, 0),
	ROW(getxattr, "01", "2", V(path), V(attribute), V(buf), 10),
	ROW(listxattr, "0", "1", V(path), V(buf), 1000),
	ROW(removexattr, "01", "", V(path), V(attribute)),
	ROW(setxattr, "012", "", V(path), V(attribute), V(buf), 4, 0),
#ifdef SYS_open
	ROW(open, "0", "", V(path), O_RDONLY),
	ROW(stat, "0", "1", V(path), V(buf)),
	ROW(lstat, "0", "1", V(path), V(buf)),
	ROW(access, "0", "", V(path), 0),
	ROW(readlink, "0", "1", V("l"), V(buf), 100),
	ROW(rename, "01", "", V(path), V(path)),
	ROW(link, "01", "", V(path), V(new_path)),
	ROW(symlink, "01", "", V(path), V(new_path)),
	ROW(unlink, "0", "", V(new_path)),
	ROW(rmdir, "0", "", V(new_path)),
	ROW(mkdir, "0", "", V(new_path), 0700),
	ROW(mknod, "0", "", V(new_path), S_IFREG, 0),
	ROW(creat, "0", "", V(new_path), 0600),
	ROW(chmod, "0", "", V(path), 0600),
	ROW(chown, "0", "", V(path), -1, -1),
	ROW(lchown, "0", "", V(path), -1, -1),
	ROW(utime, "01", "", V(path), V(buf)),
	ROW(utimes, "01", "", V(path), V(buf)),
	ROW(futimesat, "12", "", AT_FDCWD, V(path), V(buf)),
#endif
};

static const struct row event_rows[] = {
	ROW(ppoll, "0", "", V(buf), 1, V(&brief), 0, 0),
	ROW(ppoll, "23", "", V(buf), 0, V(&brief), V(&set), 8),
	ROW(pselect6, "1234", "", 5, V(buf), V(buf), V(buf), V(&brief), 0),
	ROW(epoll_ctl, "3", "", 7, EPOLL_CTL_MOD, 9, V(&event)),
	ROW(epoll_pwait, "", "1", 7, V(buf), 5, 0, 0, 0),
	ROW(epoll_pwait, "4", "", 7, V(buf), 5, 0, V(&set), 8),
	ROW(epoll_pwait2, "3", "1", 7, V(buf), 5, V(&brief), 0, 0),
	ROW(signalfd4, "1", "", -1, V(&set), 8, 0),
	ROW(timerfd_settime, "2", "3", 8, 0, V(&timer_value), V(buf)),
	ROW(timerfd_gettime, "", "1", 8, V(buf)),
	ROW(read, "", "1", 9, V(buf), 8),
	ROW(write, "1", "", 9, V(buf), 8),
	ROW(read, "", "1", 5, V(buf), 1),
	ROW(write, "1", "", 6, V(buf), 1),
	ROW(ioctl, "", "2", 5, FIONREAD, V(buf)),
	ROW(ioctl, "2", "", 5, FIONBIO, V(buf)),
	ROW(fcntl, "2", "", 3, F_SETLK, V(buf)),
	ROW(fcntl, "2", "2", 3, F_GETLK, V(buf)),
#ifdef SYS_poll
	ROW(poll, "0", "", V(buf), 1, 0),
	ROW(select, "1234", "", 5, V(buf), V(buf), V(buf), V(&brief)),
	ROW(epoll_wait, "", "1", 7, V(buf), 5, 0),
	ROW(signalfd, "1", "", -1, V(&set), 8),
	ROW(pipe, "", "0", V(buf)),
#endif
};

static const struct row time_rows[] = {
	ROW(clock_gettime, "", "1", CLOCK_MONOTONIC, V(buf)),
	ROW(clock_gettime, "", "1", CLOCK_PROCESS_CPUTIME_ID, V(buf)),
	ROW(clock_gettime, "", "1", CLOCK_REALTIME_COARSE, V(buf)),
	ROW(clock_getres, "", "1", CLOCK_REALTIME, V(buf)),
	ROW(clock_settime, "1", "", CLOCK_REALTIME, V(&brief)),
	ROW(clock_nanosleep, "2", "", CLOCK_MONOTONIC, 0, V(&brief), 0),
	ROW(nanosleep, "0", "", V(&brief), 0),
	ROW(gettimeofday, "", "01", V(buf), V(buf)),
	ROW(settimeofday, "0", "", V(&brief), 0),
	ROW(adjtimex, "0", "", V(buf)),
	ROW(timer_create, "1", "2", CLOCK_MONOTONIC, V(buf), V(buf)),
	ROW(getitimer, "", "1", 0, V(buf)),
	ROW(setitimer, "1", "2", 0, V(&timer_value), V(buf)),
	ROW(times, "", "0", V(buf)),
	ROW(getrusage, "", "1", 0, V(buf)),
#ifdef SYS_time
	ROW(time, "", "0", V(buf)),
#endif
};

static const struct row process_rows[] = {
	ROW(uname, "", "0", V(buf)),
	ROW(sysinfo, "", "0", V(buf)),
	ROW(getresuid, "", "012", V(buf), V(buf), V(buf)),
	ROW(getresgid, "", "012", V(buf), V(buf), V(buf)),
	ROW(prlimit64, "2", "3", 0, RLIMIT_CORE, V(buf), V(buf)),
	ROW(getrlimit, "", "1", RLIMIT_STACK, V(buf)),
	ROW(setrlimit, "1", "", RLIMIT_CORE, V(buf)),
	ROW(getcpu, "", "01", V(buf), V(buf), 0),
	ROW(getrandom, "", "0", V(buf), 10, 0),
	ROW(prctl, "1", "", PR_SET_NAME, V(path)),
	ROW(prctl, "", "1", PR_GET_NAME, V(buf)),
	ROW(prctl, "", "1", PR_GET_PDEATHSIG, V(buf)),
	ROW(sched_getaffinity, "", "2", 0, 128, V(buf)),
	ROW(sched_setaffinity, "2", "", 0, 128, V(buf)),
	ROW(sched_getparam, "", "1", 0, V(buf)),
	ROW(sched_setparam, "1", "", 0, V(buf)),
	ROW(sched_setscheduler, "2", "", 0, 0, V(buf)),
	ROW(sched_rr_get_interval, "", "1", 0, V(buf)),
	ROW(sched_getattr, "", "1", 0, V(buf), 48, 0),
	ROW(sched_setattr, "1", "", 0, V(buf), 0),
	ROW(rt_sigaction, "1", "2", SIGUSR2, V(buf), V(buf), 8),
	ROW(rt_sigprocmask, "1", "2", SIG_BLOCK, V(&set), V(buf), 8),
	ROW(rt_sigpending, "", "0", V(buf), 8),
	ROW(rt_sigtimedwait, "02", "", V(&set), V(buf), V(&brief), 8),
	ROW(rt_sigsuspend, "0", "", V(&set), 8),
	ROW(rt_sigqueueinfo, "2", "", 1, 0, V(buf)),
	ROW(sigaltstack, "0", "1", V(buf), V(buf)),
	ROW(get_robust_list, "", "12", 0, V(buf), V(buf)),
	ROW(clone3, "0", "", V(buf), 64),
	ROW(capget, "0", "1", V(buf), V(buf + 100)),
	ROW(sethostname, "0", "", V(path), 1),
	ROW(mincore, "", "2", 0, 4096, V(buf)),
};

static void open_all(void)
{
	int fds[2];
	struct epoll_event ready = {.events = EPOLLOUT};
	syscall(SYS_close_range, 3U, ~0U, 0);
	memset(buf, 0, sizeof(buf));
	abi_write_file("a", "some text in the file, long enough");
	unlink("new");
	unlink("l");
	OK(symlink("a", "l"));
	CHECK_EQ(open("a", O_RDWR), 3);
	CHECK_EQ(open(".", O_RDONLY), 4);
	OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(write(fds[1], "0123456789", 10), 10);
	CHECK_EQ(epoll_create1(0), 7);
	CHECK_EQ(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), 8);
	CHECK_EQ(eventfd(5, EFD_NONBLOCK), 9);
	OK(epoll_ctl(7, EPOLL_CTL_ADD, 9, &ready));
	OK(setxattr("a", attribute, "1234", 4, 0));
	timer_id = 0;
}

static void try_row(const struct row *row, int at, void *bad)
{
	long a[6];
	if (row->nr == SYS_read) {
		/* An event counter's value is lost with a failed read. */
		open_all();
	}
	memcpy(a, row->a, sizeof(a));
	/* Values that rows cannot hold as constants. */
	((uint32_t *)buf)[0] = 0;
	if (row->nr == SYS_mincore) {
		a[0] = (long)abi_pages(1, PROT_READ);
	} else if (row->nr == SYS_capget) {
		((uint32_t *)buf)[0] = 0x20080522;
	} else if (row->nr == SYS_sigaltstack) {
		((uint32_t *)buf)[2] = 2; /* SS_DISABLE */
	} else if (row->nr == SYS_timer_create && at == 2) {
		a[1] = 0;
	} else if (row->nr == SYS_rt_sigqueueinfo) {
		a[0] = getpid();
	}
	a[at] = (long)bad;
	errno = 0;
	long result = syscall(row->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	int error = errno;
	if (result != -1 || error != EFAULT) {
		abi_fail(__FILE__, __LINE__,
			 "%s with argument %d = %p is %ld, errno %d", row->name,
			 at, bad, result, error);
	}
	if (row->nr == SYS_mincore) {
		munmap((void *)a[0], 4096);
	}
}

static void sweep(const struct row *rows, size_t count)
{
	static const char read_only[4096] = "text";
	void *none = abi_pages(1, PROT_NONE);
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		for (int at = 0; at < 6; at++) {
			int is_in = strchr(row->in, '0' + at) != NULL;
			int is_out = strchr(row->out, '0' + at) != NULL;
			if (!is_in && !is_out) {
				continue;
			}
			open_all();
			for (int b = 0; b < ABI_BAD_COUNT; b++) {
				try_row(row, at, abi_bad[b]);
			}
			try_row(row, at, none);
			if (is_out && !is_in) {
				try_row(row, at, (void *)read_only);
			}
		}
	}
}

#define SWEEP(rows) sweep(rows, sizeof(rows) / sizeof((rows)[0]))

ABI_CASE(bad_pointers_of_file_calls)
{
	SWEEP(file_rows);
}

ABI_CASE(bad_pointers_of_path_calls)
{
	SWEEP(path_rows);
}

ABI_CASE(bad_pointers_of_event_calls)
{
	SWEEP(event_rows);
}

ABI_CASE(bad_pointers_of_time_calls)
{
	SWEEP(time_rows);
}

ABI_CASE(bad_pointers_of_process_calls)
{
	SWEEP(process_rows);
}

/* A structure that begins well and ends on a page that is not there. */
static void cut_short(const struct row *row, int at, size_t size)
{
	char *edge = abi_edge(size);
	memcpy(edge, (void *)row->a[at], size);
	try_row(row, at, edge);
	munmap((void *)((uintptr_t)edge & ~4095UL), 8192);
}

ABI_CASE(structures_cut_short)
{
	static const struct {
		struct row row;
		int at;
		size_t size;
	} table[] = {
		{ROW(fstat, "", "", 3, V(buf)), 1, 100},
		{ROW(uname, "", "", V(buf)), 0, 389},
		{ROW(sysinfo, "", "", V(buf)), 0, 60},
		{ROW(clock_gettime, "", "", 1, V(buf)), 1, 8},
		{ROW(nanosleep, "", "", V(&brief), 0), 0, 15},
		{ROW(pipe2, "", "", V(buf), 0), 0, 4},
		{ROW(rt_sigaction, "", "", SIGUSR2, V(buf), 0, 8), 1, 31},
		{ROW(readv, "", "", 3, V(&iov), 1), 1, 8},
		{ROW(statx, "", "", AT_FDCWD, V(path), 0, 0x7ff, V(buf)), 4,
		 200},
		{ROW(statfs, "", "", V(path), V(buf)), 1, 119},
		{ROW(epoll_ctl, "", "", 7, EPOLL_CTL_MOD, 9, V(&event)), 3, 11},
		{ROW(prlimit64, "", "", 0, RLIMIT_CORE, 0, V(buf)), 3, 15},
		{ROW(timerfd_settime, "", "", 8, 0, V(&timer_value), 0), 2, 31},
		{ROW(getrusage, "", "", 0, V(buf)), 1, 143},
		{ROW(openat2, "", "", AT_FDCWD, V(path), V(&how), sizeof(how)),
		 2, 23},
		{ROW(mkdirat, "", "", AT_FDCWD, V("abc"), 0700), 1, 3},
		{ROW(setxattr, "", "", V(path), V(attribute), V(buf), 4, 0), 1,
		 9},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		open_all();
		cut_short(&table[i].row, table[i].at, table[i].size);
	}
}

ABI_CASE(strings_that_end_at_the_edge)
{
	/* The last byte of the page is the terminator: nothing is wrong. */
	char *edge = abi_edge(2);
	memcpy(edge, "a", 2);
	open_all();
	OK(syscall(SYS_faccessat, AT_FDCWD, edge, 0));
	OK(close(OK(syscall(SYS_openat, AT_FDCWD, edge, O_RDONLY))));
	OK(syscall(SYS_truncate, edge, 3));
}
