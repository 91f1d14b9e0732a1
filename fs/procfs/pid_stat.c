/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/stat, statm and schedstat: one line of numbers, proc(5).
 *
 * Everything is copied out under the locks first, then printed: text may
 * sleep.  Fields that Linux itself no longer fills (or that need what is not
 * kept here: the stack and instruction pointers of a running program) are 0.
 */
#include <fs/procfs/internal.h>

#include <arch/mmu.h>
#include <drivers/tty.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <process/signal.h>
#include <process/signal_sets.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <time/clock.h>
#include <uapi/errno.h>

#define PRIORITY_NICE_0 20 /* what a nice-0 thread shows */

struct stat_values {
	char name[THREAD_NAME_SIZE];
	char state;
	int id, parent, group, session;
	uint64_t terminal;  /* device number; 0: none */
	int terminal_group; /* in the foreground; -1: no terminal */
	struct process_usage usage, children;
	unsigned thread_count;
	int exit_signal;
	uint32_t exit_status;
	uint64_t rss_limit;
	uint64_t start_ns;
	/* of the thread */
	int nice, rt_priority, priority;
	unsigned cpu, policy;
	uint64_t blocked, pending, ignored, caught;
	bool sleeps;
	/* of the address space */
	uint64_t virtual_size, resident;
	uintptr_t code_start, code_end, data_start, data_end, brk_start;
	uintptr_t stack, arg_start, arg_end, env_start, env_end;
};

char proc_thread_letter(const struct thread *thread)
{
	if (thread->linux.stopped) {
		return 'T';
	}
	switch (READ_ONCE(thread->state)) {
	case THREAD_SLEEPING:
		return 'D';
	case THREAD_SLEEPING_INTERRUPTIBLE:
		return 'S';
	case THREAD_DEAD:
		/* Leaders stay until the process has been reaped. */
		return thread->tid == thread->process->pid ? 'Z' : 'X';
	default:
		return 'R';
	}
}

static void take_thread(struct stat_values *values, struct thread *thread)
{
	const struct sched_entity *entity = &thread->sched;

	values->policy = entity->policy;
	values->rt_priority = entity->rt_priority;
	values->nice = entity->nice;
	values->priority = entity->rt_priority != 0
				   ? -1 - entity->rt_priority
				   : PRIORITY_NICE_0 + entity->nice;
	values->cpu = READ_ONCE(thread->cpu);
	values->blocked = READ_ONCE(thread->linux.signal_blocked);
	values->pending = READ_ONCE(thread->linux.pending.pending);
	values->sleeps =
		READ_ONCE(thread->state) == THREAD_SLEEPING ||
		READ_ONCE(thread->state) == THREAD_SLEEPING_INTERRUPTIBLE;
}

void proc_signal_sets(struct process *process, uint64_t *ignored_out,
		      uint64_t *caught_out)
{
	struct signal_actions *actions;
	unsigned long state;
	uint64_t ignored = 0;
	uint64_t caught = 0;

	state = spin_lock_irqsave(&process->signals.lock);
	actions = process->actions;
	if (actions != NULL) {
		spin_lock(&actions->lock);
		for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
			uintptr_t handler = actions->actions[i].handler;

			if (handler == UAPI_SIG_IGN) {
				ignored |= 1ull << i;
			} else if (handler != UAPI_SIG_DFL) {
				caught |= 1ull << i;
			}
		}
		spin_unlock(&actions->lock);
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
	*ignored_out = ignored;
	*caught_out = caught;
}

static void take_process(struct stat_values *values, struct process *process)
{
	values->state = process_state_letter(process);
	values->id = process->pid;
	values->parent = process_parent_pid(process);
	values->group = READ_ONCE(process->process_group);
	values->session = READ_ONCE(process->session);
	values->terminal_group = -1;
	tty_describe(process, &values->terminal, &values->terminal_group);
	values->exit_signal = READ_ONCE(process->exit_signal);
	values->start_ns = process->start_ns;
	spin_lock(&process->lock);
	memcpy(values->name, process->name, sizeof(values->name));
	values->thread_count = process->thread_count;
	values->exit_status = process->exit_status;
	values->rss_limit = process->rlimits.limits[RLIMIT_RSS].soft;
	spin_unlock(&process->lock);
	process_usage(process, &values->usage);
	process_usage_children(process, &values->children);
	proc_signal_sets(process, &values->ignored, &values->caught);
}

static void take_own_thread(struct stat_values *values, struct thread *thread)
{
	values->id = thread->tid;
	values->state = proc_thread_letter(thread);
	memcpy(values->name, thread->name, sizeof(values->name));
	sched_cpu_time_ns(thread, &values->usage.user_ns,
			  &values->usage.system_ns);
	values->usage.minor_faults = READ_ONCE(thread->linux.minor_faults);
	values->usage.major_faults = READ_ONCE(thread->linux.major_faults);
}

static void take_space(struct stat_values *values, struct address_space *space)
{
	values->virtual_size = READ_ONCE(space->virtual_pages) * PAGE_SIZE;
	values->resident = READ_ONCE(space->resident);
	values->code_start = space->code_start;
	values->code_end = space->code_end;
	values->data_start = space->data_start;
	values->data_end = space->data_end;
	values->brk_start = READ_ONCE(space->brk_start);
	values->stack = space->stack_top;
	values->arg_start = space->arg_start;
	values->arg_end = space->arg_end;
	values->env_start = space->env_start;
	values->env_end = space->env_end;
}

