/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Bringing CPUs into the scheduler: each one's boot stack becomes its idle
 * thread, which needs no memory of its own.
 */
#include <sched/sched.h>

#include <arch/cpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <lib/printf.h>
#include <sync/lockdep.h>
#include <sync/rcu.h>
#include <time/clock.h>
#include <time/timer.h>

#include "internal.h"

static PERCPU_DEFINE(struct thread, idle_thread);

static void init_cpu(unsigned cpu)
{
	struct thread *idle = &percpu(idle_thread);

	timer_cpu_init();
	rcu_cpu_init();
	*idle = (struct thread){0};
	idle->kernel = true;
	idle->state = THREAD_RUNNING;
	idle->cpu = cpu;
	idle->on_cpu = true;
	refcount_init(&idle->refs);
	ksnprintf(idle->name, sizeof(idle->name), "idle/%u", cpu);
	sched_entity_init(idle, NULL);
	idle->sched.priority = SCHED_PRIORITY_NONE;
	idle->sched.run_start_ns = clock_monotonic_ns();
	runqueue_init(runqueue_this(), cpu, idle);
	percpu(thread_running) = idle;
}

void sched_init(void)
{
	thread_init();
	init_cpu(cpu_id());
	smp_set_online(cpu_id());
}

_Noreturn void sched_cpu_entry(void)
{
	percpu(thread_running) = NULL;
	lockdep_cpu_init();
	init_cpu(cpu_id());
	arch_time_cpu_init();
	smp_set_online(cpu_id());
	sched_idle();
}
