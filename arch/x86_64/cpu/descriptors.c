/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Segments, task state and interrupt table of the boot CPU (Intel SDM volume
 * 3, chapters 3, 6 and 7).
 *
 * Double faults, NMIs and machine checks have stacks of their own, so that a
 * bad kernel stack still ends in a report.  Written once before kernel_main()
 * calls anything that can fault.
 */
#include <stddef.h>
#include <stdint.h>

#include <arch/boot.h>
#include <lib/compiler.h>

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TASK 0x18

#define SEGMENT_CODE 0x00af9b000000ffffull
#define SEGMENT_DATA 0x00cf93000000ffffull
#define TASK_PRESENT 0x0000890000000000ull

#define GATE_INTERRUPT	     0x8e00
#define GATE_COUNT	     256
#define EXCEPTION_COUNT	     22
#define VECTOR_NMI	     2
#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_MACHINE_CHECK 18
#define FAULT_STACK_SIZE     4096

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type; /* low byte: stack table index */
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

extern const uint64_t exception_stubs[EXCEPTION_COUNT];

static struct gate gates[GATE_COUNT];
static struct task_state task;
static uint64_t segments[5] = {0, SEGMENT_CODE, SEGMENT_DATA};
static uint8_t fault_stacks[3][FAULT_STACK_SIZE] ALIGNED(16);

static void set_gate(unsigned vector, uint64_t target, unsigned stack)
{
	gates[vector] = (struct gate){
		.offset_low = (uint16_t)target,
		.selector = SELECTOR_CODE,
		.type = (uint16_t)(GATE_INTERRUPT | stack),
		.offset_middle = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

static void fill_task_segment(void)
{
	uint64_t base = (uint64_t)&task;

	for (unsigned i = 0; i < ARRAY_SIZE(fault_stacks); i++) {
		task.interrupt_stack[i] =
			(uint64_t)&fault_stacks[i][FAULT_STACK_SIZE];
	}
	task.io_map = sizeof(task);
	segments[3] = TASK_PRESENT | (sizeof(task) - 1) |
		      (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	segments[4] = base >> 32;
}

static void load_tables(void)
{
	struct table_pointer gdt = {sizeof(segments) - 1, (uint64_t)segments};
	struct table_pointer idt = {sizeof(gates) - 1, (uint64_t)gates};

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %3, %%ss\n\t"
			 "ltr %w4\n\t"
			 "lidt %1"
			 :
			 : "m"(gdt), "m"(idt), "i"(SELECTOR_CODE),
			   "r"(SELECTOR_DATA), "r"(SELECTOR_TASK)
			 : "rax", "memory");
}

void arch_init(void)
{
	for (unsigned i = 0; i < EXCEPTION_COUNT; i++) {
		set_gate(i, exception_stubs[i], 0);
	}
	set_gate(VECTOR_NMI, exception_stubs[VECTOR_NMI], 1);
	set_gate(VECTOR_DOUBLE_FAULT, exception_stubs[VECTOR_DOUBLE_FAULT], 2);
	set_gate(VECTOR_MACHINE_CHECK, exception_stubs[VECTOR_MACHINE_CHECK],
		 3);
	fill_task_segment();
	load_tables();
}
