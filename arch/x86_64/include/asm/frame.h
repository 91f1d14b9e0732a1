/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Saved registers of x86-64, in the order in which entry/stubs.S pushes
 * them; the last five are the processor's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/mmu.h>

struct trapframe {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct trapframe) == 22 * 8, "stubs.S");
_Static_assert(offsetof(struct trapframe, rip) == 17 * 8, "stubs.S");

/* Application code lies in the lower half, in both privilege modes. */
static inline bool frame_is_app(const struct trapframe *frame)
{
	return frame->rip < USER_END;
}

static inline uintptr_t frame_pc(const struct trapframe *frame)
{
	return frame->rip;
}

static inline uintptr_t frame_sp(const struct trapframe *frame)
{
	return frame->rsp;
}

static inline uintptr_t frame_fp(const struct trapframe *frame)
{
	return frame->rbp;
}

static inline void frame_set_pc(struct trapframe *frame, uintptr_t pc)
{
	frame->rip = pc;
}

static inline void frame_set_sp(struct trapframe *frame, uintptr_t sp)
{
	frame->rsp = sp;
}
