/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Interrupts between CPUs: called by irq/vectors.c in interrupt context. */
void smp_run_calls(void);
_Noreturn void smp_stop_self(void);

/* smp/start.c: the first C code of every further CPU. */
_Noreturn void smp_cpu_main(unsigned cpu);
