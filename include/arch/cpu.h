/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The processor: interrupt flag, idle, identity, cycle counter.
 *
 * Every architecture fills this contract with inlines in <asm/cpu.h>.  All
 * functions may be called in any context.
 *
 *   bool cpu_irqs_enabled(void);
 *   void cpu_irq_enable(void);
 *   void cpu_irq_disable(void);
 *   unsigned long cpu_irq_save(void);       disable, return the old state
 *   void cpu_irq_restore(unsigned long);    put that state back
 *   void cpu_relax(void);                   hint inside a spin loop
 *   void cpu_wait_irq(void);                called with interrupts disabled:
 *                                           enable them and halt in one step,
 *                                           return with them enabled
 *   uint64_t cpu_cycles(void);              free-running counter
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/cpu.h>

/* CPUs found at boot (possible); constant after smp_discover(). */
unsigned cpu_count(void);

/* The CPU that runs the caller: 0 .. cpu_count() - 1. */
unsigned cpu_id(void);

/*
 * Writes the architecture's lines of /proc/cpuinfo for one CPU.  Returns the
 * length that the whole text has, like snprintf.
 */
size_t cpu_describe(unsigned cpu, char *buf, size_t size);

/* AT_HWCAP, AT_HWCAP2 and AT_PLATFORM of the auxiliary vector. */
uint64_t cpu_hwcap(void);
uint64_t cpu_hwcap2(void);
const char *cpu_platform(void);

/* One 64-bit number of a hardware generator; false when there is none. */
bool cpu_random(uint64_t *value_out);
