/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * membarrier(2): a full barrier on the CPUs that run the process.
 *
 * An interrupt is one.  CPUs are asked by their address space, a superset of
 * those that run a thread of the process right now; a thread that is switched
 * in later has passed the scheduler's barriers.
 */
#include <linux/syscall.h>

#include <arch/cpu.h>
#include <arch/smp.h>
#include <mm/address_space.h>
#include <process/process.h>
#include <process/thread_state.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#define SUPPORTED                                                              \
	(UAPI_MEMBARRIER_GLOBAL | UAPI_MEMBARRIER_GLOBAL_EXPEDITED |           \
	 UAPI_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED |                           \
	 UAPI_MEMBARRIER_PRIVATE_EXPEDITED |                                   \
	 UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED |                          \
	 UAPI_MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE |                         \
	 UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                \
	 UAPI_MEMBARRIER_PRIVATE_EXPEDITED_RSEQ |                              \
	 UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ |                     \
	 UAPI_MEMBARRIER_GET_REGISTRATIONS)

/* Interrupt context.  The return from it also serialises the instructions. */
static void barrier(void *arg)
{
	(void)arg;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A critical section that was interrupted starts anew. */
static void barrier_rseq(void *arg)
{
	(void)arg;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	thread_add_work(thread_current(), THREAD_WORK_RSEQ);
}

static void on_cpus(const struct cpumask *mask, void (*func)(void *))
{
	struct cpumask targets;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpumask_clear(&targets);
	for (unsigned cpu = cpumask_next(mask, 0); cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(mask, cpu + 1)) {
		if (cpumask_has(smp_online(), cpu)) {
			cpumask_add(&targets, cpu);
		}
	}
	smp_call(&targets, func, NULL);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static long private_barrier(struct process *process, uint32_t registration,
			    unsigned flags, int cpu)
{
	struct address_space *space = thread_current()->address_space;
	bool rseq =
		registration == UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ;
	struct cpumask one;

	if ((__atomic_load_n(&process->membarrier_registered,
			     __ATOMIC_RELAXED) &
	     registration) == 0) {
		return -EPERM;
	}
	if ((flags & UAPI_MEMBARRIER_FLAG_CPU) == 0) {
		on_cpus(&space->active, rseq ? barrier_rseq : barrier);
		return 0;
	}
	if (cpu < 0 || cpu >= (int)cpu_count()) {
		return 0;
	}
	cpumask_clear(&one);
	cpumask_add(&one, (unsigned)cpu);
	on_cpus(&one, rseq ? barrier_rseq : barrier);
	return 0;
}

long sys_membarrier(int command, unsigned flags, int cpu)
{
	struct process *process = process_current();

	if (command == UAPI_MEMBARRIER_PRIVATE_EXPEDITED_RSEQ
		    ? (flags & ~(unsigned)UAPI_MEMBARRIER_FLAG_CPU) != 0
		    : flags != 0) {
		return -EINVAL;
	}
	switch (command) {
	case UAPI_MEMBARRIER_QUERY:
		return SUPPORTED;
	case UAPI_MEMBARRIER_GLOBAL:
	case UAPI_MEMBARRIER_GLOBAL_EXPEDITED:
		on_cpus(smp_online(), barrier);
		return 0;
	case UAPI_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED:
	case UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED:
	case UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
	case UAPI_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		__atomic_fetch_or(&process->membarrier_registered,
				  (uint32_t)command, __ATOMIC_RELAXED);
		return 0;
	case UAPI_MEMBARRIER_PRIVATE_EXPEDITED:
	case UAPI_MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE:
	case UAPI_MEMBARRIER_PRIVATE_EXPEDITED_RSEQ:
		/* The registration of a command is the next bit. */
		return private_barrier(process, (uint32_t)command << 1, flags,
				       cpu);
	case UAPI_MEMBARRIER_GET_REGISTRATIONS:
		return (long)__atomic_load_n(&process->membarrier_registered,
					     __ATOMIC_RELAXED);
	default:
		return -EINVAL;
	}
}
