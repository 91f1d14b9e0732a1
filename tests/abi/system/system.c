/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine as a whole, other processes' memory, process descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_test.h"

ABI_CASE(system_names)
{
	struct utsname name;
	char old[65];
	OK(uname(&name));
	CHECK(strcmp(name.sysname, "Linux") == 0);
	CHECK(strcmp(name.machine, "x86_64") == 0 ||
	      strcmp(name.machine, "aarch64") == 0);
	strcpy(old, name.nodename);
	CHECK_ERRNO(syscall(SYS_uname, abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_sethostname, name.nodename, 65), EINVAL);
	CHECK_ERRNO(syscall(SYS_sethostname, abi_bad[0], 3), EFAULT);
}

ABI_CASE(system_info)
{
	struct sysinfo info;
	OK(sysinfo(&info));
	CHECK(info.totalram * info.mem_unit > 1 << 20);
	CHECK(info.freeram <= info.totalram);
	CHECK(info.procs >= 1);
	CHECK_ERRNO(syscall(SYS_sysinfo, abi_bad[0]), EFAULT);
}

ABI_CASE(system_random)
{
	unsigned char a[64] = {0};
	unsigned char b[64] = {0};
	CHECK_EQ(OK(getrandom(a, 64, 0)), 64);
	CHECK_EQ(OK(getrandom(b, 64, GRND_NONBLOCK)), 64);
	CHECK(memcmp(a, b, 64) != 0);
	CHECK_EQ(OK(getrandom(a, 0, 0)), 0);
	CHECK_ERRNO(getrandom(a, 1, 8), EINVAL);
	CHECK_ERRNO(getrandom(abi_bad[0], 1, 0), EFAULT);
}

ABI_CASE(system_reboot_needs_magic)
{
	CHECK_ERRNO(syscall(SYS_reboot, 1, 2, 3, NULL), EINVAL);
}

ABI_CASE(vm_read_and_write)
{
	static char remote[3][8192];
	char local[100];
	struct iovec to[2] = {{local, 10}, {local + 10, 90}};
	struct iovec from[3];
	memset(remote[1], 'r', sizeof(remote[1]));
	from[0] = (struct iovec){remote[1] + 4090, 20};
	from[1] = (struct iovec){remote[1], 0};
	from[2] = (struct iovec){remote[1], 80};
	CHECK_EQ(OK(process_vm_readv(getpid(), to, 2, from, 3, 0)), 100);
	CHECK_EQ(local[0], 'r');
	CHECK_EQ(local[99], 'r');
	pid_t child = OK(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
	memset(local, 'w', sizeof(local));
	from[0] = (struct iovec){remote[2], 100};
	CHECK_EQ(OK(process_vm_writev(child, to, 2, from, 1, 0)), 100);
	CHECK_EQ(remote[2][0], 0); /* the child's, not ours */
	memset(local, 0, sizeof(local));
	CHECK_EQ(OK(process_vm_readv(child, to, 2, from, 1, 0)), 100);
	CHECK_EQ(local[50], 'w');
	from[0] = (struct iovec){abi_bad[0], 10};
	CHECK_ERRNO(process_vm_readv(child, to, 1, from, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(child, to, 1, from, 1, 1), EINVAL);
	OK(kill(child, SIGKILL));
	OK(waitpid(child, NULL, 0));
	CHECK_ERRNO(process_vm_readv(child, to, 1, from, 1, 0), ESRCH);
}

ABI_CASE(pidfd_life)
{
	siginfo_t info;
	pid_t child = OK(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
	int fd = OK(syscall(SYS_pidfd_open, child, 0));
	struct pollfd p = {.fd = fd, .events = POLLIN};
	CHECK_EQ(OK(poll(&p, 1, 0)), 0);
	OK(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	OK(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	CHECK_EQ(OK(poll(&p, 1, 5000)), 1);
	OK(waitid(P_PIDFD, fd, &info, WEXITED));
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGKILL);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_pidfd_open, child, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_pidfd_open, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_open, getpid(), 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0), EBADF);
	OK(close(fd));
}

/* A folder /proc/PID is as good for sending signals, and for nothing else. */
ABI_CASE(pidfd_of_proc_folder)
{
	char path[64];
	int status;
	pid_t child = OK(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d", child);
	int folder = OK(open(path, O_RDONLY | O_DIRECTORY));
	int by_path = OK(open(path, O_PATH));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", child, child);
	int task = OK(open(path, O_RDONLY));
	OK(syscall(SYS_pidfd_send_signal, folder, 0, NULL, 0));
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, folder, 65, NULL, 0),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, by_path, 0, NULL, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, task, 0, NULL, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, folder, 0, 0), EBADF);
	OK(syscall(SYS_pidfd_send_signal, folder, SIGKILL, NULL, 0));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, SIGKILL);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, folder, 0, NULL, 0), ESRCH);
}

ABI_CASE(pidfd_getfd)
{
	int fds[2];
	char c;
	OK(pipe(fds));
	int self = OK(syscall(SYS_pidfd_open, getpid(), 0));
	int copy = OK(syscall(SYS_pidfd_getfd, self, fds[1], 0));
	OK(close(fds[1]));
	OK(write(copy, "x", 1));
	OK(read(fds[0], &c, 1));
	CHECK_EQ(c, 'x');
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, self, 999, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, fds[0], 0, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, self, 0, 1), EINVAL);
}
