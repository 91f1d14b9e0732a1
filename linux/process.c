/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Processes: fork and its kin, exec, groups and sessions.
 */
#include <linux/syscall.h>

#include <arch/frame.h>
#include <asm/syscall.h>
#include <lib/string.h>
#include <loader/exec.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <uapi/clone.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/personality.h>
#include <uapi/signal.h>
#include <vfs/path.h>

#define CLONE_ARGS_SIZE_MAX 4096 /* as Linux: a page */
#define CLONE_FLAGS_KNOWN                                                      \
	(UAPI_CLONE_INTO_CGROUP | UAPI_CLONE_CLEAR_SIGHAND | UINT32_MAX)

/* --- new threads and processes
 * ---------------------------------------------------
 */

long sys_fork(void)
{
	struct clone_args args = {.exit_signal = UAPI_SIGCHLD};

	return process_clone(&args, frame_current());
}

long sys_vfork(void)
{
	struct clone_args args = {
		.flags = UAPI_CLONE_VFORK | UAPI_CLONE_VM,
		.exit_signal = UAPI_SIGCHLD,
	};

	return process_clone(&args, frame_current());
}

long sys_clone(unsigned long flags, unsigned long stack, void USER *parent_tid,
	       unsigned long arg3, unsigned long arg4)
{
	struct clone_args args = {
		.flags = flags & ~UAPI_CSIGNAL & UINT32_MAX,
		.exit_signal = (int)(flags & UAPI_CSIGNAL),
		.parent_tid = (uintptr_t)parent_tid,
		.pidfd = (uintptr_t)parent_tid, /* they share the argument */
		.child_tid = SYSCALL_CLONE_TLS_LAST ? arg3 : arg4,
		.tls = SYSCALL_CLONE_TLS_LAST ? arg4 : arg3,
		.stack = stack,
	};

	if ((args.flags & UAPI_CLONE_PIDFD) != 0 &&
	    (args.flags & (UAPI_CLONE_PARENT_SETTID | UAPI_CLONE_DETACHED)) !=
		    0) {
		return -EINVAL;
	}
	return process_clone(&args, frame_current());
}

/* A struct that has grown over time: what this kernel does not know must be
 * zero. */
static int get_clone_args(struct uapi_clone_args *args, const void USER *from,
			  size_t size)
{
	const uint8_t USER *rest = from;
	uint8_t byte;

	if (size > CLONE_ARGS_SIZE_MAX) {
		return -E2BIG;
	}
	if (size < UAPI_CLONE_ARGS_SIZE_VER0) {
		return -EINVAL;
	}
	memset(args, 0, sizeof(*args));
	for (size_t i = sizeof(*args); i < size; i++) {
		if (user_get_u8(&byte, rest + i) < 0) {
			return -EFAULT;
		}
		if (byte != 0) {
			return -E2BIG;
		}
	}
	return user_copy_in(args, from,
			    size < sizeof(*args) ? size : sizeof(*args));
}

long sys_clone3(void USER *args, size_t size)
{
	struct uapi_clone_args given;
	struct clone_args wanted;
	int err = get_clone_args(&given, args, size);

	if (err < 0) {
		return err;
	}
	if (given.set_tid_size != 0 || given.set_tid != 0) {
		return given.set_tid_size > 32 || given.set_tid == 0 ||
				       given.set_tid_size == 0
			       ? -EINVAL
			       : -EPERM; /* ids are given by the kernel */
	}
	if ((given.flags & ~CLONE_FLAGS_KNOWN) != 0 ||
	    given.exit_signal > SIGNAL_COUNT ||
	    (given.stack == 0) != (given.stack_size == 0) ||
	    (given.stack != 0 &&
	     !user_range_ok((void USER *)given.stack, given.stack_size)) ||
	    (given.flags & (UAPI_CLONE_DETACHED | UAPI_CSIGNAL) &
	     ~UAPI_CLONE_NEWTIME) != 0 ||
	    ((given.flags & (UAPI_CLONE_THREAD | UAPI_CLONE_PARENT)) != 0 &&
	     given.exit_signal != 0)) {
		return -EINVAL;
	}
	wanted = (struct clone_args){
		.flags = given.flags,
		.pidfd = given.pidfd,
		.child_tid = given.child_tid,
		.parent_tid = given.parent_tid,
		.exit_signal = (int)given.exit_signal,
		.stack = given.stack + given.stack_size,
		.tls = given.tls,
	};
	return process_clone(&wanted, frame_current());
}

/* --- exec
 * ------------------------------------------------------------------------
 */

static long exec(int dir_fd, const char USER *path, unsigned walk,
		 bool empty_ok, const void USER *argv, const void USER *envp)
{
	struct trapframe *frame = frame_current();
	struct exec_args *args;
	char *name;
	long result = path_copy_in(path, empty_ok, &name);

	if (result < 0) {
		return result;
	}
	result = exec_args_from_user(argv, envp, &args);
	if (result == 0) {
		result = exec_program(dir_fd, name, walk, args, frame);
		exec_args_free(args);
	}
	path_free(name);
	return result < 0 ? result : frame_result(frame);
}

long sys_execve(const char USER *path, const void USER *argv,
		const void USER *envp)
{
	return exec(PATH_AT_CWD, path, WALK_FOLLOW, false, argv, envp);
}

long sys_execveat(int dir_fd, const char USER *path, const void USER *argv,
		  const void USER *envp, int flags)
{
	bool empty_ok = (flags & UAPI_AT_EMPTY_PATH) != 0;
	unsigned walk = empty_ok ? WALK_EMPTY_OK : 0;

	if ((flags & ~(UAPI_AT_EMPTY_PATH | UAPI_AT_SYMLINK_NOFOLLOW)) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_AT_SYMLINK_NOFOLLOW) == 0) {
		walk |= WALK_FOLLOW;
	}
	return exec(dir_fd, path, walk, empty_ok, argv, envp);
}

/* --- groups and sessions
 * ------------------------------------------------------------
 */

long sys_setpgid(int pid, int group)
{
	return pid < 0 ? -ESRCH : session_set_group(pid, group);
}

long sys_getpgid(int pid)
{
	return session_group_of(pid);
}

long sys_getpgrp(void)
{
	return session_group_of(0);
}

long sys_setsid(void)
{
	return session_create();
}

long sys_getsid(int pid)
{
	return session_of(pid);
}

long sys_personality(unsigned persona)
{
	struct process *process = process_current();
	uint32_t old;

	spin_lock(&process->lock);
	old = process->personality;
	if (persona != UAPI_PERSONALITY_QUERY) {
		process->personality = persona;
	}
	spin_unlock(&process->lock);
	return (long)old;
}
