/* SPDX-License-Identifier: BSD-3-Clause */
/* O_ASYNC, F_SETOWN, F_SETSIG: signals when a file becomes ready, fcntl(2). */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BRIEF_MS 100

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

/* The signal that comes, or 0; waits long for one that is wanted. */
static int comes(int sig, int wanted, siginfo_t *info)
{
	struct timespec limit = {wanted ? 20 : 0,
				 wanted ? 0 : BRIEF_MS * 1000000};
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, sig);
	got = sigtimedwait(&set, info, &limit);
	return got < 0 ? 0 : got;
}

static void watch(int fd, int sig)
{
	block(sig == 0 ? SIGIO : sig);
	OK(fcntl(fd, F_SETOWN, getpid()));
	OK(fcntl(fd, F_SETSIG, sig));
	OK(fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ASYNC, O_ASYNC);
}

ABI_CASE(sigio_of_a_pipe)
{
	int fds[2];
	siginfo_t info;

	OK(pipe(fds));
	watch(fds[0], SIGRTMIN + 2);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_code, POLL_IN);
	CHECK_EQ(info.si_fd, fds[0]);
	CHECK_EQ(info.si_band, POLLIN | POLLRDNORM);
	OK(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	CHECK_EQ(fcntl(fds[0], F_GETFL) & O_ASYNC, 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGRTMIN + 2, 0, &info), 0);
}

ABI_CASE(sigio_without_a_signal_chosen)
{
	int fds[2];
	siginfo_t info;

	OK(pipe(fds));
	watch(fds[0], 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGIO, 1, &info), SIGIO);
	CHECK_EQ(info.si_code, SI_KERNEL);
}

ABI_CASE(sigio_when_the_writer_goes)
{
	int fds[2];
	siginfo_t info;

	OK(pipe(fds));
	watch(fds[0], SIGRTMIN + 2);
	OK(close(fds[1]));
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_fd, fds[0]);
}

ABI_CASE(sigio_of_the_write_end)
{
	static char block_of_data[65536];
	int fds[2];
	siginfo_t info;

	OK(pipe(fds));
	watch(fds[1], SIGRTMIN + 2);
	CHECK_EQ(write(fds[1], block_of_data, sizeof(block_of_data)), 65536);
	CHECK_EQ(read(fds[0], block_of_data, sizeof(block_of_data)), 65536);
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_code, POLL_OUT);
	CHECK_EQ(info.si_band, POLLOUT | POLLWRNORM | POLLWRBAND);
}

ABI_CASE(sigio_of_a_socket)
{
	int fds[2], owner = 0, on = 1;
	siginfo_t info;
	char c;

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	block(SIGRTMIN + 2);
	owner = getpid();
	OK(ioctl(fds[0], FIOSETOWN, &owner));
	owner = 0;
	OK(ioctl(fds[0], FIOGETOWN, &owner));
	CHECK_EQ(owner, getpid());
	CHECK_EQ(fcntl(fds[0], F_GETOWN), getpid());
	OK(fcntl(fds[0], F_SETSIG, SIGRTMIN + 2));
	OK(ioctl(fds[0], FIOASYNC, &on));
	CHECK_EQ(fcntl(fds[0], F_GETFL) & O_ASYNC, O_ASYNC);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_code, POLL_IN);
	CHECK_EQ(info.si_fd, fds[0]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	OK(close(fds[1]));
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
}

ABI_CASE(sigio_of_a_listener)
{
	struct sockaddr address = {.sa_family = AF_UNIX};
	socklen_t length = sizeof(address);
	int listener = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	siginfo_t info;

	memcpy(address.sa_data, "sigio", 6);
	OK(bind(listener, &address, length));
	OK(listen(listener, 5));
	watch(listener, SIGRTMIN + 2);
	OK(connect(client, &address, length));
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_fd, listener);
}

ABI_CASE(sigio_of_a_terminal)
{
	int master, slave;
	struct termios raw;
	siginfo_t info;

	OK(openpty(&master, &slave, NULL, NULL, NULL));
	OK(tcgetattr(slave, &raw));
	cfmakeraw(&raw);
	OK(tcsetattr(slave, TCSANOW, &raw));
	watch(slave, SIGRTMIN + 2);
	CHECK_EQ(write(master, "x", 1), 1);
	CHECK_EQ(comes(SIGRTMIN + 2, 1, &info), SIGRTMIN + 2);
	CHECK_EQ(info.si_fd, slave);
}

/* --- who gets it
 * --------------------------------------------------------------
 */

