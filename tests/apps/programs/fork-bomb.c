/* SPDX-License-Identifier: BSD-3-Clause */

/* A fork bomb under RLIMIT_NPROC: ends with errors for it, not for others. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT  50
#define ROUNDS 500
#define NOBODY 65534

static void explode(void)
{
	struct rlimit limit = {LIMIT, LIMIT};
	pid_t self;
	int again = 0;
	int other = 0;

	if (setpgid(0, 0) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
	    setrlimit(RLIMIT_NPROC, &limit) != 0) {
		_exit(3);
	}
	self = getpid();
	for (int i = 0; i < ROUNDS; i++) {
		if (fork() >= 0) {
			continue;
		}
		if (errno == EAGAIN) {
			again++;
		} else {
			other++;
		}
	}
	if (getpid() != self) {
		for (;;) {
			pause();
		}
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	/* One that was about to fork may have been missed. */
	while (wait(NULL) > 0 || errno == EINTR) {
		kill(0, SIGTERM);
	}
	printf(again > 0 && other == 0 ? "refused with EAGAIN\n"
				       : "not refused\n");
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		explode();
	}
	waitpid(pid, &status, 0);
	printf("the bomb ended: %x\n", status);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		_exit(7);
	}
	waitpid(pid, &status, 0);
	printf("another child: %d\n", WEXITSTATUS(status));
	return 0;
}
