/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Flags of clone(2) and struct clone_args of clone3(2). */
#include <stdint.h>

#define UAPI_CSIGNAL		  0x000000ffull
#define UAPI_CLONE_NEWTIME	  0x00000080ull /* clone3 and unshare only */
#define UAPI_CLONE_VM		  0x00000100ull
#define UAPI_CLONE_FS		  0x00000200ull
#define UAPI_CLONE_FILES	  0x00000400ull
#define UAPI_CLONE_SIGHAND	  0x00000800ull
#define UAPI_CLONE_PIDFD	  0x00001000ull
#define UAPI_CLONE_PTRACE	  0x00002000ull
#define UAPI_CLONE_VFORK	  0x00004000ull
#define UAPI_CLONE_PARENT	  0x00008000ull
#define UAPI_CLONE_THREAD	  0x00010000ull
#define UAPI_CLONE_NEWNS	  0x00020000ull
#define UAPI_CLONE_SYSVSEM	  0x00040000ull
#define UAPI_CLONE_SETTLS	  0x00080000ull
#define UAPI_CLONE_PARENT_SETTID  0x00100000ull
#define UAPI_CLONE_CHILD_CLEARTID 0x00200000ull
#define UAPI_CLONE_DETACHED	  0x00400000ull
#define UAPI_CLONE_UNTRACED	  0x00800000ull
#define UAPI_CLONE_CHILD_SETTID	  0x01000000ull
#define UAPI_CLONE_NEWCGROUP	  0x02000000ull
#define UAPI_CLONE_NEWUTS	  0x04000000ull
#define UAPI_CLONE_NEWIPC	  0x08000000ull
#define UAPI_CLONE_NEWUSER	  0x10000000ull
#define UAPI_CLONE_NEWPID	  0x20000000ull
#define UAPI_CLONE_NEWNET	  0x40000000ull
#define UAPI_CLONE_IO		  0x80000000ull
#define UAPI_CLONE_CLEAR_SIGHAND  0x100000000ull
#define UAPI_CLONE_INTO_CGROUP	  0x200000000ull

#define UAPI_CLONE_NEW_ALL                                                     \
	(UAPI_CLONE_NEWTIME | UAPI_CLONE_NEWNS | UAPI_CLONE_NEWCGROUP |        \
	 UAPI_CLONE_NEWUTS | UAPI_CLONE_NEWIPC | UAPI_CLONE_NEWUSER |          \
	 UAPI_CLONE_NEWPID | UAPI_CLONE_NEWNET)

struct uapi_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack; /* lowest address */
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

#define UAPI_CLONE_ARGS_SIZE_VER0 64
#define UAPI_CLONE_ARGS_SIZE_VER1 80
#define UAPI_CLONE_ARGS_SIZE_VER2 88

_Static_assert(sizeof(struct uapi_clone_args) == UAPI_CLONE_ARGS_SIZE_VER2,
	       "clone3(2)");
