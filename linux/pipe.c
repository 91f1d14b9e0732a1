/* SPDX-License-Identifier: BSD-3-Clause */

/* pipe(2): two descriptors of one pipe of fs/vfs. */
#include <linux/syscall.h>

#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/pipe.h>

#define PIPE_FLAGS (UAPI_O_NONBLOCK | UAPI_O_DIRECT | UAPI_O_CLOEXEC)

/* Installs both files, or puts both. */
static int install_both(struct file *files[2], bool cloexec, int32_t fds[2])
{
	fds[0] = fd_install(files[0], 0, cloexec);
	if (fds[0] < 0) {
		file_put(files[0]);
		file_put(files[1]);
		return fds[0];
	}
	fds[1] = fd_install(files[1], 0, cloexec);
	if (fds[1] < 0) {
		fd_close(fds[0]);
		file_put(files[1]);
		return fds[1];
	}
	return 0;
}

long sys_pipe2(void USER *user_fds, int flags)
{
	struct file *files[2];
	int32_t fds[2];
	int err;

	if ((flags & ~PIPE_FLAGS) != 0) {
		return -EINVAL;
	}
	err = pipe_create((unsigned)flags & ~(unsigned)UAPI_O_CLOEXEC, files);
	if (err < 0) {
		return err;
	}
	err = install_both(files, (flags & UAPI_O_CLOEXEC) != 0, fds);
	if (err == 0 && user_copy_out(user_fds, fds, sizeof(fds)) < 0) {
		fd_close(fds[0]);
		fd_close(fds[1]);
		err = -EFAULT;
	}
	return err;
}

long sys_pipe(void USER *fds)
{
	return sys_pipe2(fds, 0);
}
