/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first process of the Linux guest: mounts what a program may expect, runs
 * the program that the kernel's command line names behind "--", says how it
 * ended, and ends QEMU through isa-debug-exit.
 */
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_up(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

int main(int argc, char **argv)
{
	int status = 0;
	(void)argc;
	set_up();
	/* The kernel hands over options that it does not know, too. */
	char **program = argv + 1;
	while (*program != NULL && **program != '/') {
		program++;
	}
	if (*program != NULL) {
		pid_t child = fork();
		if (child == 0) {
			setsid();
			execv(*program, program);
			_exit(127);
		}
		while (wait(&status) != child) {
		}
	}
	printf("\nguest ended %d\n", WIFEXITED(status)
					     ? WEXITSTATUS(status)
					     : 128 + WTERMSIG(status));
	fflush(stdout);
	sync();
	usleep(20000); /* the serial port drains */
	iopl(3);
	outb(0x10, 0xf4);
	reboot(RB_POWER_OFF);
	return 0;
}
