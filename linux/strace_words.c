/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Names of constants for the tracer.  Constant data; where the bits of one
 * name contain those of another, the wider one comes first.
 */
#include "strace.h"

#include <process/rlimit.h>
#include <uapi/clone.h>
#include <uapi/fcntl.h>
#include <uapi/futex.h>
#include <uapi/ioctl.h>
#include <uapi/ipc.h>
#include <uapi/mman.h>
#include <uapi/mount.h>
#include <uapi/prctl.h>
#include <uapi/resource.h>
#include <uapi/signal.h>
#include <uapi/socket.h>
#include <uapi/termios.h>
#include <uapi/time.h>
#include <uapi/wait.h>

/* A constant of include/uapi, and one that the kernel itself does not use. */
#define W(word)                                                                \
	{                                                                      \
		(uint32_t) UAPI_##word, #word                                  \
	}
#define V(value, word)                                                         \
	{                                                                      \
		value, word                                                    \
	}
#define ONE_OF(table)                                                          \
	{                                                                      \
		table, ARRAY_SIZE(table), false, NULL                          \
	}
#define BITS(table)                                                            \
	{                                                                      \
		table, ARRAY_SIZE(table), true, NULL                           \
	}
#define BITS_OR(table, none)                                                   \
	{                                                                      \
		table, ARRAY_SIZE(table), true, none                           \
	}

/* clang-format off */
static const struct strace_word access_modes[] = {
	V(4, "R_OK"), V(2, "W_OK"), V(1, "X_OK"),
};
const struct strace_words strace_access_modes = BITS_OR(access_modes, "F_OK");

static const struct strace_word advice[] = {
	W(MADV_NORMAL), W(MADV_RANDOM), W(MADV_SEQUENTIAL), W(MADV_WILLNEED),
	W(MADV_DONTNEED), W(MADV_FREE), W(MADV_REMOVE), W(MADV_DONTFORK),
	W(MADV_DOFORK), W(MADV_MERGEABLE), W(MADV_UNMERGEABLE),
	W(MADV_HUGEPAGE), W(MADV_NOHUGEPAGE), W(MADV_DONTDUMP), W(MADV_DODUMP),
	W(MADV_WIPEONFORK), W(MADV_KEEPONFORK), W(MADV_COLD), W(MADV_PAGEOUT),
	W(MADV_POPULATE_READ), W(MADV_POPULATE_WRITE), W(MADV_DONTNEED_LOCKED),
	W(MADV_COLLAPSE), W(MADV_HWPOISON),
};
const struct strace_words strace_advice = ONE_OF(advice);

static const struct strace_word arch_prctl[] = {
	V(0x1001, "ARCH_SET_GS"), V(0x1002, "ARCH_SET_FS"),
	V(0x1003, "ARCH_GET_FS"), V(0x1004, "ARCH_GET_GS"),
	V(0x1011, "ARCH_GET_CPUID"), V(0x1012, "ARCH_SET_CPUID"),
	V(0x3001, "ARCH_CET_STATUS"),
};
const struct strace_words strace_arch_prctl = ONE_OF(arch_prctl);

static const struct strace_word at_flags[] = {
	W(AT_SYMLINK_NOFOLLOW), W(AT_REMOVEDIR), W(AT_SYMLINK_FOLLOW),
	W(AT_NO_AUTOMOUNT), W(AT_EMPTY_PATH), W(AT_STATX_FORCE_SYNC),
	W(AT_STATX_DONT_SYNC),
};
const struct strace_words strace_at_flags = BITS(at_flags);

static const struct strace_word clocks[] = {
	W(CLOCK_REALTIME), W(CLOCK_MONOTONIC), W(CLOCK_PROCESS_CPUTIME_ID),
	W(CLOCK_THREAD_CPUTIME_ID), W(CLOCK_MONOTONIC_RAW),
	W(CLOCK_REALTIME_COARSE), W(CLOCK_MONOTONIC_COARSE), W(CLOCK_BOOTTIME),
	W(CLOCK_REALTIME_ALARM), W(CLOCK_BOOTTIME_ALARM), W(CLOCK_TAI),
};
const struct strace_words strace_clocks = ONE_OF(clocks);

