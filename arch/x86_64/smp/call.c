/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Interrupts between CPUs: reschedule, call, stop.
 *
 * A call has one record per receiving CPU, in the caller's stack frame: each
 * receiver has a list of records (pushed lock-free by callers, taken as a
 * whole by the receiver) and counts the call down when it has run.  The caller
 * waits with interrupts enabled, so two CPUs may call each other.
 */
#include <arch/smp.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/time.h>
#include <generated/config.h>

#include "../irq/internal.h"
#include "internal.h"

#define STOP_WAIT_NS 100000000ull

struct call {
	void (*func)(void *arg); /* [I] */
	void *arg;		 /* [I] */
	uint32_t waiting;	 /* [a] CPUs that have not run it */
};

struct call_slot {
	struct call *call; /* [a] NULL: free */
};

static PERCPU_DEFINE(struct call_slot, call_slot);
static bool stopping;	 /* [a] */
static unsigned stopped; /* [a] */

void smp_send_reschedule(unsigned cpu)
{
	apic_send(percpu_of(cpu_local, cpu).apic_id, VECTOR_RESCHEDULE);
}

void smp_run_calls(void)
{
	struct call *call = __atomic_exchange_n(&percpu(call_slot).call, NULL,
						__ATOMIC_ACQ_REL);

	if (call != NULL) {
		call->func(call->arg);
		__atomic_fetch_sub(&call->waiting, 1, __ATOMIC_RELEASE);
	}
}

/* While waiting for anything of another CPU, this one must answer too: its
 * interrupts may be disabled. */
static void answer(void)
{
	unsigned long state = cpu_irq_save();

	smp_run_calls();
	cpu_irq_restore(state);
	cpu_relax();
}

static void post(unsigned cpu, struct call *call)
{
	struct call_slot *slot = &percpu_of(call_slot, cpu);
	struct call *expected = NULL;

	while (!__atomic_compare_exchange_n(&slot->call, &expected, call, false,
					    __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED)) {
		expected = NULL;
		answer();
	}
	apic_send(percpu_of(cpu_local, cpu).apic_id, VECTOR_CALL);
}

void smp_call(const struct cpumask *mask, void (*func)(void *), void *arg)
{
	struct call call = {.func = func, .arg = arg, .waiting = 0};
	unsigned self = cpu_id();

	for (unsigned cpu = cpumask_next(mask, 0); cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(mask, cpu + 1)) {
		if (cpu != self && cpumask_has(smp_online(), cpu)) {
			__atomic_fetch_add(&call.waiting, 1, __ATOMIC_RELAXED);
			post(cpu, &call);
		}
	}
	while (__atomic_load_n(&call.waiting, __ATOMIC_ACQUIRE) != 0) {
		answer();
	}
}

_Noreturn void smp_stop_self(void)
{
	__atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

/* CPUs online besides this one; early in the boot there is not even this. */
static unsigned count_others(void)
{
	unsigned others = 0;

	for (unsigned cpu = cpumask_next(smp_online(), 0); cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(smp_online(), cpu + 1)) {
		others += cpu != cpu_id();
	}
	return others;
}

/* A CPU with interrupts disabled may be long in coming: not for ever. */
static void wait_stopped(unsigned others)
{
	uint64_t end = arch_time_ns() + STOP_WAIT_NS;

	while (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) < others &&
	       arch_time_ns() < end) {
		cpu_relax();
	}
}

void smp_stop_others(void)
{
	unsigned others = count_others();

	if (others > 0 &&
	    !__atomic_exchange_n(&stopping, true, __ATOMIC_ACQ_REL)) {
		apic_send_all_others(VECTOR_STOP);
		wait_stopped(others);
	}
}
