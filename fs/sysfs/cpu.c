/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /sys/devices/system/cpu.
 *
 * Topology as /proc/cpuinfo tells it: one package, a core for each CPU.
 * Caches and frequencies are not shown: what a hypervisor lets CPUID say about
 * them is not the machine's.
 */
#include <fs/sysfs/internal.h>

#include <arch/cpu.h>
#include <arch/smp.h>
#include <generated/config.h>
#include <lib/bitmap.h>
#include <sched/cpumask.h>
#include <uapi/errno.h>

/* --- all
 * ---------------------------------------------------------------------- */

static void all_cpus(struct cpumask *mask)
{
	cpumask_clear(mask);
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		cpumask_add(mask, cpu);
	}
}

static int show_online(struct table_text *text,
		       const struct table_target *target)
{
	(void)target;
	table_text_cpulist(text, smp_online(), cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static int show_present(struct table_text *text,
			const struct table_target *target)
{
	struct cpumask mask;

	(void)target;
	all_cpus(&mask);
	table_text_cpulist(text, &mask, cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static int show_offline(struct table_text *text,
			const struct table_target *target)
{
	struct cpumask mask;

	(void)target;
	all_cpus(&mask);
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (cpumask_has(smp_online(), cpu)) {
			cpumask_remove(&mask, cpu);
		}
	}
	table_text_cpulist(text, &mask, cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

SYSFS_TEXT(show_isolated, "")
SYSFS_NUMBER(show_kernel_max, CONFIG_CPU_MAX - 1)
SYSFS_NUMBER(show_smt_active, 0)
SYSFS_TEXT(show_smt_control, "notsupported")

static const struct table_entry smt_entries[] = {
	TABLE_FILE("active", show_smt_active),
	TABLE_FILE("control", show_smt_control),
};

/* --- one
 * ------------------------------------------------------------------------- */

SYSFS_NUMBER(show_zero, 0)

static int show_own_number(struct table_text *text,
			   const struct table_target *target)
{
	table_text_add(text, "%d\n", target->number);
	return 0;
}

static int show_self_list(struct table_text *text,
			  const struct table_target *target)
{
	return show_own_number(text, target);
}

static int show_self_mask(struct table_text *text,
			  const struct table_target *target)
{
	struct cpumask mask;

	cpumask_clear(&mask);
	cpumask_add(&mask, (unsigned)target->number);
	table_text_cpumask(text, &mask, cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static int show_all_mask(struct table_text *text,
			 const struct table_target *target)
{
	struct cpumask mask;

	(void)target;
	all_cpus(&mask);
	table_text_cpumask(text, &mask, cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static const struct table_entry topology_entries[] = {
	TABLE_FILE("core_cpus", show_self_mask),
	TABLE_FILE("core_cpus_list", show_self_list),
	TABLE_FILE("core_id", show_own_number),
	TABLE_FILE("core_siblings", show_all_mask),
	TABLE_FILE("core_siblings_list", show_present),
	TABLE_FILE("die_cpus", show_all_mask),
	TABLE_FILE("die_cpus_list", show_present),
	TABLE_FILE("die_id", show_zero),
	TABLE_FILE("package_cpus", show_all_mask),
	TABLE_FILE("package_cpus_list", show_present),
	TABLE_FILE("physical_package_id", show_zero),
	TABLE_FILE("thread_siblings", show_self_mask),
	TABLE_FILE("thread_siblings_list", show_self_list),
};

static int show_is_online(struct table_text *text,
			  const struct table_target *target)
{
	table_text_add(text, "%d\n",
		       cpumask_has(smp_online(), (unsigned)target->number));
	return 0;
}

static const struct table_entry one_cpu_entries[] = {
	TABLE_FILE("online", show_is_online),
	TABLE_DIR("topology", topology_entries),
};

static const struct table_entry one_cpu = TABLE_DIR("", one_cpu_entries);

/* --- which
 * ------------------------------------------------------------------------- */

static size_t cpu_limit(const struct table_target *target)
{
	(void)target;
	return cpu_count();
}

static int list_cpus(const struct table_target *target, uint64_t *bitmap,
		     size_t limit)
{
	(void)target;
	bitmap_set_range(bitmap, 0, limit);
	return 0;
}

static int find_cpu(const struct table_target *target, int number,
		    struct table_target *target_out)
{
	if ((unsigned)number >= cpu_count()) {
		return -ENOENT;
	}
	*target_out = *target;
	target_out->number = number;
	return 0;
}

const struct table_numbers sysfs_cpus = {
	.entry = &one_cpu,
	.prefix = "cpu",
	.list = list_cpus,
	.limit = cpu_limit,
	.find = find_cpu,
};

const struct table_entry sysfs_cpu_entries[SYSFS_CPU_COUNT] = {
	TABLE_EMPTY_DIR("cpufreq"),
	TABLE_EMPTY_DIR("cpuidle"),
	TABLE_FILE("enabled", show_present),
	TABLE_FILE("isolated", show_isolated),
	TABLE_FILE("kernel_max", show_kernel_max),
	TABLE_FILE("offline", show_offline),
	TABLE_FILE("online", show_online),
	TABLE_FILE("possible", show_present),
	TABLE_FILE("present", show_present),
	TABLE_DIR("smt", smt_entries),
	TABLE_EMPTY_DIR("vulnerabilities"),
};
