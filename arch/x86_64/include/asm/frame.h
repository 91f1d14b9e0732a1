/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Saved registers of x86-64, in the order in which entry/entry.S pushes
 * them; the last five are the processor's.  `error` holds the number of a
 * system call; `vector` is VECTOR_SYSCALL while the frame is that of a call.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/mmu.h>
#include <asm/selectors.h>

struct trapframe {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct trapframe) == 22 * 8, "entry.S");
_Static_assert(offsetof(struct trapframe, rip) == 17 * 8, "entry.S");

/*
 * The kernel runs in the upper half on a stack in the upper half; everything
 * else is the application, also one that jumped to an address of ours or to
 * none at all.  entry.S decides in the same way.
 */
static inline bool frame_is_app(const struct trapframe *frame)
{
	return frame->rip < DIRECT_MAP_BASE || frame->rsp < DIRECT_MAP_BASE;
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

static inline bool frame_in_syscall(const struct trapframe *frame)
{
	return frame->vector == VECTOR_SYSCALL;
}

static inline unsigned long frame_syscall_number(const struct trapframe *frame)
{
	return frame->error;
}

static inline unsigned long frame_syscall_arg(const struct trapframe *frame,
					      unsigned i)
{
	const uint64_t args[6] = {frame->rdi, frame->rsi, frame->rdx,
				  frame->r10, frame->r8,  frame->r9};

	return args[i];
}

static inline void frame_set_result(struct trapframe *frame, long result)
{
	frame->rax = (uint64_t)result;
}

static inline long frame_result(const struct trapframe *frame)
{
	return (long)frame->rax;
}

/* All registers count from here on: the return is by iret. */
static inline void frame_end_syscall(struct trapframe *frame)
{
	frame->vector = VECTOR_NONE;
}

static inline void frame_restart_syscall(struct trapframe *frame)
{
	frame->rax = frame->error;
	frame->rip -= SYSCALL_SIZE;
}

/* The call goes on as restart_syscall(2). */
static inline void frame_restart_syscall_block(struct trapframe *frame)
{
	frame->rax = SYSCALL_RESTART;
	frame->rip -= SYSCALL_SIZE;
}

/* cpu/context.c: needs to know the privilege mode. */
void frame_init_app(struct trapframe *frame, uintptr_t pc, uintptr_t sp);