ABI_CASE(sigio_owners)
{
	int fds[2];
	struct f_owner_ex owner = {F_OWNER_PGRP, getpgrp()};

	OK(pipe(fds));
	CHECK_EQ(fcntl(fds[0], F_GETOWN), 0);
	CHECK_EQ(fcntl(fds[0], F_GETSIG), 0);
	OK(fcntl(fds[0], F_SETOWN, -getpgrp()));
	OK(fcntl(fds[0], F_GETOWN_EX, &owner));
	CHECK_EQ(owner.type, F_OWNER_PGRP);
	CHECK_EQ(owner.pid, getpgrp());
	owner = (struct f_owner_ex){F_OWNER_TID, abi_gettid()};
	OK(fcntl(fds[0], F_SETOWN_EX, &owner));
	owner.type = F_OWNER_PGRP;
	OK(fcntl(fds[0], F_GETOWN_EX, &owner));
	CHECK_EQ(owner.type, F_OWNER_TID);
	CHECK_EQ(owner.pid, abi_gettid());
	CHECK_ERRNO(fcntl(fds[0], F_SETOWN, 4000000), ESRCH);
	CHECK_ERRNO(fcntl(fds[0], F_SETSIG, 65), EINVAL);
	OK(fcntl(fds[0], F_SETOWN, 0));
	CHECK_EQ(fcntl(fds[0], F_GETOWN), 0);
}

/* A process that has gone owns nothing. */
ABI_CASE(sigio_owner_that_is_gone)
{
	int fds[2];
	pid_t child = OK(fork());

	if (child == 0) {
		pause();
		_exit(0);
	}
	OK(pipe(fds));
	OK(fcntl(fds[0], F_SETOWN, child));
	OK(fcntl(fds[0], F_SETFL, O_ASYNC));
	CHECK_EQ(fcntl(fds[0], F_GETOWN), child);
	OK(kill(child, SIGKILL));
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(fcntl(fds[0], F_GETOWN), 0);
}

/* Another process gets it, and so does a group. */
ABI_CASE(sigio_for_another)
{
	int fds[2], ready[2], status;
	siginfo_t info;
	char c;

	OK(pipe(fds));
	OK(pipe(ready));
	for (int group = 0; group < 2; group++) {
		pid_t child = OK(fork());

		if (child == 0) {
			OK(setpgid(0, 0));
			block(SIGRTMIN + 2);
			CHECK_EQ(write(ready[1], "r", 1), 1);
			_exit(comes(SIGRTMIN + 2, 1, &info) == SIGRTMIN + 2
				      ? 0
				      : 1);
		}
		CHECK_EQ(read(ready[0], &c, 1), 1);
		OK(fcntl(fds[0], F_SETOWN, group ? -child : child));
		OK(fcntl(fds[0], F_SETSIG, SIGRTMIN + 2));
		OK(fcntl(fds[0], F_SETFL, O_ASYNC));
		CHECK_EQ(write(fds[1], "x", 1), 1);
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK_EQ(status, 0);
	}
}

static int unprivileged_owner(int fd, int other)
{
	if (setresuid(54321, 54321, 54321) < 0 ||
	    fcntl(fd, F_SETOWN, other) < 0 ||
	    fcntl(fd, F_SETSIG, SIGTERM) < 0 ||
	    fcntl(fd, F_SETFL, O_ASYNC) < 0) {
		return 1;
	}
	return 0;
}

/* Nobody gets a signal from who may not send it. */
ABI_CASE(sigio_needs_permission)
{
	int fds[2], status;
	siginfo_t info;
	pid_t child;

	OK(pipe(fds));
	block(SIGTERM);
	child = OK(fork());
	if (child == 0) {
		_exit(unprivileged_owner(fds[0], getppid()));
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGTERM, 0, &info), 0);
}

/* Only files that can tell take the flag. */
ABI_CASE(sigio_of_what_cannot)
{
	int on = 1;
	int fd = OK(eventfd(0, 0));

	OK(fcntl(fd, F_SETFL, O_ASYNC));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ASYNC, 0);
	CHECK_ERRNO(ioctl(fd, FIOASYNC, &on), ENOTTY);
	abi_write_file("plain", "text");
	fd = OK(open("plain", O_RDWR));
	OK(fcntl(fd, F_SETFL, O_ASYNC));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ASYNC, 0);
}

/* The last close ends it. */
ABI_CASE(sigio_ends_with_the_file)
{
	int fds[2];
	siginfo_t info;

	OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	watch(fds[0], SIGRTMIN + 2);
	OK(close(fds[0]));
	OK(close(fds[1]));
	while (comes(SIGRTMIN + 2, 0, &info) != 0) {
	}
	OK(pipe(fds));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(comes(SIGRTMIN + 2, 0, &info), 0);
}
