/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Saved registers of the fake machine: what the generic code looks at. */
#include <stdbool.h>
#include <stdint.h>

struct trapframe {
	uint64_t pc, sp, fp;
	uint64_t number;
	uint64_t args[6];
	long result;
	bool in_syscall;
	unsigned restarts;
};

static inline bool frame_is_app(const struct trapframe *frame)
{
	(void)frame;
	return true;
}

static inline uintptr_t frame_pc(const struct trapframe *frame)
{
	return frame->pc;
}

static inline uintptr_t frame_sp(const struct trapframe *frame)
{
	return frame->sp;
}

static inline uintptr_t frame_fp(const struct trapframe *frame)
{
	return frame->fp;
}

static inline void frame_set_pc(struct trapframe *frame, uintptr_t pc)
{
	frame->pc = pc;
}

static inline void frame_set_sp(struct trapframe *frame, uintptr_t sp)
{
	frame->sp = sp;
}

static inline unsigned long frame_syscall_number(const struct trapframe *frame)
{
	return frame->number;
}

static inline unsigned long frame_syscall_arg(const struct trapframe *frame,
					      unsigned i)
{
	return frame->args[i];
}

static inline void frame_set_result(struct trapframe *frame, long result)
{
	frame->result = result;
}

static inline long frame_result(const struct trapframe *frame)
{
	return frame->result;
}

static inline bool frame_in_syscall(const struct trapframe *frame)
{
	return frame->in_syscall;
}

static inline void frame_end_syscall(struct trapframe *frame)
{
	frame->in_syscall = false;
}

static inline void frame_restart_syscall(struct trapframe *frame)
{
	frame->restarts++;
}

static inline void frame_restart_syscall_block(struct trapframe *frame)
{
	frame->restarts++;
}

static inline void frame_init_app(struct trapframe *frame, uintptr_t pc,
				  uintptr_t sp)
{
	*frame = (struct trapframe){.pc = pc, .sp = sp};
}