static void take_values(struct stat_values *values,
			const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	struct thread *thread = proc_thread(target);

	memset(values, 0, sizeof(*values));
	values->priority = PRIORITY_NICE_0;
	take_process(values, target->process);
	if (thread != NULL) {
		take_thread(values, thread);
		if (target->thread != NULL) {
			take_own_thread(values, thread);
		}
		thread_put(thread);
	}
	values->name[THREAD_NAME_SIZE - 1] = '\0';
	if (space != NULL) {
		/* As on Linux addresses are for those who may trace. */
		take_space(values, space);
		if (table_check_access(target) < 0) {
			values->code_start = 1;
			values->code_end = 1;
			values->stack = 0;
			values->data_start = values->data_end = 0;
			values->brk_start = 0;
			values->arg_start = values->arg_end = 0;
			values->env_start = values->env_end = 0;
		}
		address_space_put(space);
	}
}

static unsigned long long ticks(uint64_t ns)
{
	return ns / SIGNAL_TICK_NS;
}

#define ULL(x) ((unsigned long long)(x))

/* Signals beyond 31 do not fit these old fields. */
static unsigned long long old_set(uint64_t set)
{
	return set & 0x7fffffff;
}

int proc_show_pid_stat(struct table_text *text,
		       const struct table_target *target)
{
	struct stat_values v;

	take_values(&v, target);
	/* 1 pid comm state ppid pgrp session tty_nr tpgid */
	table_text_add(text, "%d (%s) %c %d %d %d %u %d ", v.id, v.name,
		       v.state, v.parent, v.group, v.session,
		       (unsigned)v.terminal, v.terminal_group);
	/* 9 flags minflt cminflt majflt cmajflt utime stime cutime cstime */
	table_text_add(text, "4194304 %llu %llu %llu %llu %llu %llu %lld %lld ",
		       ULL(v.usage.minor_faults), ULL(v.children.minor_faults),
		       ULL(v.usage.major_faults), ULL(v.children.major_faults),
		       ticks(v.usage.user_ns), ticks(v.usage.system_ns),
		       (long long)ticks(v.children.user_ns),
		       (long long)ticks(v.children.system_ns));
	/* 18 priority nice num_threads itrealvalue starttime vsize rss rsslim
	 */
	table_text_add(text, "%d %d %u 0 %llu %llu %llu %llu ", v.priority,
		       v.nice, v.thread_count, ticks(v.start_ns),
		       ULL(v.virtual_size), ULL(v.resident), ULL(v.rss_limit));
	/* 26 startcode endcode startstack kstkesp kstkeip */
	table_text_add(text, "%llu %llu %llu 0 0 ", ULL(v.code_start),
		       ULL(v.code_end), ULL(v.stack));
	/* 31 signal blocked sigignore sigcatch wchan nswap cnswap */
	table_text_add(text, "%llu %llu %llu %llu %d 0 0 ", old_set(v.pending),
		       old_set(v.blocked), old_set(v.ignored),
		       old_set(v.caught), v.sleeps ? 1 : 0);
	/* 38 exit_signal processor rt_priority policy blkio guest cguest */
	table_text_add(text, "%d %u %d %u 0 0 0 ", v.exit_signal, v.cpu,
		       v.rt_priority, v.policy);
	/* 45 start_data end_data start_brk arg_start arg_end env_start env_end
	 * exit_code */
	table_text_add(text, "%llu %llu %llu %llu %llu %llu %llu %u\n",
		       ULL(v.data_start), ULL(v.data_end), ULL(v.brk_start),
		       ULL(v.arg_start), ULL(v.arg_end), ULL(v.env_start),
		       ULL(v.env_end), v.state == 'Z' ? v.exit_status : 0);
	return 0;
}

/* size resident shared text lib data dt, in pages */
int proc_show_pid_statm(struct table_text *text,
			const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	uint64_t code;

	if (space == NULL) {
		table_text_add(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	code = (space->code_end + PAGE_SIZE - 1) / PAGE_SIZE -
	       space->code_start / PAGE_SIZE;
	table_text_add(text, "%llu %llu %llu %llu 0 %llu 0\n",
		       ULL(READ_ONCE(space->virtual_pages)),
		       ULL(READ_ONCE(space->resident)),
		       ULL(READ_ONCE(space->resident_file)), ULL(code),
		       ULL(proc_data_pages(space)));
	address_space_put(space);
	return 0;
}

/* run time, wait time (not measured), time slices */
int proc_show_pid_schedstat(struct table_text *text,
			    const struct table_target *target)
{
	struct thread *thread = proc_thread(target);

	if (thread == NULL) {
		table_text_add(text, "0 0 0\n");
		return 0;
	}
	table_text_add(text, "%llu 0 %llu\n",
		       ULL(sched_cpu_time_ns(thread, NULL, NULL)),
		       ULL(READ_ONCE(thread->sched.switches_voluntary) +
			   READ_ONCE(thread->sched.switches_involuntary)));
	thread_put(thread);
	return 0;
}
