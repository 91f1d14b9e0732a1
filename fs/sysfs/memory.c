/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /sys/devices/system/node (one node holds everything) and what the kernel
 * says about large pages.
 */
#include <fs/sysfs/internal.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <sched/cpumask.h>
#include <uapi/errno.h>

#define ULL(x) ((unsigned long long)(x))

SYSFS_NUMBER(show_zero, 0)
SYSFS_TEXT(show_empty, "")
SYSFS_NUMBER(show_distance, 10)

/* --- the node
 * --------------------------------------------------------------------- */

static int show_cpulist(struct table_text *text,
			const struct table_target *target)
{
	(void)target;
	table_text_cpulist(text, smp_online(), cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static int show_cpumap(struct table_text *text,
		       const struct table_target *target)
{
	(void)target;
	table_text_cpumask(text, smp_online(), cpu_count());
	table_text_put(text, "\n", 1);
	return 0;
}

static void add(struct table_text *text, const char *name, uint64_t pages)
{
	size_t line_start = text->length;

	table_text_add(text, "Node 0 %s:", name);
	table_text_pad(text, line_start, 23);
	table_text_add(text, "%8llu kB\n", ULL(pages * (PAGE_SIZE / 1024)));
}

static int show_meminfo(struct table_text *text,
			const struct table_target *target)
{
	struct frame_stats s;

	(void)target;
	frame_stats(&s);
	add(text, "MemTotal", s.total);
	add(text, "MemFree", s.free);
	add(text, "MemUsed", s.total - s.free);
	add(text, "Dirty", s.dirty);
	add(text, "FilePages", s.cached);
	add(text, "AnonPages", s.anon);
	add(text, "Shmem", s.shared);
	add(text, "KernelStack", s.kernel_stacks);
	add(text, "PageTables", s.page_tables);
	add(text, "Slab", s.slab);
	table_text_add(text, "Node 0 HugePages_Total:     0\n"
			     "Node 0 HugePages_Free:      0\n"
			     "Node 0 HugePages_Surp:      0\n");
	return 0;
}

static const struct table_entry one_node_entries[] = {
	TABLE_FILE("cpulist", show_cpulist),
	TABLE_FILE("cpumap", show_cpumap),
	TABLE_FILE("distance", show_distance),
	TABLE_FILE("meminfo", show_meminfo),
};

static const struct table_entry one_node = TABLE_DIR("", one_node_entries);

static size_t node_limit(const struct table_target *target)
{
	(void)target;
	return 1;
}

static int list_nodes(const struct table_target *target, uint64_t *bitmap,
		      size_t limit)
{
	(void)target;
	bitmap_set_range(bitmap, 0, limit);
	return 0;
}

static int find_node(const struct table_target *target, int number,
		     struct table_target *target_out)
{
	if (number != 0) {
		return -ENOENT;
	}
	*target_out = *target;
	target_out->number = number;
	return 0;
}

const struct table_numbers sysfs_nodes = {
	.entry = &one_node,
	.prefix = "node",
	.list = list_nodes,
	.limit = node_limit,
	.find = find_node,
};

const struct table_entry sysfs_node_entries[SYSFS_NODE_COUNT] = {
	TABLE_FILE("has_cpu", show_zero),
	TABLE_FILE("has_generic_initiator", show_empty),
	TABLE_FILE("has_memory", show_zero),
	TABLE_FILE("has_normal_memory", show_zero),
	TABLE_FILE("online", show_zero),
	TABLE_FILE("possible", show_zero),
};

/* --- large pages
 * ------------------------------------------------------------------- */

/* Anonymous memory gets 2 MiB pages wherever they fit; nothing is moved to
 * make room for them. */
SYSFS_TEXT(show_thp_enabled, "[always] madvise never")
SYSFS_TEXT(show_thp_defrag, "always defer defer+madvise madvise [never]")
SYSFS_TEXT(show_thp_shmem, "always within_size advise [never] deny force")
SYSFS_NUMBER(show_thp_size, HUGE_SIZE)

const struct table_entry sysfs_thp_entries[SYSFS_THP_COUNT] = {
	TABLE_FILE("defrag", show_thp_defrag),
	TABLE_FILE("enabled", show_thp_enabled),
	TABLE_FILE("hpage_pmd_size", show_thp_size),
	TABLE_FILE("shmem_enabled", show_thp_shmem),
	TABLE_FILE("use_zero_page", show_zero),
};

/* There is no pool: MAP_HUGETLB takes what is free. */
const struct table_entry sysfs_huge_entries[SYSFS_SECOND_COUNT] = {
	TABLE_FILE("free_hugepages", show_zero),
	TABLE_FILE("nr_hugepages", show_zero),
};
