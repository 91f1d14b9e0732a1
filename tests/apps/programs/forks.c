/* SPDX-License-Identifier: BSD-3-Clause */

/* forks N: free memory after N forks is within 1 MiB of what it was. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM_UP	 200
#define LOSS_MAX 1024 /* KiB */

static long free_memory(void)
{
	char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (n <= 0) {
		return -1;
	}
	text[n] = '\0';
	return atol(strstr(text, "MemFree:") + 8);
}

static void fork_once(int i, char *memory)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		memory[5000] = 2;
		_exit(i & 127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != (i & 127)) {
		perror("fork");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 10000;
	char *memory = malloc(1 << 20);
	long before;
	long lost;

	memset(memory, 1, 1 << 20);
	for (int i = 0; i < WARM_UP; i++) {
		fork_once(i, memory);
	}
	before = free_memory();
	for (int i = 0; i < count; i++) {
		fork_once(i, memory);
	}
	lost = before - free_memory();
	if (before < 0 || lost > LOSS_MAX) {
		printf("%ld KiB are lost\n", lost);
		return 1;
	}
	printf("%d forks: memory is back\n", count);
	return 0;
}
