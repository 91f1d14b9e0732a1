/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd and timerfd. */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static short poll_now(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
	OK(poll(&p, 1, 0));
	return p.revents;
}

static uint64_t take(int fd)
{
	uint64_t value = 0;
	CHECK_EQ(read(fd, &value, sizeof(value)), 8);
	return value;
}

static void give(int fd, uint64_t value)
{
	CHECK_EQ(write(fd, &value, sizeof(value)), 8);
}

ABI_CASE(eventfd_counts)
{
	uint64_t value;
	int fd = OK(eventfd(3, EFD_NONBLOCK));
	give(fd, 4);
	CHECK_EQ(take(fd), 7);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	give(fd, 0);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
}

ABI_CASE(eventfd_semaphore)
{
	uint64_t value;
	int fd = OK(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	CHECK_EQ(take(fd), 1);
	CHECK_EQ(take(fd), 1);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
}

ABI_CASE(eventfd_limits)
{
	uint64_t value = ~0ULL;
	int fd = OK(eventfd(0, EFD_NONBLOCK));
	CHECK_ERRNO(write(fd, &value, 8), EINVAL);
	give(fd, ~0ULL - 1);
	CHECK_EQ(poll_now(fd), POLLIN);
	value = 1;
	CHECK_ERRNO(write(fd, &value, 8), EAGAIN);
	CHECK_EQ(take(fd), ~0ULL - 1);
	CHECK_EQ(poll_now(fd), POLLOUT);
	give(fd, 1);
	CHECK_EQ(poll_now(fd), POLLIN | POLLOUT);
}

ABI_CASE(eventfd_errors)
{
	uint64_t value = 1;
	CHECK_ERRNO(eventfd(0, 0x1000000), EINVAL);
	int fd = OK(eventfd(1, EFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(read(fd, &value, 7), EINVAL);
	CHECK_ERRNO(write(fd, &value, 7), EINVAL);
	CHECK_ERRNO(syscall(SYS_write, fd, abi_bad[0], 8), EFAULT);
	CHECK_ERRNO(pread(fd, &value, 8, 0), ESPIPE);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	char large[100];
	CHECK_EQ(read(fd, large, sizeof(large)), 8);
}

static void *take_one(void *arg)
{
	return (void *)take(*(int *)arg);
}

ABI_CASE(eventfd_blocks)
{
	int fd = OK(eventfd(0, 0));
	pthread_t thread = abi_thread(take_one, &fd);
	abi_sleep_ms(5);
	give(fd, 5);
	CHECK_EQ(abi_join(thread), 5);
}

static void *post_many(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		give(*(int *)arg, 1);
	}
	return NULL;
}

ABI_CASE(eventfd_race)
{
	int fd = OK(eventfd(0, 0));
	pthread_t a = abi_thread(post_many, &fd);
	pthread_t b = abi_thread(post_many, &fd);
	uint64_t sum = 0;
	while (sum < 6000) {
		sum += take(fd);
	}
	abi_join(a);
	abi_join(b);
	CHECK_EQ(sum, 6000);
}

ABI_CASE(timerfd_arguments)
{
	struct itimerspec when = {.it_value = {0, 1000000000}};
	CHECK_ERRNO(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(99, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(timerfd_settime(fd, 0, &when, NULL), EINVAL);
	when.it_value.tv_nsec = 0;
	when.it_interval.tv_nsec = -1;
	CHECK_ERRNO(timerfd_settime(fd, 0, &when, NULL), EINVAL);
	when.it_interval.tv_nsec = 0;
	CHECK_ERRNO(timerfd_settime(fd, 0x40, &when, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(1, 0, &when, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(99, 0, &when, NULL), EBADF);
	CHECK_ERRNO(syscall(SYS_timerfd_settime, fd, 0, abi_bad[0], NULL),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_timerfd_settime, fd, 0, &when, abi_bad[1]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_timerfd_gettime, fd, abi_bad[0]), EFAULT);
	CHECK_ERRNO(timerfd_gettime(1, &when), EINVAL);
	for (int clock = 0; clock < 12; clock++) {
		int ok = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
			 clock == CLOCK_BOOTTIME || clock == 8 || clock == 9;
		if (!ok) {
			CHECK_ERRNO(timerfd_create(clock, 0), EINVAL);
		}
	}
}

ABI_CASE(timerfd_one_shot)
{
	uint64_t value;
	struct itimerspec when = {.it_value = {0, 20000000}};
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	int64_t before = abi_now();
	OK(timerfd_settime(fd, 0, &when, NULL));
	CHECK_EQ(poll_now(fd), 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK(abi_now() - before >= 20000000);
	CHECK_EQ(take(fd), 1);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	CHECK_ERRNO(read(fd, &value, 4), EINVAL);
	CHECK_ERRNO(write(fd, &value, 8), EINVAL);
	OK(timerfd_gettime(fd, &when));
	CHECK_EQ(when.it_value.tv_sec + when.it_value.tv_nsec, 0);
}

ABI_CASE(timerfd_periodic_counts_overruns)
{
	struct itimerspec when = {{0, 5000000}, {0, 5000000}};
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, 0));
	int64_t before = abi_now();
	OK(timerfd_settime(fd, 0, &when, NULL));
	abi_sleep_ms(52);
	uint64_t count = take(fd);
	int64_t passed = abi_now() - before;
	CHECK(count >= 10 && count <= (uint64_t)(passed / 5000000));
	uint64_t total = count;
	for (int i = 0; i < 5; i++) {
		total += take(fd);
	}
	CHECK(total <= (uint64_t)((abi_now() - before) / 5000000));
}

ABI_CASE(timerfd_absolute_and_past)
{
	struct itimerspec when = {0};
	int fd = OK(timerfd_create(CLOCK_REALTIME, 0));
	OK(clock_gettime(CLOCK_REALTIME, &when.it_value));
	when.it_value.tv_sec -= 100;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL));
	CHECK_EQ(take(fd), 1);
	/* With an interval the missed ones count. */
	when.it_interval.tv_sec = 10;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL));
	uint64_t missed = take(fd);
	CHECK(missed == 10 || missed == 11);
}

