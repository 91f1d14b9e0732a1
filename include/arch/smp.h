/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Several processors: discovery, start, cross calls.
 */
#include <stdbool.h>

#include <sched/cpumask.h>

/* Counts the CPUs (ACPI MADT, MP table, fw_cfg or one).  Boot CPU, early. */
void smp_discover(void);

/*
 * Starts all other CPUs in parallel and does not wait for them.  Each one
 * ends up in sched_cpu_entry() with interrupts disabled.
 */
void smp_start(void);

/* CPUs that run the scheduler now. */
const struct cpumask *smp_online(void);

/* Called by each CPU when it may be sent interrupts. */
void smp_set_online(unsigned cpu);

/* Makes the CPU look at its run queue at its next chance.  Any context. */
void smp_send_reschedule(unsigned cpu);

/*
 * Runs func(arg) in interrupt context on every CPU of the mask except this
 * one and waits until all have returned.  Interrupts must be enabled or the
 * caller must hold no lock that a handler takes; never from an interrupt.
 * Bounded by the mask; CPUs that are idle are interrupted as well.
 */
void smp_call(const struct cpumask *mask, void (*func)(void *), void *arg);

/* Stops all other CPUs for good (panic, power off); waits for them at most
 * 0.1 s.  Any context. */
void smp_stop_others(void);