static const struct strace_word clone_flags[] = {
	W(CLONE_VM), W(CLONE_FS), W(CLONE_FILES), W(CLONE_SIGHAND),
	W(CLONE_PIDFD), W(CLONE_PTRACE), W(CLONE_VFORK), W(CLONE_PARENT),
	W(CLONE_THREAD), W(CLONE_NEWNS), W(CLONE_SYSVSEM), W(CLONE_SETTLS),
	W(CLONE_PARENT_SETTID), W(CLONE_CHILD_CLEARTID), W(CLONE_DETACHED),
	W(CLONE_UNTRACED), W(CLONE_CHILD_SETTID), W(CLONE_NEWCGROUP),
	W(CLONE_NEWUTS), W(CLONE_NEWIPC), W(CLONE_NEWUSER), W(CLONE_NEWPID),
	W(CLONE_NEWNET), W(CLONE_IO),
};
const struct strace_words strace_clone_flags = BITS(clone_flags);

static const struct strace_word close_range[] = {
	W(CLOSE_RANGE_UNSHARE), W(CLOSE_RANGE_CLOEXEC),
};
const struct strace_words strace_close_range = BITS(close_range);

static const struct strace_word epoll_ops[] = {
	V(1, "EPOLL_CTL_ADD"), V(2, "EPOLL_CTL_DEL"), V(3, "EPOLL_CTL_MOD"),
};
const struct strace_words strace_epoll_ops = ONE_OF(epoll_ops);

static const struct strace_word epoll_events[] = {
	V(0x1, "EPOLLIN"), V(0x2, "EPOLLPRI"), V(0x4, "EPOLLOUT"),
	V(0x8, "EPOLLERR"), V(0x10, "EPOLLHUP"), V(0x40, "EPOLLRDNORM"),
	V(0x80, "EPOLLRDBAND"), V(0x100, "EPOLLWRNORM"),
	V(0x200, "EPOLLWRBAND"), V(0x400, "EPOLLMSG"), V(0x2000, "EPOLLRDHUP"),
	V(0x10000000, "EPOLLEXCLUSIVE"), V(0x20000000, "EPOLLWAKEUP"),
	V(0x40000000, "EPOLLONESHOT"), V(0x80000000, "EPOLLET"),
};
const struct strace_words strace_epoll_events = BITS(epoll_events);

static const struct strace_word fallocate[] = {
	V(1, "FALLOC_FL_KEEP_SIZE"), V(2, "FALLOC_FL_PUNCH_HOLE"),
	V(8, "FALLOC_FL_COLLAPSE_RANGE"), V(0x10, "FALLOC_FL_ZERO_RANGE"),
	V(0x20, "FALLOC_FL_INSERT_RANGE"), V(0x40, "FALLOC_FL_UNSHARE_RANGE"),
};
const struct strace_words strace_fallocate = BITS(fallocate);

static const struct strace_word families[] = {
	V(0, "AF_UNSPEC"), V(1, "AF_UNIX"), V(2, "AF_INET"), V(10, "AF_INET6"),
	V(16, "AF_NETLINK"), V(17, "AF_PACKET"), V(38, "AF_ALG"),
	V(40, "AF_VSOCK"),
};
const struct strace_words strace_families = ONE_OF(families);

static const struct strace_word fcntl_commands[] = {
	W(F_DUPFD), W(F_GETFD), W(F_SETFD), W(F_GETFL), W(F_SETFL), W(F_GETLK),
	W(F_SETLK), W(F_SETLKW), W(F_SETOWN), W(F_GETOWN), W(F_SETSIG),
	W(F_GETSIG), W(F_SETOWN_EX), W(F_GETOWN_EX), W(F_OFD_GETLK),
	W(F_OFD_SETLK), W(F_OFD_SETLKW), W(F_SETLEASE), W(F_GETLEASE),
	W(F_NOTIFY), W(F_DUPFD_CLOEXEC), W(F_SETPIPE_SZ), W(F_GETPIPE_SZ),
	W(F_ADD_SEALS), W(F_GET_SEALS),
};
const struct strace_words strace_fcntl_commands = ONE_OF(fcntl_commands);

static const struct strace_word fd_flags[] = {
	W(O_CLOEXEC), W(O_NONBLOCK), W(O_DIRECT), V(1, "EFD_SEMAPHORE"),
};
const struct strace_words strace_fd_flags = BITS(fd_flags);

static const struct strace_word flock[] = {
	W(LOCK_SH), W(LOCK_EX), W(LOCK_NB), W(LOCK_UN),
};
const struct strace_words strace_flock = BITS(flock);

static const struct strace_word futex_ops[] = {
	W(FUTEX_WAIT), W(FUTEX_WAKE), W(FUTEX_REQUEUE), W(FUTEX_CMP_REQUEUE),
	W(FUTEX_WAKE_OP), W(FUTEX_LOCK_PI), W(FUTEX_UNLOCK_PI),
	W(FUTEX_TRYLOCK_PI), W(FUTEX_WAIT_BITSET), W(FUTEX_WAKE_BITSET),
	W(FUTEX_WAIT_REQUEUE_PI), W(FUTEX_CMP_REQUEUE_PI), W(FUTEX_LOCK_PI2),
};
const struct strace_words strace_futex_ops = ONE_OF(futex_ops);

