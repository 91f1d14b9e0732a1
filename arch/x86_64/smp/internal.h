/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The page below 1 MiB that other CPUs start on: behind the firmware's own. */
#define TRAMPOLINE_PAGE 0x1000u

/* Interrupts between CPUs: called by irq/vectors.c in interrupt context. */
void smp_run_calls(void);
_Noreturn void smp_stop_self(void);

/* smp/start.c: the first C code of every further CPU. */
_Noreturn void smp_cpu_main(unsigned cpu);
