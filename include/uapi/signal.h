/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Linux signal numbers and structures, generic 64-bit layout (signal(7),
 * sigaction(2), asm-generic).  Structures carry a uapi_ prefix so that host
 * tests can include the C library's headers beside them.
 */
#define UAPI_SIGHUP    1
#define UAPI_SIGINT    2
#define UAPI_SIGQUIT   3
#define UAPI_SIGILL    4
#define UAPI_SIGTRAP   5
#define UAPI_SIGABRT   6
#define UAPI_SIGBUS    7
#define UAPI_SIGFPE    8
#define UAPI_SIGKILL   9
#define UAPI_SIGUSR1   10
#define UAPI_SIGSEGV   11
#define UAPI_SIGUSR2   12
#define UAPI_SIGPIPE   13
#define UAPI_SIGALRM   14
#define UAPI_SIGTERM   15
#define UAPI_SIGSTKFLT 16
#define UAPI_SIGCHLD   17
#define UAPI_SIGCONT   18
#define UAPI_SIGSTOP   19
#define UAPI_SIGTSTP   20
#define UAPI_SIGTTIN   21
#define UAPI_SIGTTOU   22
#define UAPI_SIGURG    23
#define UAPI_SIGXCPU   24
#define UAPI_SIGXFSZ   25
#define UAPI_SIGVTALRM 26
#define UAPI_SIGPROF   27
#define UAPI_SIGWINCH  28
#define UAPI_SIGIO     29
#define UAPI_SIGPWR    30
#define UAPI_SIGSYS    31
#define UAPI_SIGRTMIN  32

#define UAPI_SI_USER	0
#define UAPI_SI_KERNEL	0x80
#define UAPI_SI_QUEUE	(-1)
#define UAPI_SI_TIMER	(-2)
#define UAPI_SI_MESGQ	(-3)
#define UAPI_SI_ASYNCIO (-4)
#define UAPI_SI_SIGIO	(-5)

/* si_code of SIGIO */
#define UAPI_POLL_IN  1
#define UAPI_POLL_OUT 2
#define UAPI_POLL_ERR 4
#define UAPI_POLL_HUP 6
#define UAPI_SI_TKILL (-6)

#define UAPI_ILL_ILLOPN	   2
#define UAPI_FPE_INTDIV	   1
#define UAPI_FPE_INTOVF	   2
#define UAPI_FPE_FLTDIV	   3
#define UAPI_FPE_FLTOVF	   4
#define UAPI_FPE_FLTUND	   5
#define UAPI_FPE_FLTRES	   6
#define UAPI_FPE_FLTINV	   7
#define UAPI_SEGV_MAPERR   1
#define UAPI_SEGV_ACCERR   2
#define UAPI_BUS_ADRALN	   1
#define UAPI_BUS_ADRERR	   2
#define UAPI_TRAP_BRKPT	   1
#define UAPI_TRAP_TRACE	   2
#define UAPI_CLD_EXITED	   1
#define UAPI_CLD_KILLED	   2
#define UAPI_CLD_DUMPED	   3
#define UAPI_CLD_STOPPED   5
#define UAPI_CLD_CONTINUED 6

#define UAPI_SA_NOCLDSTOP 0x00000001
#define UAPI_SA_NOCLDWAIT 0x00000002
#define UAPI_SA_SIGINFO	  0x00000004
#define UAPI_SA_RESTORER  0x04000000
#define UAPI_SA_ONSTACK	  0x08000000
#define UAPI_SA_RESTART	  0x10000000
#define UAPI_SA_NODEFER	  0x40000000
#define UAPI_SA_RESETHAND 0x80000000u

#define UAPI_SIG_DFL 0ul
#define UAPI_SIG_IGN 1ul

#define UAPI_SIG_BLOCK	 0
#define UAPI_SIG_UNBLOCK 1
#define UAPI_SIG_SETMASK 2

#define UAPI_SS_ONSTACK	   1
#define UAPI_SS_DISABLE	   2
#define UAPI_SS_AUTODISARM 0x80000000u

/* The kernel's struct sigaction of 64-bit architectures with a restorer. */
struct uapi_sigaction {
	unsigned long handler;
	unsigned long flags;
	unsigned long restorer;
	unsigned long mask;
};

struct uapi_sigaltstack {
	unsigned long sp;
	int flags;
	unsigned int pad;
	unsigned long size;
};

union uapi_sigval {
	int int_value;
	unsigned long ptr_value;
};

struct uapi_siginfo {
	int signo;
	int error;
	int code;
	int pad0;
	union {
		char raw[112];
		struct {
			int pid;
			unsigned int uid;
		} kill;
		struct {
			int id;
			int overrun;
			union uapi_sigval value;
		} timer;
		struct {
			int pid;
			unsigned int uid;
			union uapi_sigval value;
		} queue;
		struct {
			int pid;
			unsigned int uid;
			int status;
			int pad;
			long utime;
			long stime;
		} child;
		struct {
			unsigned long addr;
			short addr_lsb;
			short pad[3];
			unsigned long lower;
			unsigned long upper;
		} fault;
		struct {
			long band;
			int fd;
		} poll;
		struct {
			unsigned long call_addr;
			int syscall;
			unsigned int arch;
		} sys;
	};
};

_Static_assert(sizeof(struct uapi_siginfo) == 128, "siginfo_t, signal.h");
