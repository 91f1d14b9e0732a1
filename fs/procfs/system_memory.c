/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/meminfo and vmstat.
 *
 * There is no swap and no list of active anonymous memory: all anonymous
 * pages count as active, all clean cached ones as inactive, which is what
 * reclaim makes of them.
 */
#include <fs/procfs/internal.h>

#include <arch/mmu.h>
#include <drivers/block.h>
#include <lib/minmax.h>
#include <mm/address_space.h>
#include <mm/frame.h>

#define ULL(x) ((unsigned long long)(x))

static void add(struct table_text *text, const char *name, uint64_t pages)
{
	size_t line_start = text->length;

	table_text_add(text, "%s:", name);
	table_text_pad(text, line_start, 16);
	table_text_add(text, "%8llu kB\n", ULL(pages * (PAGE_SIZE / 1024)));
}

static uint64_t cached_for_files(const struct frame_stats *stats)
{
	uint64_t kept = stats->shared + stats->dirty;

	return stats->cached > kept ? stats->cached - kept : 0;
}

int proc_show_meminfo(struct table_text *text,
		      const struct table_target *target)
{
	struct frame_stats s;

	(void)target;
	frame_stats(&s);
	add(text, "MemTotal", s.total);
	add(text, "MemFree", s.free);
	add(text, "MemAvailable", MIN(s.free + cached_for_files(&s), s.total));
	add(text, "Buffers", 0);
	add(text, "Cached", s.cached);
	add(text, "SwapCached", 0);
	add(text, "Active", s.anon);
	add(text, "Inactive", s.cached);
	add(text, "Active(anon)", s.anon);
	add(text, "Inactive(anon)", s.shared);
	add(text, "Active(file)", 0);
	add(text, "Inactive(file)",
	    s.cached > s.shared ? s.cached - s.shared : 0);
	add(text, "Unevictable", 0);
	add(text, "Mlocked", 0);
	add(text, "SwapTotal", 0);
	add(text, "SwapFree", 0);
	add(text, "Dirty", s.dirty);
	add(text, "Writeback", 0);
	add(text, "AnonPages", s.anon);
	add(text, "Shmem", s.shared);
	add(text, "KReclaimable", 0);
	add(text, "Slab", s.slab);
	add(text, "SReclaimable", 0);
	add(text, "SUnreclaim", s.slab);
	add(text, "KernelStack", s.kernel_stacks);
	add(text, "PageTables", s.page_tables);
	add(text, "Bounce", 0);
	add(text, "CommitLimit", s.total);
	add(text, "Committed_AS", s.anon + s.shared);
	add(text, "VmallocTotal", 1ull << (45 - PAGE_SHIFT));
	add(text, "HardwareCorrupted", 0);
	table_text_add(text,
		       "HugePages_Total:       0\nHugePages_Free:        0\n"
		       "HugePages_Rsvd:        0\nHugePages_Surp:        0\n"
		       "Hugepagesize:       %llu kB\n"
		       "Hugetlb:               0 kB\n",
		       ULL(HUGE_SIZE / 1024));
	return 0;
}

/* --- vmstat
 * ---------------------------------------------------------------------- */

static void count_disks(uint64_t *read_out, uint64_t *written_out)
{
	struct block_device *device = NULL;

	*read_out = 0;
	*written_out = 0;
	while ((device = block_device_next(device)) != NULL) {
		if (device->whole == NULL) {
			*read_out += READ_ONCE(device->stats.read_sectors);
			*written_out += READ_ONCE(device->stats.write_sectors);
		}
	}
}

static void add_count(struct table_text *text, const char *name, uint64_t value)
{
	table_text_add(text, "%s %llu\n", name, ULL(value));
}

int proc_show_vmstat(struct table_text *text, const struct table_target *target)
{
	struct frame_stats s;
	uint64_t read;
	uint64_t written;

	(void)target;
	frame_stats(&s);
	count_disks(&read, &written);
	add_count(text, "nr_free_pages", s.free);
	add_count(text, "nr_anon_pages", s.anon);
	add_count(text, "nr_file_pages", s.cached);
	add_count(text, "nr_dirty", s.dirty);
	add_count(text, "nr_writeback", 0);
	add_count(text, "nr_shmem", s.shared);
	add_count(text, "nr_slab_reclaimable", 0);
	add_count(text, "nr_slab_unreclaimable", s.slab);
	add_count(text, "nr_page_table_pages", s.page_tables);
	add_count(text, "nr_kernel_stack",
		  s.kernel_stacks * (PAGE_SIZE / 1024));
	add_count(text, "pgpgin", read / 2);
	add_count(text, "pgpgout", written / 2);
	add_count(text, "pswpin", 0);
	add_count(text, "pswpout", 0);
	/* Linux has no such count: page tables loaded because the CPU went on
	 * to another process. */
	add_count(text, "page_table_loads", address_space_root_loads());
	return 0;
}
