/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The way back to the application, when something is left to do.
 *
 * Loops until no work bit is set while interrupts are disabled, so nothing
 * that comes in between is lost: whoever sets a bit later also interrupts
 * this CPU.  The bits of struct thread's `work` are taken one kind at a time,
 * the most final first.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/trap.h>
#include <lib/string.h>
#include <process/upcalls.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/signal.h>

static void take_bits(struct thread *thread, uint32_t bits)
{
	__atomic_fetch_and(&thread->work, ~bits, __ATOMIC_ACQ_REL);
}

/* The process ends, or another thread of it calls exec. */
static _Noreturn void leave_process(struct thread *thread)
{
	struct process *process = thread->process;

	if (process->state == PROCESS_ALIVE) {
		process_exit_thread(0);
	}
	process_exit_group(process->exit_status);
}

void trap_resume_work(struct trapframe *frame)
{
	struct thread *thread = thread_current();
	uint32_t work;

	while ((work = __atomic_load_n(&thread->work, __ATOMIC_ACQUIRE)) != 0) {
		cpu_irq_enable();
		if ((work & THREAD_WORK_EXIT) != 0) {
			leave_process(thread);
		}
		if ((work & THREAD_WORK_RESCHEDULE) != 0) {
			take_bits(thread, THREAD_WORK_RESCHEDULE);
			schedule();
		}
		if ((work & THREAD_WORK_TIMER) != 0) {
			take_bits(thread, THREAD_WORK_TIMER);
			timers_check_cpu();
		}
		if ((work & (THREAD_WORK_SIGNAL | THREAD_WORK_RESTORE_MASK)) !=
		    0) {
			take_bits(thread, THREAD_WORK_RESTORE_MASK);
			signal_deliver(frame);
		}
		if ((work & THREAD_WORK_RSEQ) != 0) {
			take_bits(thread, THREAD_WORK_RSEQ);
			rseq_resume(frame);
		}
		cpu_irq_disable();
	}
}

void trap_signal(struct trapframe *frame, int signal, int code, uintptr_t addr,
		 unsigned trap_number, uint64_t error_code)
{
	struct uapi_siginfo info;

	(void)frame;
	(void)trap_number; /* the architecture keeps both for the signal frame
			    */
	(void)error_code;
	memset(&info, 0, sizeof(info));
	info.signo = signal;
	info.code = code;
	info.fault.addr = addr;
	signal_force(signal, &info);
}
