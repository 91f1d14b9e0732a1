/* SPDX-License-Identifier: BSD-3-Clause */

/* Children that take memory without end; not for a machine in use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE (1 << 20)

static void eat(void)
{
	for (;;) {
		char *piece = malloc(PIECE);

		if (piece == NULL) {
			_exit(5);
		}
		memset(piece, 1, PIECE);
	}
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			eat();
		}
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status)) {
			printf("child: signal %d\n", WTERMSIG(status));
		} else {
			printf("child: exit %d\n", WEXITSTATUS(status));
		}
		fflush(stdout);
	}
	printf("still here\n");
	return 0;
}
