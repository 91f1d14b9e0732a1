/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Clock source and clock event of a CPU.
 */
#include <stdint.h>

/*
 * Nanoseconds since boot: never steps back, on no CPU.  Any context.  Valid
 * after arch_time_init(); 0 before.
 */
uint64_t arch_time_ns(void);

/* Finds and calibrates the clock.  Boot CPU, once. */
void arch_time_init(void);

/* Seconds and nanoseconds since 1970 from the platform's clock (RTC, pvclock)
 * at the moment of the call; 0 when there is none. */
uint64_t arch_time_wall_ns(void);

/*
 * Arms this CPU's one-shot event; a deadline in the past fires at once.
 * UINT64_MAX disarms.  Interrupts disabled.  Fires timer_interrupt().
 */
void arch_time_arm(uint64_t deadline_ns);

/* Sets up the event device of the calling CPU. */
void arch_time_cpu_init(void);

/* Cycle counter frequency in Hz (cpu_cycles()). */
uint64_t arch_time_cycles_hz(void);

/* Upcall, core/time/timer.c: the armed event fired.  Interrupt context. */
void timer_interrupt(void);

/*
 * The page that the vDSO reads.  core/time calls this whenever the wall
 * clock offset changes; the architecture keeps its conversion factors there.
 */
void arch_vdso_update(uint64_t realtime_offset_ns);
