/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What a process has used, and how it is: getrusage(2), wait4(2), /proc.
 *
 * Sums of threads that left are kept in the process (process.c); those that
 * live are added under process->lock.  Never steps back: a thread's share moves
 * from one to the other under that lock.
 */
#include "internal.h"

#include <mm/address_space.h>
#include <sched/sched.h>
#include <sched/thread.h>

static void add_thread(const struct thread *thread, struct process_usage *usage)
{
	uint64_t user = 0;
	uint64_t system = 0;

	sched_cpu_time_ns((struct thread *)(uintptr_t)thread, &user, &system);
	usage->user_ns += user;
	usage->system_ns += system;
	usage->minor_faults += thread->linux.minor_faults;
	usage->major_faults += thread->linux.major_faults;
	usage->voluntary_switches += thread->sched.switches_voluntary;
	usage->involuntary_switches += thread->sched.switches_involuntary;
}

void process_usage(struct process *process, struct process_usage *usage_out)
{
	struct process_usage *usage = usage_out;
	const struct thread *thread;

	spin_lock(&process->lock);
	*usage = (struct process_usage){
		.user_ns = process->user_ns,
		.system_ns = process->system_ns,
		.minor_faults = process->minor_faults,
		.major_faults = process->major_faults,
		.voluntary_switches = process->voluntary_switches,
		.involuntary_switches = process->involuntary_switches,
		.resident_peak = process->resident_peak,
	};
	if (process->address_space != NULL) {
		usage->resident_peak =
			__atomic_load_n(&process->address_space->resident_peak,
					__ATOMIC_RELAXED);
	}
	list_for_each (thread, &process->threads, process_link) {
		add_thread(thread, usage);
	}
	spin_unlock(&process->lock);
}

void io_counts_add(struct io_counts *sum, const struct io_counts *part)
{
	sum->read_bytes += part->read_bytes;
	sum->write_bytes += part->write_bytes;
	sum->reads += part->reads;
	sum->writes += part->writes;
	sum->disk_read_bytes += part->disk_read_bytes;
	sum->disk_write_bytes += part->disk_write_bytes;
}

void process_io_counts(struct process *process, struct io_counts *counts_out)
{
	const struct thread *thread;

	spin_lock(&process->lock);
	*counts_out = process->io;
	list_for_each (thread, &process->threads, process_link) {
		io_counts_add(counts_out, &thread->linux.io);
	}
	spin_unlock(&process->lock);
}

void process_usage_children(struct process *process,
			    struct process_usage *usage_out)
{
	tree_lock();
	*usage_out = (struct process_usage){
		.user_ns = process->children_user_ns,
		.system_ns = process->children_system_ns,
		.minor_faults = process->children_minor_faults,
		.major_faults = process->children_major_faults,
		.resident_peak = process->children_resident_peak,
	};
	tree_unlock();
}

int process_parent_pid(const struct process *process)
{
	return __atomic_load_n(&process->parent_pid, __ATOMIC_RELAXED);
}

static int find_state(struct thread *thread, void *arg)
{
	char *letter = arg;
	uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_RELAXED);

	switch (state) {
	case THREAD_SLEEPING_INTERRUPTIBLE:
		return 0;
	case THREAD_SLEEPING:
		*letter = 'D';
		return 0;
	default:
		*letter = 'R';
		return 1;
	}
}

char process_state_letter(struct process *process)
{
	char letter = 'S';

	switch (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE)) {
	case PROCESS_ZOMBIE:
		return 'Z';
	case PROCESS_DEAD:
		return 'X';
	default:
		break;
	}
	if (process->job.complete) {
		return 'T';
	}
	process_for_each_thread(process, find_state, &letter);
	return letter;
}
