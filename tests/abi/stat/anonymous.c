/* SPDX-License-Identifier: BSD-3-Clause */
/* Files without path: what stat says, and what can be changed. */
#include "abi_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#define ANONYMOUS_TYPE 0x09041934
#define PIPE_TYPE      0x50495045
#define SOCKET_TYPE    0x534f434b

static struct stat stat_of(int fd)
{
	struct stat st;

	OK(fstat(fd, &st));
	return st;
}

static long type_of(int fd)
{
	struct statfs fs;

	OK(fstatfs(fd, &fs));
	CHECK_EQ(fs.f_bsize, 4096);
	CHECK_EQ(fs.f_namelen, 255);
	return fs.f_type;
}

static void can_be_changed(int fd, int other, mode_t type)
{
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};

	OK(fchmod(fd, 0640));
	CHECK_EQ(stat_of(fd).st_mode, type | 0640);
	OK(fchown(fd, 1, 2));
	CHECK_EQ(stat_of(fd).st_uid, 1);
	CHECK_EQ(stat_of(fd).st_gid, 2);
	OK(fchown(fd, -1, 3));
	CHECK_EQ(stat_of(fd).st_uid, 1);
	CHECK_EQ(stat_of(fd).st_gid, 3);
	OK(futimens(fd, times));
	CHECK_EQ(stat_of(fd).st_atime, 1000);
	CHECK_EQ(stat_of(fd).st_mtime, 2000);
	if (other >= 0) {
		CHECK_EQ(stat_of(other).st_mode, type | 0640);
		CHECK_EQ(stat_of(other).st_ino, stat_of(fd).st_ino);
	}
}

ABI_CASE(attributes_of_a_pipe)
{
	int fds[2], second[2];

	OK(pipe(fds));
	OK(pipe(second));
	struct stat st = stat_of(fds[0]);
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(st.st_blksize, 4096);
	CHECK(st.st_ino != stat_of(second[0]).st_ino);
	CHECK_EQ(type_of(fds[0]), PIPE_TYPE);
	can_be_changed(fds[0], fds[1], S_IFIFO);
	CHECK_EQ(stat_of(second[0]).st_mode, S_IFIFO | 0600);
}

ABI_CASE(attributes_of_a_socket)
{
	int fds[2];

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	struct stat st = stat_of(fds[0]);
	CHECK_EQ(st.st_mode, S_IFSOCK | 0777);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK(st.st_ino != stat_of(fds[1]).st_ino);
	CHECK_EQ(type_of(fds[0]), SOCKET_TYPE);
	can_be_changed(fds[0], -1, S_IFSOCK);
	CHECK_EQ(stat_of(fds[1]).st_mode, S_IFSOCK | 0777);
}

static void is_fixed(int fd)
{
	struct stat st = stat_of(fd);

	CHECK_EQ(st.st_mode, 0600);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_blksize, 4096);
	CHECK(st.st_ino != 0);
	CHECK_EQ(type_of(fd), ANONYMOUS_TYPE);
	CHECK_ERRNO(fchmod(fd, 0640), EOPNOTSUPP);
	CHECK_ERRNO(fchown(fd, 1, 2), EOPNOTSUPP);
	CHECK_ERRNO(futimens(fd, NULL), EOPNOTSUPP);
}

ABI_CASE(attributes_of_other_files)
{
	sigset_t set;

	sigemptyset(&set);
	is_fixed(OK(eventfd(0, 0)));
	is_fixed(OK(epoll_create1(0)));
	is_fixed(OK(timerfd_create(CLOCK_MONOTONIC, 0)));
	is_fixed(OK(signalfd(-1, &set, 0)));
	is_fixed(OK(inotify_init()));
}

static void nobody(void *arg)
{
	int fd = *(int *)arg;

	CHECK_ERRNO(fchmod(fd, 0666), EPERM);
	CHECK_ERRNO(fchown(fd, 54321, -1), EPERM);
	CHECK_ERRNO(futimens(fd, (struct timespec[2]){{0, 0}, {0, 0}}), EPERM);
}

ABI_CASE(attributes_are_the_owners)
{
	int fds[2];

	OK(pipe(fds));
	OK(seteuid(54321));
	nobody(&fds[0]);
	OK(pipe(fds));
	CHECK_EQ(stat_of(fds[0]).st_uid, 54321);
	OK(fchmod(fds[0], 0));
	CHECK_ERRNO(fchown(fds[0], 0, -1), EPERM);
	OK(fchown(fds[0], 54321, -1));
	OK(seteuid(0));
}

ABI_CASE(no_file_is_a_terminal)
{
	struct termios t;
	int fds[2];
	static const char *const paths[] = {"/proc/self/status",
					    "/proc/self/maps",
					    "/proc/sys/kernel/hostname",
					    "/sys/devices/system/cpu/online",
					    "/dev/null",
					    "regular",
					    "."};

	OK(close(OK(open("regular", O_CREAT | O_WRONLY, 0600))));
	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = OK(open(paths[i], O_RDONLY));

		CHECK_ERRNO(ioctl(fd, TCGETS, &t), ENOTTY);
		OK(close(fd));
	}
	OK(pipe(fds));
	CHECK_ERRNO(ioctl(fds[0], TCGETS, &t), ENOTTY);
	CHECK_ERRNO(ioctl(OK(memfd_create("m", 0)), TCGETS, &t), ENOTTY);
	CHECK_ERRNO(ioctl(OK(eventfd(0, 0)), TCGETS, &t), ENOTTY);
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	CHECK_ERRNO(ioctl(fds[0], TCGETS, &t), ENOTTY);
}

ABI_CASE(direct_is_for_data)
{
	int fds[2];

	OK(pipe(fds));
	OK(fcntl(fds[1], F_SETFL, O_DIRECT));
	CHECK_EQ(fcntl(fds[1], F_GETFL) & O_DIRECT, O_DIRECT);
	CHECK_ERRNO(fcntl(OK(eventfd(0, 0)), F_SETFL, O_DIRECT), EINVAL);
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	CHECK_ERRNO(fcntl(fds[0], F_SETFL, O_DIRECT), EINVAL);
	CHECK_EQ(fcntl(fds[0], F_GETFL), O_RDWR);
	CHECK_ERRNO(fcntl(OK(open("/dev/null", O_RDONLY)), F_SETFL, O_DIRECT),
		    EINVAL);
}

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC	0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

ABI_CASE(memory_that_is_never_executed)
{
	CHECK_ERRNO(memfd_create("m", MFD_EXEC | MFD_NOEXEC_SEAL), EINVAL);
	int fd = OK(memfd_create("m", MFD_NOEXEC_SEAL));
	CHECK_EQ(stat_of(fd).st_mode, S_IFREG | 0666);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	CHECK_ERRNO(fchmod(fd, 0700), EPERM);
	OK(fchmod(fd, 0600));
	CHECK_EQ(write(fd, "x", 1), 1);
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	/* The x bits of one that has them stay too, and so do its data. */
	fd = OK(memfd_create("m", MFD_EXEC | MFD_ALLOW_SEALING));
	CHECK_EQ(stat_of(fd).st_mode, S_IFREG | 0777);
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC | F_SEAL_SHRINK |
						 F_SEAL_GROW | F_SEAL_WRITE |
						 F_SEAL_FUTURE_WRITE);
	CHECK_ERRNO(fchmod(fd, 0600), EPERM);
	OK(fchmod(fd, 0755 | 0022));
}
