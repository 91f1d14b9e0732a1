/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Process descriptors: pidfd_open(2) and what takes them.
 *
 * The file holds a reference to the process; it becomes readable when the
 * process has ended, and stays valid after it was reaped.
 */
#include "pidfd.h"

#include <linux/syscall.h>

#include <lib/printf.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/signal.h>
#include <process/upcalls.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>
#include <vfs/procfs.h>

#include "kill.h"

#define FLAGS_SUPPORTED UAPI_O_NONBLOCK /* PIDFD_NONBLOCK */

static bool has_ended(const struct process *process)
{
	return __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) >=
	       PROCESS_ZOMBIE;
}

static uint32_t pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->private;

	poll_wait(table, &process->exit_wait);
	return has_ended(process) ? POLL_IN | POLL_RDNORM : 0;
}

static void pidfd_release(struct file *file)
{
	process_put(file->private);
}

static size_t pidfd_name(struct file *file, char *buf, size_t size)
{
	(void)file;
	return (size_t)ksnprintf(buf, size, "anon_inode:[pidfd]");
}

static size_t pidfd_info(struct file *file, char *buf, size_t size)
{
	const struct process *process = file->private;
	uint32_t state = __atomic_load_n(&process->state, __ATOMIC_ACQUIRE);

	return (size_t)ksnprintf(buf, size, "Pid:\t%d\nNSpid:\t%d\n",
				 state == PROCESS_DEAD ? -1 : process->pid,
				 state == PROCESS_DEAD ? -1 : process->pid);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.name = pidfd_name,
	.fdinfo = pidfd_info,
};

int pidfd_create(struct process *process, unsigned flags)
{
	struct file *file;
	int fd;
	int err = file_create_anonymous(&pidfd_ops, process,
					FILE_READ | FILE_WRITE | FILE_STREAM,
					UAPI_O_RDWR | flags, &file);

	if (err < 0) {
		return err;
	}
	process_get(process);
	fd = fd_install(file, 0, true);
	if (fd < 0) {
		file_put(file);
	}
	return fd;
}

void pidfd_cancel(int fd)
{
	fd_close(fd);
}

int pidfd_get_process(int fd, struct process **process_out)
{
	struct file_ref ref = fd_get(fd);
	int err = -EBADF;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->ops == &pidfd_ops) {
		*process_out = ref.file->private;
		process_get(*process_out);
		err = 0;
	}
	fd_put(ref);
	return err;
}

/* A folder /proc/PID names the process as well, for signals only. */
static int get_process_or_folder(int fd, struct process **process_out)
{
	struct file_ref ref;
	int err = pidfd_get_process(fd, process_out);

	if (err == 0) {
		return 0;
	}
	ref = fd_get(fd);
	if (ref.file != NULL) {
		*process_out = procfs_process_of(ref.file);
		err = *process_out != NULL ? 0 : -EBADF;
		fd_put(ref);
	}
	return err;
}

bool pidfd_is_nonblocking(int fd)
{
	struct file_ref ref = fd_get(fd);
	bool set = false;

	if (ref.file != NULL) {
		set = (__atomic_load_n(&ref.file->flags, __ATOMIC_RELAXED) &
		       UAPI_O_NONBLOCK) != 0;
		fd_put(ref);
	}
	return set;
}

long sys_pidfd_open(int pid, unsigned flags)
{
	struct process *process;
	struct thread *thread;
	long result;

	if ((flags & ~(unsigned)FLAGS_SUPPORTED) != 0 || pid <= 0) {
		return -EINVAL;
	}
	process = process_find(pid);
	if (process == NULL) {
		/* A thread that is no process's first. */
		thread = thread_find(pid);
		if (thread == NULL) {
			return -ESRCH;
		}
		thread_put(thread);
		return -EINVAL;
	}
	result = pidfd_create(process, flags);
	process_put(process);
	return result;
}

long sys_pidfd_send_signal(int fd, int signal, const void USER *info,
			   unsigned flags)
{
	struct uapi_siginfo given;
	struct process *process;
	int err;

	if (flags != 0) {
		return -EINVAL;
	}
	err = get_process_or_folder(fd, &process);
	if (err < 0) {
		return err;
	}
	if (info == NULL) {
		kill_info(&given, signal, UAPI_SI_USER);
	} else if (user_copy_in(&given, info, sizeof(given)) < 0) {
		err = -EFAULT;
	} else if (given.signo != signal) {
		err = -EINVAL;
	} else if (process != process_current() &&
		   (given.code >= 0 || given.code == UAPI_SI_TKILL)) {
		err = -EPERM; /* only the kernel speaks for others */
	}
	if (err == 0) {
		err = kill_process(process, signal, &given);
	}
	process_put(process);
	return err;
}

/* The other process's owner may take its files. */
static bool may_take(struct process *process)
{
	struct credentials own;
	struct credentials other;

	credentials_current(&own);
	spin_lock(&process->lock);
	other = process->credentials;
	spin_unlock(&process->lock);
	return process == process_current() ||
	       (own.fsuid == other.euid && own.fsuid == other.suid &&
		own.fsuid == other.uid) ||
	       credentials_capable(CREDENTIALS_CAP_SYS_PTRACE);
}

long sys_pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct file_table *files;
	struct process *process;
	struct file *file = NULL;
	long result;

	if (flags != 0) {
		return -EINVAL;
	}
	result = pidfd_get_process(pidfd, &process);
	if (result < 0) {
		return result;
	}
	if (!may_take(process)) {
		process_put(process);
		return -EPERM;
	}
	files = process_get_files(process);
	process_put(process);
	if (files == NULL) {
		return -ESRCH;
	}
	if (fd >= 0) {
		file = file_table_get_file(files, fd);
	}
	file_table_put(files);
	if (file == NULL) {
		return -EBADF;
	}
	result = fd_install(file, 0, true);
	if (result < 0) {
		file_put(file);
	}
	return result;
}

/* The memory goes by itself when its last thread has left: nothing to hasten,
 * but the call says whether the process is on its way. */
long sys_process_mrelease(int fd, unsigned flags)
{
	struct process *process;
	int err;

	if (flags != 0) {
		return -EINVAL;
	}
	err = pidfd_get_process(fd, &process);
	if (err < 0) {
		return err;
	}
	if (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE) ==
	    PROCESS_ALIVE) {
		err = -EINVAL;
	} else if (has_ended(process)) {
		err = -ESRCH;
	}
	process_put(process);
	return err;
}