ABI_CASE(timerfd_settime_returns_old)
{
	struct itimerspec when = {{7, 0}, {1000, 0}};
	struct itimerspec old;
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	OK(timerfd_settime(fd, 0, &when, &old));
	CHECK_EQ(old.it_value.tv_sec + old.it_value.tv_nsec, 0);
	OK(timerfd_gettime(fd, &old));
	CHECK(old.it_value.tv_sec >= 990 && old.it_value.tv_sec <= 1000);
	CHECK_EQ(old.it_interval.tv_sec, 7);
	when = (struct itimerspec){0};
	OK(timerfd_settime(fd, 0, &when, &old));
	CHECK_EQ(old.it_interval.tv_sec, 7);
	OK(timerfd_gettime(fd, &old));
	CHECK_EQ(old.it_value.tv_sec, 0);
	CHECK_EQ(old.it_interval.tv_sec, 0);
}

ABI_CASE(timerfd_rearm_forgets_expirations)
{
	uint64_t value;
	struct itimerspec when = {.it_value = {0, 1}};
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	OK(timerfd_settime(fd, 0, &when, NULL));
	abi_sleep_ms(5);
	CHECK_EQ(poll_now(fd), POLLIN);
	when.it_value = (struct timespec){1000, 0};
	OK(timerfd_settime(fd, 0, &when, NULL));
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
}

static void *rearm(void *arg)
{
	for (int i = 0; i < 500; i++) {
		struct itimerspec when = {.it_value = {0, 1000 * (i % 7 + 1)}};
		OK(timerfd_settime(*(int *)arg, 0, &when, NULL));
	}
	return NULL;
}

ABI_CASE(timerfd_rearm_race)
{
	uint64_t value;
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	pthread_t threads[3];
	for (int i = 0; i < 3; i++) {
		threads[i] = abi_thread(rearm, &fd);
	}
	for (int i = 0; i < 500; i++) {
		(void)!read(fd, &value, 8);
	}
	for (int i = 0; i < 3; i++) {
		abi_join(threads[i]);
	}
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct itimerspec when = {.it_value = {0, 1000}};
	OK(timerfd_settime(fd, 0, &when, NULL));
	CHECK_EQ(poll(&p, 1, 20000), 1);
}

ABI_CASE(anonymous_names_in_proc)
{
	static const struct {
		const char *name;
	} table[] = {{"anon_inode:[eventfd]"}, {"anon_inode:[timerfd]"}};
	int fds[2] = {OK(eventfd(0, 0)),
		      OK(timerfd_create(CLOCK_MONOTONIC, 0))};
	for (int i = 0; i < 2; i++) {
		char path[64];
		char link[64] = {0};
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		OK(readlink(path, link, sizeof(link) - 1));
		CHECK_EQ(strcmp(link, table[i].name), 0);
	}
}
