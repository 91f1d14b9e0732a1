/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The signal frame of Linux on x86-64 (sigreturn(2), <asm/sigcontext.h> and
 * <asm/ucontext.h> as the C libraries and runtimes know them):
 *
 *	 higher	vector state: FXSAVE or XSAVE area, 64-byte aligned, then the
 *		second magic word
 *		siginfo
 *		ucontext
 *	rsp ->	return address: the restorer
 */
#include <stddef.h>
#include <stdint.h>

#include <uapi/signal.h>

#define FRAME_RED_ZONE	   128
#define FXSAVE_SIZE	   512
#define XSAVE_HEADER_SIZE  64
#define XSTATE_SW_OFFSET   464 /* bytes that FXSAVE leaves to software */
#define XSTATE_MAGIC1	   0x46505853u
#define XSTATE_MAGIC2	   0x46505845u
#define UC_FLAG_XSTATE	   1ul
#define UC_FLAG_SS	   2ul
#define UC_FLAG_STRICT_SS  4ul
#define VECTOR_ALIGN	   64
#define MXCSR_FIELD	   24
#define MXCSR_MASK_FIELD   28
#define MXCSR_MASK_DEFAULT 0xffbfu

struct sigcontext_x86 {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
	uint64_t eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate; /* address of the vector state, 0: none */
	uint64_t reserved[8];
};
_Static_assert(sizeof(struct sigcontext_x86) == 256, "struct sigcontext");

struct ucontext_x86 {
	uint64_t flags;
	uint64_t link;
	struct uapi_sigaltstack stack;
	struct sigcontext_x86 mcontext;
	uint64_t sigmask;
};
_Static_assert(offsetof(struct ucontext_x86, mcontext) == 40, "ucontext_t");
_Static_assert(offsetof(struct ucontext_x86, sigmask) == 296, "ucontext_t");

struct signal_frame {
	uint64_t restorer;
	struct ucontext_x86 ucontext;
	struct uapi_siginfo info;
};
_Static_assert(sizeof(struct signal_frame) % 8 == 0, "frame_address()");

/* What software says in the FXSAVE area about what follows it. */
struct xstate_note {
	uint32_t magic1;
	uint32_t extended_size; /* with the second magic word */
	uint64_t features;
	uint32_t state_size;
	uint32_t padding[7];
};
_Static_assert(sizeof(struct xstate_note) == FXSAVE_SIZE - XSTATE_SW_OFFSET,
	       "struct _fpx_sw_bytes");