static const struct strace_word ioctls[] = {
	W(TCGETS), W(TCSETS), W(TCSETSW), W(TCSETSF), W(TCSBRK), W(TCXONC),
	W(TCFLSH), W(TIOCSCTTY), W(TIOCGPGRP), W(TIOCSPGRP), W(TIOCOUTQ),
	W(TIOCGWINSZ), W(TIOCSWINSZ), W(TIOCNOTTY), W(TIOCGSID), W(TIOCGPTN),
	W(TIOCSPTLCK), W(TIOCGPTPEER), W(FIGETBSZ), W(FIONREAD), W(FIONBIO),
	W(FIONCLEX), W(FIOCLEX), W(FIOASYNC),
};
const struct strace_words strace_ioctls = ONE_OF(ioctls);

static const struct strace_word ipc_commands[] = {
	W(IPC_RMID), W(IPC_SET), W(IPC_STAT), W(IPC_INFO),
};
const struct strace_words strace_ipc_commands = ONE_OF(ipc_commands);

static const struct strace_word ipc_flags[] = {
	W(IPC_CREAT), W(IPC_EXCL), W(IPC_NOWAIT),
};
const struct strace_words strace_ipc_flags = BITS(ipc_flags);

static const struct strace_word itimers[] = {
	W(ITIMER_REAL), W(ITIMER_VIRTUAL), W(ITIMER_PROF),
};
const struct strace_words strace_itimers = ONE_OF(itimers);

static const struct strace_word map_flags[] = {
	W(MAP_SHARED), W(MAP_PRIVATE), W(MAP_FIXED), W(MAP_ANONYMOUS),
	W(MAP_32BIT), W(MAP_GROWSDOWN), W(MAP_DENYWRITE), W(MAP_EXECUTABLE),
	W(MAP_LOCKED), W(MAP_NORESERVE), W(MAP_POPULATE), W(MAP_NONBLOCK),
	W(MAP_STACK), W(MAP_HUGETLB), W(MAP_SYNC), W(MAP_FIXED_NOREPLACE),
};
const struct strace_words strace_map_flags = BITS(map_flags);

