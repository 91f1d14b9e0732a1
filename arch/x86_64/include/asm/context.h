/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The processor's part of a thread; the first member of struct thread.  The
 * assembly code knows the offsets of sp and, behind this struct, of
 * thread->work (THREAD_WORK_OFFSET).
 */
#define ARCH_THREAD_SP	   0
#define THREAD_WORK_OFFSET 64

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arch_thread {
	uintptr_t sp;	     /* kernel stack pointer while not running */
	uintptr_t fs_base;   /* application's; valid while not running */
	uintptr_t gs_base;   /* application's, in --isolate */
	void *vector_state;  /* XSAVE area; NULL: not an application thread */
	uint32_t vector_cpu; /* CPU whose registers may hold the state, + 1 */
	/* Of the application's last exception: for signal frames. */
	uint32_t trap_number;
	uint64_t trap_error;
	uint64_t trap_address;
	uint64_t reserved;
};
_Static_assert(sizeof(struct arch_thread) == THREAD_WORK_OFFSET, "entry.S");
#endif
