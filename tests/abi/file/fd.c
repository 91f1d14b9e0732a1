/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: dup, fcntl, close_range, locks within one process. */
#include "abi_test.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fresh(void)
{
	return OK(open("a", O_RDWR | O_CREAT | O_TRUNC, 0600));
}

ABI_CASE(dup_family)
{
	int fd = OK(open(".", O_RDONLY | O_CLOEXEC));
	CHECK_EQ(dup(fd), 4);
	CHECK_EQ(fcntl(4, F_GETFD), 0);
	CHECK_EQ(dup2(fd, 10), 10);
	CHECK_EQ(fcntl(10, F_GETFD), 0);
	/* The same number: nothing happens, the flag stays, dup(2). */
	CHECK_EQ(dup2(fd, fd), fd);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(dup3(fd, 11, O_CLOEXEC), 11);
	CHECK_EQ(fcntl(11, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup3(fd, fd, 0), EINVAL);
	CHECK_ERRNO(dup3(fd, 12, O_NONBLOCK), EINVAL);
}

ABI_CASE(dup_errors)
{
	CHECK_ERRNO(dup(-1), EBADF);
	CHECK_ERRNO(dup(99), EBADF);
	CHECK_ERRNO(dup2(99, 5), EBADF);
	CHECK_ERRNO(dup2(99, 99), EBADF);
	CHECK_ERRNO(dup2(0, -1), EBADF);
	CHECK_ERRNO(dup2(0, INT_MAX), EBADF);
	CHECK_ERRNO(dup3(0, INT_MAX, 0), EBADF);
}

ABI_CASE(dup2_replaces)
{
	int fds[2];
	char c;
	OK(pipe(fds));
	int null = OK(open("/dev/null", O_WRONLY));
	CHECK_EQ(dup2(null, fds[1]), fds[1]);
	/* The only writing end is gone. */
	CHECK_EQ(read(fds[0], &c, 1), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
}

ABI_CASE(fcntl_dupfd)
{
	struct rlimit limit;
	int fd = OK(open(".", O_RDONLY));
	CHECK_EQ(fcntl(fd, F_DUPFD, 20), 20);
	CHECK_EQ(fcntl(fd, F_DUPFD, 20), 21);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 0), 4);
	CHECK_EQ(fcntl(4, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(fcntl(fd, F_DUPFD, -1), EINVAL);
	OK(getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_ERRNO(fcntl(fd, F_DUPFD, limit.rlim_cur), EINVAL);
}

ABI_CASE(fcntl_descriptor_flags)
{
	int fd = fresh();
	OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	OK(fcntl(fd, F_SETFD, 0));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	OK(fcntl(fd, F_SETFD, 0xff));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

ABI_CASE(fcntl_status_flags)
{
	int fd = fresh();
	int base = OK(fcntl(fd, F_GETFL));
	CHECK_EQ(base & ~0100000, O_RDWR);
	OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL), base | O_APPEND | O_NONBLOCK);
	/* The access mode and creation flags cannot change. */
	OK(fcntl(fd, F_SETFL, O_WRONLY | O_TRUNC | O_EXCL));
	CHECK_EQ(fcntl(fd, F_GETFL), base);
	int other = OK(dup(fd));
	OK(fcntl(other, F_SETFL, O_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

ABI_CASE(fcntl_errors)
{
	CHECK_ERRNO(fcntl(99, F_GETFD), EBADF);
	CHECK_ERRNO(fcntl(-1, F_SETFL, 0), EBADF);
	CHECK_ERRNO(fcntl(0, 7777), EINVAL);
	int fd = OK(open(".", O_PATH));
	CHECK_ERRNO(fcntl(fd, F_SETFL, 0), EBADF);
	OK(fcntl(fd, F_GETFD));
}

ABI_CASE(ioctl_descriptor_flags)
{
	int fd = fresh();
	OK(ioctl(fd, FIOCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	OK(ioctl(fd, FIONCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	int on = 1;
	OK(ioctl(fd, FIONBIO, &on));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERRNO(ioctl(fd, FIONBIO, abi_bad[0]), EFAULT);
	CHECK_ERRNO(ioctl(fd, 0x12345678, 0), ENOTTY);
	CHECK_ERRNO(ioctl(99, FIOCLEX), EBADF);
	CHECK_EQ(isatty(fd), 0);
}

ABI_CASE(ioctl_bytes_in_file)
{
	int fd = fresh();
	int count = -1;
	CHECK_EQ(write(fd, "12345", 5), 5);
	OK(lseek(fd, 2, SEEK_SET));
	OK(ioctl(fd, FIONREAD, &count));
	CHECK_EQ(count, 3);
}

ABI_CASE(close_range_calls)
{
	for (int i = 3; i < 10; i++) {
		CHECK_EQ(dup(0), i);
	}
	OK(syscall(SYS_close_range, 5U, 7U, 0));
	CHECK_ERRNO(fcntl(6, F_GETFD), EBADF);
	OK(fcntl(4, F_GETFD));
	OK(fcntl(8, F_GETFD));
	OK(syscall(SYS_close_range, 3U, 4U, 4U)); /* CLOSE_RANGE_CLOEXEC */
	CHECK_EQ(fcntl(3, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(8, F_GETFD), 0);
	CHECK_ERRNO(syscall(SYS_close_range, 5U, 4U, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_close_range, 5U, 6U, 0x80U), EINVAL);
	OK(syscall(SYS_close_range, 3U, ~0U, 0));
	CHECK_ERRNO(fcntl(9, F_GETFD), EBADF);
	CHECK_EQ(dup(0), 3);
}

ABI_CASE(flock_conflicts)
{
	fresh();
	int a = OK(open("a", O_RDWR));
	int b = OK(open("a", O_RDWR));
	OK(flock(a, LOCK_EX));
	CHECK_ERRNO(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(flock(OK(dup(a)), LOCK_EX | LOCK_NB));
	OK(flock(a, LOCK_SH));
	OK(flock(b, LOCK_SH | LOCK_NB));
	CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(a, LOCK_UN));
	OK(flock(b, LOCK_EX | LOCK_NB));
	CHECK_ERRNO(flock(a, 0), EINVAL);
	CHECK_ERRNO(flock(99, LOCK_SH), EBADF);
}

ABI_CASE(flock_ends_with_last_close)
{
	fresh();
	int a = OK(open("a", O_RDWR));
	int copy = OK(dup(a));
	int b = OK(open("a", O_RDWR));
	OK(flock(a, LOCK_EX));
	OK(close(a));
	CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(close(copy));
	OK(flock(b, LOCK_EX | LOCK_NB));
}

ABI_CASE(record_lock_in_one_process)
{
	/* A process never conflicts with itself, fcntl_locking(2). */
	int fd = fresh();
	int other = OK(open("a", O_RDWR));
	struct flock lock = {.l_type = F_WRLCK, .l_start = 5, .l_len = 10};
	OK(fcntl(fd, F_SETLK, &lock));
	OK(fcntl(other, F_SETLK, &lock));
	OK(fcntl(other, F_GETLK, &lock));
	CHECK_EQ(lock.l_type, F_UNLCK);
	lock.l_type = 77;
	CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EINVAL);
	lock = (struct flock){.l_type = F_WRLCK, .l_start = -1};
	CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EINVAL);
	CHECK_ERRNO(syscall(SYS_fcntl, fd, F_SETLK, abi_bad[0]), EFAULT);
	int read_only = OK(open("a", O_RDONLY));
	lock = (struct flock){.l_type = F_WRLCK};
	CHECK_ERRNO(fcntl(read_only, F_SETLK, &lock), EBADF);
}

ABI_CASE(ofd_lock_conflicts)
{
	int a = fresh();
	int b = OK(open("a", O_RDWR));
	struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
	OK(fcntl(a, F_OFD_SETLK, &lock));
	lock.l_start = 19;
	lock.l_len = 5;
	CHECK_ERRNO(fcntl(b, F_OFD_SETLK, &lock), EAGAIN);
	OK(fcntl(b, F_OFD_GETLK, &lock));
	CHECK_EQ(lock.l_type, F_WRLCK);
	CHECK_EQ(lock.l_start, 10);
	CHECK_EQ(lock.l_len, 10);
	CHECK_EQ(lock.l_pid, -1);
	lock = (struct flock){.l_type = F_WRLCK, .l_start = 20};
	OK(fcntl(b, F_OFD_SETLK, &lock));
	OK(close(a));
	lock = (struct flock){.l_type = F_WRLCK};
	OK(fcntl(b, F_OFD_SETLK, &lock));
}

static void *close_other_end(void *arg)
{
	OK(close(*(int *)arg));
	return NULL;
}

ABI_CASE(close_in_another_thread_is_seen)
{
	int fd = fresh();
	abi_join(abi_thread(close_other_end, &fd));
	CHECK_ERRNO(fcntl(fd, F_GETFD), EBADF);
}

static void *open_and_close(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		int fd = OK(open("a", O_RDONLY));
		int copy = OK(dup(fd));
		CHECK(fd != copy);
		OK(close(fd));
		OK(close(copy));
	}
	return NULL;
}

ABI_CASE(descriptors_from_four_threads)
{
	pthread_t threads[4];
	OK(close(fresh()));
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(open_and_close, NULL);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(open("a", O_RDONLY), 3);
}
