/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Which argument of which call is shown how.
 *
 * The first rule that fits decides.  Arguments without a rule follow from
 * their type: strace.c.  Rules for any call stand at the end.
 */
#include "strace.h"

#include <lib/string.h>

/* clang-format off */
#define IN(calls, arg, show)	     {calls, arg, strace_show_##show, NULL, false}
#define OUT(calls, arg, show)	     {calls, arg, strace_show_##show, NULL, true}
#define IN_W(calls, arg, show, w)    {calls, arg, strace_show_##show, &strace_##w, false}
#define OUT_W(calls, arg, show, w)   {calls, arg, strace_show_##show, &strace_##w, true}
#define WORDS(calls, arg, w)	     IN_W(calls, arg, words, w)

static const struct strace_rule rules[] = {
	/* files */
	IN_W("open openat", "flags", open_flags, open_flags),
	IN("open openat mq_open", "mode", open_mode),
	IN_W("mq_open", "flags", open_flags, open_flags),
	WORDS("access faccessat faccessat2", "mode", access_modes),
	WORDS("faccessat2 newfstatat fchownat unlinkat linkat utimensat execveat statx fchmodat2",
	      "flags", at_flags),
	IN("statx", "mask", hex),
	WORDS("renameat2", "flags", rename_flags),
	WORDS("lseek", "whence", seek),
	WORDS("fallocate", "mode", fallocate),
	WORDS("flock", "operation", flock),
	WORDS("close_range", "flags", close_range),
	WORDS("fcntl", "command", fcntl_commands),
	IN_W("fcntl", "arg", fcntl_arg, open_flags),
	WORDS("ioctl", "command", ioctls),
	IN("ioctl", "arg", hex),
	WORDS("mount", "flags", mount_flags),
	WORDS("umount2", "flags", umount_flags),
	WORDS("dup3 pipe2 epoll_create1 eventfd2 inotify_init1 timerfd_create signalfd4 accept4",
	      "flags", fd_flags),
	WORDS("memfd_create", "flags", memfd_flags),
	WORDS("getrandom", "flags", random_flags),
	OUT("pipe pipe2 socketpair", "fds", fds),
	OUT("stat fstat lstat newfstatat", "stat", stat),
	OUT("readv preadv preadv2", "iov", iovec),
	IN("writev pwritev pwritev2 vmsplice", "iov", iovec),
	OUT("read pread64 readlink readlinkat getcwd recvfrom getrandom", "buf", data_out),
	IN("write pwrite64 sendto", "buf", data),
	IN("mq_timedsend", "text", data),
	OUT("mq_timedreceive", "text", data_out),

	/* memory */
	WORDS(NULL, "prot", prot),
	WORDS("mmap", "flags", map_flags),
	WORDS("mremap", "flags", mremap_flags),
	WORDS("msync", "flags", msync_flags),
	WORDS("madvise process_madvise", "advice", advice),
	WORDS("membarrier", "command", membarrier),

	/* processes and signals */
	IN_W("clone", "flags", clone_flags, clone_flags),
	WORDS("unshare", "flags", clone_flags),
	IN_W("clone3", "args", clone_args, clone_flags),
	IN("execve execveat", "argv", strings),
	IN("execve execveat", "envp", strings_count),
	OUT("wait4", "status", wait_status),
	WORDS("wait4 waitid", "options", wait_options),
	WORDS("waitid", "which", wait_which),
	IN_W("rt_sigaction", "action", sigaction, sigaction_flags),
	OUT_W("rt_sigaction", "old_action", sigaction, sigaction_flags),
	WORDS("rt_sigprocmask", "how", sig_how),
	IN("rt_sigprocmask rt_sigtimedwait rt_sigsuspend", "set", sigset),
	OUT("rt_sigprocmask", "old_set", sigset),
	OUT("rt_sigpending", "set", sigset),
	IN("signalfd signalfd4 ppoll epoll_pwait epoll_pwait2", "mask", sigset),
	WORDS("prctl", "option", prctl),
	WORDS("arch_prctl", "option", arch_prctl),
	IN(NULL, "arg2", hex),
	IN("arch_prctl", "arg", hex),
	WORDS(NULL, "resource", resources),
	IN("setrlimit prlimit64", "limit", rlimit),
	OUT("getrlimit", "limit", rlimit),
	OUT("prlimit64", "old_limit", rlimit),
	WORDS("getrusage", "who", rusage_who),
	WORDS("sched_setscheduler sched_get_priority_max sched_get_priority_min",
	      "policy", policies),
	IN("sched_setscheduler sched_setparam", "param", int),
	OUT("sched_getparam", "param", int),

	/* time and waiting */
	WORDS(NULL, "clock", clocks),
	WORDS("clock_nanosleep timer_settime timerfd_settime", "flags", timer_flags),
	WORDS("getitimer setitimer", "which", itimers),
	IN("setitimer", "value", itimerval),
	OUT("setitimer", "old_value", itimerval),
	OUT("getitimer", "value", itimerval),
	IN("timer_settime timerfd_settime", "value", itimerspec),
	OUT("timer_settime timerfd_settime", "old_value", itimerspec),
	OUT("timer_gettime timerfd_gettime", "value", itimerspec),
	IN("nanosleep clock_nanosleep", "request", timespec),
	IN("select", "timeout", timeval),
	IN("ppoll pselect6 rt_sigtimedwait semtimedop mq_timedsend mq_timedreceive "
	   "recvmmsg epoll_pwait2 futex_waitv", "timeout", timespec),
	OUT("clock_gettime", "time", timespec),
	OUT("clock_getres", "resolution", timespec),
	OUT("gettimeofday", "time", timeval),
	IN_W("futex", "operation", futex_op, futex_ops),
	IN_W("poll ppoll", "fds", pollfds, poll_events),
	WORDS("epoll_ctl", "operation", epoll_ops),
	IN_W("epoll_ctl", "event", epoll_event, epoll_events),
	OUT_W("epoll_wait epoll_pwait epoll_pwait2", "events", epoll_events, epoll_events),

	/* sockets and System V */
	WORDS(NULL, "family", families),
	IN_W("socket socketpair", "type", socket_type, socket_types),
	WORDS("shutdown", "how", shutdown),
	WORDS("setsockopt getsockopt", "level", socket_levels),
	WORDS("setsockopt getsockopt", "option", socket_options),
	IN("setsockopt", "value", data),
	OUT("getsockopt", "value", int),
	IN_W("connect bind sendto", "address", sockaddr, families),
	OUT_W("accept accept4 recvfrom getsockname getpeername", "address", sockaddr, families),
	WORDS("sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg", "flags", msg_flags),
	IN_W("sendmsg", "message", msghdr, families),
	OUT_W("recvmsg", "message", msghdr, families),
	WORDS("msgctl shmctl semctl", "command", ipc_commands),
	WORDS("msgget shmget semget msgsnd msgrcv", "flags", ipc_flags),

	/* any call */
	IN(NULL, "dir_fd", dir_fd),
	IN(NULL, "old_dir_fd", dir_fd),
	IN(NULL, "new_dir_fd", dir_fd),
	IN(NULL, "signal", signal),
	IN(NULL, "mode", octal),
	IN(NULL, "mask", octal),
	IN(NULL, "flags", hex),
};
/* clang-format on */

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);
	const char *found = list;

	while ((found = strstr(found, word)) != NULL) {
		if ((found == list || found[-1] == ' ') &&
		    (found[length] == ' ' || found[length] == '\0')) {
			return true;
		}
		found += length;
	}
	return false;
}

const struct strace_rule *strace_rule(const struct strace_arg *arg)
{
	const char *name = arg->info->args[arg->index].name;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (strcmp(rules[i].arg, name) == 0 &&
		    (rules[i].calls == NULL ||
		     has_word(rules[i].calls, arg->info->name))) {
			return &rules[i];
		}
	}
	return NULL;
}