static const struct strace_word membarrier[] = {
	W(MEMBARRIER_QUERY), W(MEMBARRIER_GLOBAL),
	W(MEMBARRIER_GLOBAL_EXPEDITED),
	W(MEMBARRIER_REGISTER_GLOBAL_EXPEDITED),
	W(MEMBARRIER_PRIVATE_EXPEDITED),
	W(MEMBARRIER_REGISTER_PRIVATE_EXPEDITED),
	W(MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE),
	W(MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
	W(MEMBARRIER_PRIVATE_EXPEDITED_RSEQ),
	W(MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ),
};
const struct strace_words strace_membarrier = ONE_OF(membarrier);

static const struct strace_word memfd_flags[] = {
	V(1, "MFD_CLOEXEC"), V(2, "MFD_ALLOW_SEALING"), V(4, "MFD_HUGETLB"),
	V(8, "MFD_NOEXEC_SEAL"), V(0x10, "MFD_EXEC"),
};
const struct strace_words strace_memfd_flags = BITS(memfd_flags);

static const struct strace_word mount_flags[] = {
	W(MS_RDONLY), W(MS_NOSUID), W(MS_NODEV), W(MS_NOEXEC),
	W(MS_SYNCHRONOUS), W(MS_REMOUNT), W(MS_MANDLOCK), W(MS_DIRSYNC),
	W(MS_NOSYMFOLLOW), W(MS_NOATIME), W(MS_NODIRATIME), W(MS_BIND),
	W(MS_MOVE), W(MS_REC), W(MS_SILENT), W(MS_UNBINDABLE), W(MS_PRIVATE),
	W(MS_SLAVE), W(MS_SHARED), W(MS_RELATIME), W(MS_STRICTATIME),
	W(MS_LAZYTIME),
};
const struct strace_words strace_mount_flags = BITS(mount_flags);

static const struct strace_word mremap_flags[] = {
	W(MREMAP_MAYMOVE), W(MREMAP_FIXED), W(MREMAP_DONTUNMAP),
};
const struct strace_words strace_mremap_flags = BITS(mremap_flags);

static const struct strace_word msg_flags[] = {
	W(MSG_OOB), W(MSG_PEEK), W(MSG_CTRUNC), W(MSG_TRUNC), W(MSG_DONTWAIT),
	W(MSG_EOR), W(MSG_WAITALL), W(MSG_ERRQUEUE), W(MSG_NOSIGNAL),
	W(MSG_WAITFORONE), W(MSG_CMSG_CLOEXEC),
};
const struct strace_words strace_msg_flags = BITS(msg_flags);

static const struct strace_word msync_flags[] = {
	W(MS_ASYNC), W(MS_INVALIDATE), W(MS_SYNC),
};
const struct strace_words strace_msync_flags = BITS(msync_flags);

static const struct strace_word open_flags[] = {
	W(O_TMPFILE), W(O_SYNC), W(O_CREAT), W(O_EXCL), W(O_NOCTTY),
	W(O_TRUNC), W(O_APPEND), W(O_NONBLOCK), W(O_DSYNC), W(O_ASYNC),
	W(O_DIRECT), W(O_LARGEFILE), W(O_DIRECTORY), W(O_NOFOLLOW),
	W(O_NOATIME), W(O_CLOEXEC), W(O_PATH),
};
const struct strace_words strace_open_flags = BITS(open_flags);

static const struct strace_word poll_events[] = {
	V(0x1, "POLLIN"), V(0x2, "POLLPRI"), V(0x4, "POLLOUT"),
	V(0x8, "POLLERR"), V(0x10, "POLLHUP"), V(0x20, "POLLNVAL"),
	V(0x40, "POLLRDNORM"), V(0x80, "POLLRDBAND"), V(0x100, "POLLWRNORM"),
	V(0x200, "POLLWRBAND"), V(0x400, "POLLMSG"), V(0x2000, "POLLRDHUP"),
};
const struct strace_words strace_poll_events = BITS(poll_events);

static const struct strace_word policies[] = {
	V(0, "SCHED_OTHER"), V(1, "SCHED_FIFO"), V(2, "SCHED_RR"),
	V(3, "SCHED_BATCH"), V(5, "SCHED_IDLE"), V(6, "SCHED_DEADLINE"),
};
const struct strace_words strace_policies = ONE_OF(policies);

static const struct strace_word prctl[] = {
	W(PR_SET_PDEATHSIG), W(PR_GET_PDEATHSIG), W(PR_GET_DUMPABLE),
	W(PR_SET_DUMPABLE), W(PR_GET_KEEPCAPS), W(PR_SET_KEEPCAPS),
	W(PR_GET_TIMING), W(PR_SET_TIMING), W(PR_SET_NAME), W(PR_GET_NAME),
	W(PR_GET_SECCOMP), V(22, "PR_SET_SECCOMP"), W(PR_CAPBSET_READ),
	W(PR_CAPBSET_DROP), W(PR_GET_TSC), W(PR_SET_TSC), W(PR_GET_SECUREBITS),
	W(PR_SET_SECUREBITS), W(PR_SET_TIMERSLACK), W(PR_GET_TIMERSLACK),
	V(35, "PR_SET_MM"), W(PR_SET_CHILD_SUBREAPER),
	W(PR_GET_CHILD_SUBREAPER), W(PR_SET_NO_NEW_PRIVS),
	W(PR_GET_NO_NEW_PRIVS), W(PR_GET_TID_ADDRESS),
	V(41, "PR_SET_THP_DISABLE"), W(PR_GET_THP_DISABLE), W(PR_CAP_AMBIENT),
	V(0x53564d41, "PR_SET_VMA"), V(0x59616d61, "PR_SET_PTRACER"),
};
const struct strace_words strace_prctl = ONE_OF(prctl);

static const struct strace_word prot[] = {
	W(PROT_READ), W(PROT_WRITE), W(PROT_EXEC), W(PROT_SEM),
	W(PROT_GROWSDOWN), W(PROT_GROWSUP),
};
const struct strace_words strace_prot = BITS_OR(prot, "PROT_NONE");

static const struct strace_word random_flags[] = {
	V(1, "GRND_NONBLOCK"), V(2, "GRND_RANDOM"), V(4, "GRND_INSECURE"),
};
const struct strace_words strace_random_flags = BITS(random_flags);

static const struct strace_word rename_flags[] = {
	W(RENAME_NOREPLACE), W(RENAME_EXCHANGE), W(RENAME_WHITEOUT),
};
const struct strace_words strace_rename_flags = BITS(rename_flags);

static const struct strace_word resources[] = {
	V(RLIMIT_CPU, "RLIMIT_CPU"), V(RLIMIT_FSIZE, "RLIMIT_FSIZE"),
	V(RLIMIT_DATA, "RLIMIT_DATA"), V(RLIMIT_STACK, "RLIMIT_STACK"),
	V(RLIMIT_CORE, "RLIMIT_CORE"), V(RLIMIT_RSS, "RLIMIT_RSS"),
	V(RLIMIT_NPROC, "RLIMIT_NPROC"), V(RLIMIT_NOFILE, "RLIMIT_NOFILE"),
	V(RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"), V(RLIMIT_AS, "RLIMIT_AS"),
	V(RLIMIT_LOCKS, "RLIMIT_LOCKS"),
	V(RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING"),
	V(RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE"), V(RLIMIT_NICE, "RLIMIT_NICE"),
	V(RLIMIT_RTPRIO, "RLIMIT_RTPRIO"), V(RLIMIT_RTTIME, "RLIMIT_RTTIME"),
};
const struct strace_words strace_resources = ONE_OF(resources);

static const struct strace_word rusage_who[] = {
	W(RUSAGE_SELF), W(RUSAGE_CHILDREN), W(RUSAGE_THREAD),
};
const struct strace_words strace_rusage_who = ONE_OF(rusage_who);

static const struct strace_word seek[] = {
	W(SEEK_SET), W(SEEK_CUR), W(SEEK_END), W(SEEK_DATA), W(SEEK_HOLE),
};
const struct strace_words strace_seek = ONE_OF(seek);

static const struct strace_word shutdown[] = {
	W(SHUT_RD), W(SHUT_WR), W(SHUT_RDWR),
};
const struct strace_words strace_shutdown = ONE_OF(shutdown);

static const struct strace_word sig_how[] = {
	W(SIG_BLOCK), W(SIG_UNBLOCK), W(SIG_SETMASK),
};
const struct strace_words strace_sig_how = ONE_OF(sig_how);

static const struct strace_word socket_levels[] = {
	W(SOL_SOCKET), V(0, "SOL_IP"), V(6, "SOL_TCP"), V(17, "SOL_UDP"),
	V(41, "SOL_IPV6"),
};
const struct strace_words strace_socket_levels = ONE_OF(socket_levels);

static const struct strace_word socket_options[] = {
	W(SO_DEBUG), W(SO_REUSEADDR), W(SO_TYPE), W(SO_ERROR), W(SO_DONTROUTE),
	W(SO_BROADCAST), W(SO_SNDBUF), W(SO_RCVBUF), W(SO_KEEPALIVE),
	W(SO_OOBINLINE), W(SO_PRIORITY), W(SO_LINGER), W(SO_REUSEPORT),
	W(SO_PASSCRED), W(SO_PEERCRED), W(SO_RCVLOWAT), W(SO_SNDLOWAT),
	W(SO_RCVTIMEO), W(SO_SNDTIMEO), W(SO_TIMESTAMP), W(SO_ACCEPTCONN),
	W(SO_SNDBUFFORCE), W(SO_RCVBUFFORCE), W(SO_PROTOCOL), W(SO_DOMAIN),
};
const struct strace_words strace_socket_options = ONE_OF(socket_options);

static const struct strace_word socket_types[] = {
	W(SOCK_STREAM), W(SOCK_DGRAM), W(SOCK_RAW), W(SOCK_SEQPACKET),
};
const struct strace_words strace_socket_types = ONE_OF(socket_types);

static const struct strace_word sigaction_flags[] = {
	W(SA_NOCLDSTOP), W(SA_NOCLDWAIT), W(SA_SIGINFO), W(SA_RESTORER),
	W(SA_ONSTACK), W(SA_RESTART), W(SA_NODEFER), W(SA_RESETHAND),
};
const struct strace_words strace_sigaction_flags = BITS(sigaction_flags);

static const struct strace_word timer_flags[] = {
	W(TIMER_ABSTIME),
};
const struct strace_words strace_timer_flags = BITS(timer_flags);

static const struct strace_word umount_flags[] = {
	W(MNT_FORCE), W(MNT_DETACH), W(MNT_EXPIRE), W(UMOUNT_NOFOLLOW),
};
const struct strace_words strace_umount_flags = BITS(umount_flags);

static const struct strace_word wait_options[] = {
	W(WNOHANG), W(WSTOPPED), W(WEXITED), W(WCONTINUED), W(WNOWAIT),
	W(WNOTHREAD), W(WALL), W(WCLONE),
};
const struct strace_words strace_wait_options = BITS(wait_options);

static const struct strace_word wait_which[] = {
	W(P_ALL), W(P_PID), W(P_PGID), W(P_PIDFD),
};
const struct strace_words strace_wait_which = ONE_OF(wait_which);

/* clang-format on */
