/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Per-CPU areas of x86-64: the gs base points to the CPU's copy of .percpu,
 * which begins with struct cpu_local.  The offsets below are known to the
 * assembly code; the compiler reads the stack protector's canary at 40.
 */
#define CPU_LOCAL_OFFSET    0
#define CPU_LOCAL_THREAD    8
#define CPU_LOCAL_STACK_TOP 16
#define CPU_LOCAL_APP_SP    24
#define CPU_LOCAL_RESUME    32
#define CPU_LOCAL_CANARY    40
#define CPU_LOCAL_ID	    48

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct thread;

struct cpu_local {
	uintptr_t offset;      /* [I] this copy minus the master copy */
	struct thread *thread; /* [c] set by context_switch() */
	uintptr_t stack_top;   /* [c] of that thread's kernel stack */
	uintptr_t app_sp;      /* [c] scratch of the system call entry */
	uintptr_t resume;      /* [c] scratch of the way back, interrupts off */
	uintptr_t canary;      /* [I] */
	uint32_t id;	       /* [I] */
	uint32_t apic_id;      /* [I] */
};
_Static_assert(offsetof(struct cpu_local, canary) == CPU_LOCAL_CANARY, "gs:40");
_Static_assert(offsetof(struct cpu_local, id) == CPU_LOCAL_ID, "entry.S");

static inline uintptr_t percpu_offset(void)
{
	uintptr_t offset;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(offset));
	return offset;
}

extern struct cpu_local cpu_local; /* master copy: use percpu() */
extern uintptr_t percpu_offsets[]; /* [I] after the CPU's start */

static inline uintptr_t percpu_offset_of(unsigned cpu)
{
	return percpu_offsets[cpu];
}
#endif
