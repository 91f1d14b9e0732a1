/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Segments, task state and interrupt table (Intel SDM volume 3, chapters 3, 6
 * and 7).
 *
 * The interrupt table is one for all CPUs; segments, task state and the
 * stacks of the interrupt stack table are per CPU.  IST 1 is the entry stack of
 * entry.S; NMI, double fault and machine check have stacks of their own, so
 * that a bad kernel stack still ends in a report.
 */
#include "internal.h"

#include <arch/percpu.h>
#include <asm/selectors.h>
#include <lib/compiler.h>
#include <mm/kmap.h>

#define SEGMENT_KERNEL_CODE 0x00af9b000000ffffull
/* Without the bit for 32-bit stacks, which 64-bit code ignores: translators
 * (TCG) keep code apart by it, and an interrupt makes ss null, without it. */
#define SEGMENT_DATA	 0x008f93000000ffffull
#define SEGMENT_APP_DATA 0x008ff3000000ffffull
#define SEGMENT_APP_CODE 0x00affb000000ffffull
#define TASK_PRESENT	 0x0000890000000000ull
#define SEGMENT_COUNT	 10

#define GATE_INTERRUPT	     0x8e00
#define GATE_APP	     0x6000 /* int3 and into may come from ring 3 */
#define GATE_COUNT	     256
#define STUB_SIZE	     16
#define VECTOR_NMI	     2
#define VECTOR_BREAKPOINT    3
#define VECTOR_OVERFLOW	     4
#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_MACHINE_CHECK 18
#define STACK_COUNT	     4
#define STACK_SIZE	     4096

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type; /* low byte: interrupt stack table index */
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM 3, 6.14.1");

struct task_state {
	uint32_t reserved0;
	uint64_t stack[3];
	uint64_t reserved1;
	uint64_t interrupt_stack[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} PACKED;
_Static_assert(sizeof(struct task_state) == 104, "SDM 3, 7.7");

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} PACKED;

struct stack {
	uint8_t bytes[STACK_SIZE];
} ALIGNED(16);

struct segment_table {
	uint64_t entries[SEGMENT_COUNT];
};

struct stacks {
	struct stack stack[STACK_COUNT];
};

extern const char entry_stubs[];

static struct gate gates[GATE_COUNT]; /* [I] after the boot CPU's start */
static PERCPU_DEFINE(struct segment_table, segments); /* [c] */
static PERCPU_DEFINE(struct task_state, task);	      /* [c] */
static PERCPU_DEFINE(struct stacks *, fault_stacks);  /* [I] */
static struct stacks boot_stacks;

static void set_gate(unsigned vector, unsigned stack, unsigned extra)
{
	uint64_t target = (uint64_t)entry_stubs + vector * STUB_SIZE;

	gates[vector] = (struct gate){
		.offset_low = (uint16_t)target,
		.selector = SELECTOR_KERNEL_CODE,
		.type = (uint16_t)(GATE_INTERRUPT | extra | stack),
		.offset_middle = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

bool descriptors_prepare(unsigned cpu)
{
	percpu_of(fault_stacks, cpu) = kmap_alloc(sizeof(struct stacks));
	return percpu_of(fault_stacks, cpu) != NULL;
}

void descriptors_init(void)
{
	percpu(fault_stacks) = &boot_stacks;
	for (unsigned i = 0; i < GATE_COUNT; i++) {
		set_gate(i, 1, 0);
	}
	set_gate(VECTOR_NMI, 2, 0);
	set_gate(VECTOR_DOUBLE_FAULT, 3, 0);
	set_gate(VECTOR_MACHINE_CHECK, 4, 0);
	set_gate(VECTOR_BREAKPOINT, 1, GATE_APP);
	set_gate(VECTOR_OVERFLOW, 1, GATE_APP);
}

static void fill_tables(void)
{
	uint64_t *entries = percpu(segments).entries;
	struct task_state *state = &percpu(task);
	uint64_t base = (uint64_t)state;

	for (unsigned i = 0; i < STACK_COUNT; i++) {
		struct stack *stack = &percpu(fault_stacks)->stack[i];

		state->interrupt_stack[i] = (uint64_t)(stack + 1);
	}
	state->io_map = sizeof(*state);
	entries[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
	entries[SELECTOR_KERNEL_DATA / 8] = SEGMENT_DATA;
	entries[SELECTOR_APP_DATA / 8] = SEGMENT_APP_DATA;
	entries[SELECTOR_APP_CODE / 8] = SEGMENT_APP_CODE;
	entries[SELECTOR_TASK / 8] = TASK_PRESENT | (sizeof(*state) - 1) |
				     (base & 0xffffff) << 16 |
				     (base >> 24 & 0xff) << 56;
	entries[SELECTOR_TASK / 8 + 1] = base >> 32;
}

void descriptors_load(void)
{
	struct table_pointer gdt = {sizeof(struct segment_table) - 1,
				    (uint64_t)&percpu(segments)};
	struct table_pointer idt = {sizeof(gates) - 1, (uint64_t)gates};

	fill_tables();
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %3, %%ss\n\t"
			 "ltr %w4\n\t"
			 "lidt %1"
			 :
			 : "m"(gdt), "m"(idt), "i"(SELECTOR_KERNEL_CODE),
			   "r"(SELECTOR_KERNEL_DATA), "r"(SELECTOR_TASK)
			 : "rax", "memory");
}
