/* SPDX-License-Identifier: BSD-3-Clause */

/* The system as a whole: processors, time, load, names. */
#include <fs/procfs/internal.h>

#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <debug/log.h>
#include <generated/version.h>
#include <init/options.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal_sets.h>
#include <process/uts.h>
#include <sched/cpumask.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <time/clock.h>
#include <uapi/errno.h>

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define ULL(x) ((unsigned long long)(x))

#define CPU_TEXT_SIZE 4096 /* of one CPU at first */
#define LOG_SIZE      (16 * 1024)

static bool is_online(unsigned cpu)
{
	return cpumask_has(smp_online(), cpu);
}

int proc_show_cpuinfo(struct table_text *text,
		      const struct table_target *target)
{
	(void)target;
	for (unsigned cpu = 0; cpu < cpu_count() && !text->failed; cpu++) {
		char *to = table_text_reserve(text, CPU_TEXT_SIZE);
		size_t length;

		if (!is_online(cpu) || to == NULL) {
			continue;
		}
		length = cpu_describe(cpu, to, CPU_TEXT_SIZE);
		if (length >= CPU_TEXT_SIZE) {
			to = table_text_reserve(text, length + 1);
			if (to == NULL) {
				break;
			}
			length = cpu_describe(cpu, to, length + 1);
		}
		text->length += length;
	}
	return 0;
}

/* --- stat
 * ---------------------------------------------------------------------- */

static void add_times(struct table_text *text,
		      const struct sched_cpu_stats *stats)
{
	/* user nice system idle iowait irq softirq steal guest guest_nice */
	table_text_add(text, " %llu %llu %llu %llu 0 0 0 0 0 0\n",
		       ULL(stats->user_ns / SIGNAL_TICK_NS),
		       ULL(stats->nice_ns / SIGNAL_TICK_NS),
		       ULL(stats->system_ns / SIGNAL_TICK_NS),
		       ULL(stats->idle_ns / SIGNAL_TICK_NS));
}

static uint64_t count_interrupts(void)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		sum += irq_count(cpu);
	}
	return sum;
}

int proc_show_stat(struct table_text *text, const struct table_target *target)
{
	struct sched_cpu_stats sum = {.switches = 0};
	struct sched_cpu_stats stats;
	uint64_t boot = clock_realtime_ns() - clock_monotonic_ns();

	(void)target;
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		sched_cpu_stats(cpu, &stats);
		sum.user_ns += stats.user_ns;
		sum.nice_ns += stats.nice_ns;
		sum.system_ns += stats.system_ns;
		sum.idle_ns += stats.idle_ns;
		sum.switches += stats.switches;
	}
	table_text_add(text, "cpu ");
	add_times(text, &sum);
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (is_online(cpu)) {
			sched_cpu_stats(cpu, &stats);
			table_text_add(text, "cpu%u", cpu);
			add_times(text, &stats);
		}
	}
	table_text_add(text,
		       "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\n"
		       "procs_running %u\nprocs_blocked 0\n"
		       "softirq 0 0 0 0 0 0 0 0 0 0 0\n",
		       ULL(count_interrupts()), ULL(sum.switches),
		       ULL(boot / NSEC_PER_SEC), ULL(sched_forks()),
		       sched_runnable_count());
	return 0;
}

static void add_hundredths(struct table_text *text, uint64_t ns)
{
	table_text_add(text, "%llu.%02llu", ULL(ns / NSEC_PER_SEC),
		       ULL(ns / (NSEC_PER_SEC / 100) % 100));
}

int proc_show_uptime(struct table_text *text, const struct table_target *target)
{
	struct sched_cpu_stats stats;
	uint64_t idle = 0;

	(void)target;
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		sched_cpu_stats(cpu, &stats);
		idle += stats.idle_ns;
	}
	add_hundredths(text, clock_monotonic_ns());
	table_text_put(text, " ", 1);
	add_hundredths(text, idle);
	table_text_put(text, "\n", 1);
	return 0;
}

/* --- load
 * ------------------------------------------------------------------------ */

struct count {
	unsigned threads;
	int last_pid;
};

static int count_process(struct process *process, void *arg)
{
	struct count *count = arg;

	count->threads += READ_ONCE(process->thread_count);
	if (process->pid > count->last_pid) {
		count->last_pid = process->pid;
	}
	return 0;
}

int proc_show_loadavg(struct table_text *text,
		      const struct table_target *target)
{
	struct count count = {.threads = 0};
	uint64_t load[3];

	(void)target;
	process_for_each(count_process, &count);
	sched_load(load);
	for (size_t i = 0; i < ARRAY_SIZE(load); i++) {
		uint64_t value = load[i] + 10; /* rounds as Linux: 0.005 */

		table_text_add(text, "%llu.%02llu ", ULL(value >> 11),
			       ULL(((value & 2047) * 100) >> 11));
	}
	table_text_add(text, "%u/%u %d\n", sched_runnable_count(),
		       count.threads, count.last_pid);
	return 0;
}

/* --- names
 * ------------------------------------------------------------------------ */

int proc_show_version(struct table_text *text,
		      const struct table_target *target)
{
	(void)target;
	table_text_add(text, "%s version %s (linnet@%s) (%s) %s\n", UTS_SYSNAME,
		       UTS_RELEASE, LINNET_VERSION, COMPILER, UTS_VERSION);
	return 0;
}

int proc_show_cmdline(struct table_text *text,
		      const struct table_target *target)
{
	const char *line = options()->line;

	(void)target;
	table_text_put(text, line, strlen(line));
	table_text_put(text, "\n", 1);
	return 0;
}

/* Which device interrupted is not counted apart: one line for all. */
int proc_show_interrupts(struct table_text *text,
			 const struct table_target *target)
{
	(void)target;
	table_text_add(text, "     ");
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (is_online(cpu)) {
			table_text_add(text, "CPU%-8u", cpu);
		}
	}
	table_text_add(text, "\nALL: ");
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (is_online(cpu)) {
			table_text_add(text, "%10llu ", ULL(irq_count(cpu)));
		}
	}
	table_text_add(text, "  All interrupts\n");
	return 0;
}

int proc_show_kmsg(struct table_text *text, const struct table_target *target)
{
	char *to = table_text_reserve(text, LOG_SIZE);

	(void)target;
	if (to != NULL) {
		text->length += log_read(to, LOG_SIZE);
	}
	return 0;
}

/* Which names terminals have: ps looks here. */
int proc_show_tty_drivers(struct table_text *text,
			  const struct table_target *target)
{
	(void)target;
	table_text_add(
		text,
		"/dev/tty             /dev/tty        5       0 "
		"system:/dev/tty\n"
		"/dev/console         /dev/console    5       1 "
		"system:console\n"
		"/dev/ptmx            /dev/ptmx       5       2 system\n"
		"serial               /dev/ttyS       4 64-95 serial\n"
		"pty_slave            /dev/pts      136 0-255 pty:slave\n"
		"pty_master           /dev/ptm      128 0-255 pty:master\n");
	return 0;
}
