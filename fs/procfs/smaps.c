/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/smaps and smaps_rollup: what is resident of each mapping.
 *
 * Pages are counted as the page table has them at the moment; Pss divides each
 * page by the number of its mappings.
 */
#include <fs/procfs/internal.h>

#include <arch/mmu.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <process/process.h>
#include <uapi/errno.h>

static void add_bytes(struct table_text *text, const char *name, uint64_t bytes)
{
	size_t line_start = text->length;

	table_text_add(text, "%s:", name);
	table_text_pad(text, line_start, 16);
	table_text_add(text, "%8llu kB\n", (unsigned long long)(bytes / 1024));
}

static void add(struct table_text *text, const char *name, uint64_t pages)
{
	add_bytes(text, name, pages * PAGE_SIZE);
}

static void show_usage(struct table_text *text, const struct vm_usage *usage)
{
	uint64_t resident = usage->anon + usage->file;
	uint64_t private_dirty = usage->dirty - usage->shared_dirty;

	add(text, "Rss", resident);
	add_bytes(text, "Pss", usage->proportional_bytes);
	add(text, "Shared_Clean", usage->shared - usage->shared_dirty);
	add(text, "Shared_Dirty", usage->shared_dirty);
	add(text, "Private_Clean", resident - usage->shared - private_dirty);
	add(text, "Private_Dirty", private_dirty);
	add(text, "Referenced", usage->referenced);
	add(text, "Anonymous", usage->anon);
	add(text, "LazyFree", 0);
	add(text, "AnonHugePages", usage->huge);
	add(text, "ShmemPmdMapped", 0);
	add(text, "FilePmdMapped", 0);
	add(text, "Shared_Hugetlb", 0);
	add(text, "Private_Hugetlb", 0);
	add(text, "Swap", 0);
	add(text, "SwapPss", 0);
}

static const struct flag_name {
	uint32_t flag;
	const char *name;
} flag_names[] = {
	{VMA_READ, "rd"},	{VMA_WRITE, "wr"},	{VMA_EXEC, "ex"},
	{VMA_SHARED, "sh"},	{VMA_MAY_WRITE, "mw"},	{VMA_GROWSDOWN, "gd"},
	{VMA_LOCKED, "lo"},	{VMA_SEQUENTIAL, "sr"}, {VMA_RANDOM, "rr"},
	{VMA_DONTFORK, "dc"},	{VMA_NORESERVE, "nr"},	{VMA_HUGETLB, "ht"},
	{VMA_WIPEONFORK, "wf"}, {VMA_DONTDUMP, "dd"},	{VMA_HUGE, "hg"},
	{VMA_NO_HUGE, "nh"},
};

static void show_flags(struct table_text *text, uint32_t flags)
{
	table_text_add(text, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if ((flags & flag_names[i].flag) != 0) {
			table_text_add(text, "%s ", flag_names[i].name);
		}
	}
	table_text_put(text, "\n", 1);
}

static void usage_of(struct address_space *space,
		     const struct proc_mapping *mapping,
		     struct vm_usage *usage_out)
{
	memset(usage_out, 0, sizeof(*usage_out));
	rwlock_read_lock(&space->lock);
	vm_usage(space, mapping->start, mapping->end, usage_out);
	rwlock_read_unlock(&space->lock);
}

static void show_mapping(struct table_text *text, struct address_space *space,
			 const struct proc_mapping *mapping)
{
	struct vm_usage usage;

	usage_of(space, mapping, &usage);
	proc_mapping_show(text, space, mapping);
	add(text, "Size", (mapping->end - mapping->start) / PAGE_SIZE);
	add(text, "KernelPageSize", 1);
	add(text, "MMUPageSize", 1);
	show_usage(text, &usage);
	add_bytes(text, "Locked",
		  (mapping->flags & VMA_LOCKED) != 0 ? usage.proportional_bytes
						     : 0);
	table_text_add(text, "THPeligible:    %8d\n",
		       mapping->object == NULL &&
				       (mapping->flags & VMA_NO_HUGE) == 0 &&
				       mapping->end - mapping->start >=
					       HUGE_SIZE
			       ? 1
			       : 0);
	show_flags(text, mapping->flags);
}

int proc_show_pid_smaps(struct table_text *text,
			const struct table_target *target)
{
	return proc_mappings_show(text, target, show_mapping);
}

static void add_usage(struct vm_usage *sum, const struct vm_usage *usage)
{
	sum->anon += usage->anon;
	sum->file += usage->file;
	sum->shared += usage->shared;
	sum->shared_dirty += usage->shared_dirty;
	sum->dirty += usage->dirty;
	sum->referenced += usage->referenced;
	sum->huge += usage->huge;
	sum->proportional_bytes += usage->proportional_bytes;
}

int proc_show_pid_smaps_rollup(struct table_text *text,
			       const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	struct vm_usage sum = {.anon = 0};
	struct proc_mapping mapping;
	uintptr_t start = 0;
	uintptr_t end = 0;
	uint64_t locked = 0;

	if (space == NULL) {
		return -ESRCH;
	}
	while (proc_mappings_get(space, end, &mapping, 1) == 1) {
		struct vm_usage usage;

		usage_of(space, &mapping, &usage);
		add_usage(&sum, &usage);
		if ((mapping.flags & VMA_LOCKED) != 0) {
			locked += usage.proportional_bytes;
		}
		start = start == 0 ? mapping.start : start;
		end = mapping.end;
		proc_mappings_put(&mapping, 1);
	}
	address_space_put(space);
	table_text_add(text, "%08lx-%08lx ---p 00000000 00:00 0 ",
		       (unsigned long)start, (unsigned long)end);
	table_text_pad(text, 0, 73);
	table_text_add(text, "[rollup]\n");
	show_usage(text, &sum);
	add_bytes(text, "Locked", locked);
	return 0;
}
