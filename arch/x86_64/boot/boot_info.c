/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Boot information in one form.
 *
 * The loader's structures lie below 1 MiB, which goes to the allocator when the
 * command line was copied (BOOT_RANGE_LOW), or behind the kernel (the initial
 * archive): ranges are cut around the kernel image and the archive.  Everything
 * read is clamped to the first GiB, which the first page tables map.
 *
 * Written once on the boot CPU before kernel_main(); immutable afterwards.
 */
#include <arch/boot.h>

#include <arch/console.h>
#include <arch/mmu.h>
#include <arch/power.h>
#include <lib/minmax.h>
#include <lib/string.h>

#include "../smp/internal.h"
#include "internal.h"
#include "linux_params.h"
#include "pvh_info.h"

#define LOW_MEMORY_START (TRAMPOLINE_PAGE + PAGE_SIZE)
#define LOW_MEMORY_END	 0xa0000ull
#define HIGH_START	 0x100000ull
#define EARLY_MAPPED_END 0x40000000ull

extern const char kernel_start[], kernel_end[];

static struct boot_info info;

const struct boot_info *boot_info(void)
{
	return &info;
}

static _Noreturn void reject(const char *why)
{
	early_console_write(why, strlen(why));
	power_panic();
}

/* A structure of the loader, or the end: it must lie in the mapped part. */
static const void *loader_data(uint64_t address, uint64_t size)
{
	if (address == 0 || address >= EARLY_MAPPED_END ||
	    size > EARLY_MAPPED_END - address) {
		reject("boot: the loader's data is out of reach\n");
	}
	return mmu_direct((paddr_t){.value = address});
}

static void add_range(uint64_t start, uint64_t end, enum boot_range_kind kind)
{
	if (start < end && info.range_count < BOOT_RANGE_MAX) {
		info.ranges[info.range_count++] = (struct boot_range){
			.start = start, .end = end, .kind = kind};
	}
}

/* Adds what remains of RAM [start, end) around the part [cut, cut_end). */
static void add_ram_around(uint64_t start, uint64_t end, uint64_t cut,
			   uint64_t cut_end, uint64_t cut2, uint64_t cut2_end)
{
	if (cut >= cut_end || cut_end <= start || cut >= end) {
		if (cut2 >= cut2_end || cut2_end <= start || cut2 >= end) {
			add_range(start, end, BOOT_RANGE_RAM);
			return;
		}
		add_ram_around(start, end, cut2, cut2_end, 0, 0);
		return;
	}
	add_ram_around(start, MIN(cut, end), cut2, cut2_end, 0, 0);
	add_ram_around(MAX(cut_end, start), end, cut2, cut2_end, 0, 0);
}

static void sort_ranges(void)
{
	for (size_t i = 1; i < info.range_count; i++) {
		struct boot_range moved = info.ranges[i];
		size_t j = i;

		for (; j > 0 && info.ranges[j - 1].start > moved.start; j--) {
			info.ranges[j] = info.ranges[j - 1];
		}
		info.ranges[j] = moved;
	}
}

static void add_low_part(uint64_t from, uint64_t to)
{
	if (info.initrd_end > info.initrd_start &&
	    info.initrd_start < HIGH_START) {
		return; /* an archive is there */
	}
	from = (MAX(from, LOW_MEMORY_START) + PAGE_SIZE - 1) &
	       (uint64_t)PAGE_MASK;
	to = MIN(to, LOW_MEMORY_END) & (uint64_t)PAGE_MASK;
	add_range(from, to, BOOT_RANGE_LOW);
}

/* One range of RAM as the loader has it; anything may be wrong with it. */
static void add_ram(uint64_t address, uint64_t size)
{
	uint64_t from = MAX(address, HIGH_START);
	uint64_t to = address + size;

	if (to < address) {
		return;
	}
	add_low_part(address, to);
	if (to <= from) {
		return;
	}
	from = (from + PAGE_SIZE - 1) & (uint64_t)PAGE_MASK;
	to &= (uint64_t)PAGE_MASK;
	add_ram_around(from, to,
		       mmu_direct_paddr(kernel_start).value &
			       (uint64_t)PAGE_MASK,
		       mmu_direct_paddr(kernel_end).value,
		       info.initrd_start & (uint64_t)PAGE_MASK,
		       (info.initrd_end + PAGE_SIZE - 1) & (uint64_t)PAGE_MASK);
}

/* QEMU's firmware copies the archive wherever it fits from the top, even over
 * the kernel.  What is left of that may be enough to say so. */
static void check_archive(void)
{
	if (info.initrd_start < mmu_direct_paddr(kernel_end).value &&
	    info.initrd_end > mmu_direct_paddr(kernel_start).value) {
		reject("boot: not enough memory for kernel and archive\n");
	}
}

static void add_other_ranges(void)
{
	check_archive();
	add_range(mmu_direct_paddr(kernel_start).value & (uint64_t)PAGE_MASK,
		  mmu_direct_paddr(kernel_end).value, BOOT_RANGE_KERNEL);
	add_range(info.initrd_start, info.initrd_end, BOOT_RANGE_INITRD);
	sort_ranges();
}

static void read_pvh_map(const struct pvh_start_info *start)
{
	uint64_t count = MIN(start->memory_map_count, 256u);
	const void *map = loader_data(start->memory_map,
				      count * sizeof(struct pvh_memory));

	for (uint64_t i = 0; i < count; i++) {
		struct pvh_memory range;

		memcpy(&range, (const char *)map + i * sizeof(range),
		       sizeof(range));
		if (range.type == PVH_MEMORY_RAM) {
			add_ram(range.address, range.size);
		}
	}
	add_other_ranges();
}

paddr_t boot_take_frame(void)
{
	for (size_t i = 0; i < info.range_count; i++) {
		struct boot_range *range = &info.ranges[i];
		paddr_t frame = {.value = range->start};

		if (range->kind != BOOT_RANGE_RAM ||
		    range->end - range->start < PAGE_SIZE ||
		    range->start >= EARLY_MAPPED_END) {
			continue;
		}
		range->start += PAGE_SIZE;
		memset(mmu_direct(frame), 0, PAGE_SIZE);
		return frame;
	}
	reject("boot: not enough memory\n");
}

_Noreturn void boot_main(uint64_t start_info)
{
	struct pvh_start_info copy;
	const struct pvh_start_info *start = &copy;

	memcpy(&copy, loader_data(start_info, sizeof(copy)), sizeof(copy));
	early_console_init();
	if (start->magic != PVH_MAGIC || start->version < 1) {
		reject("boot: no PVH start information of version 1\n");
	}
	if (start->cmdline != 0) {
		info.cmdline = loader_data(start->cmdline, 1);
	}
	if (start->module_count != 0) {
		struct pvh_module module; /* lies at any address */

		memcpy(&module, loader_data(start->modules, sizeof(module)),
		       sizeof(module));
		info.initrd_start = module.address;
		info.initrd_end = module.address + module.size;
	}
	info.acpi_rsdp = start->rsdp;
	read_pvh_map(start);
	boot_map_memory();
	kernel_main();
}

static uint64_t param32(const uint8_t *params, unsigned offset)
{
	uint32_t value;

	memcpy(&value, params + offset, sizeof(value));
	return value;
}

static uint64_t param64(const uint8_t *params, unsigned offset)
{
	return param32(params, offset) | param32(params, offset + 4) << 32;
}

static void read_e820(const uint8_t *params)
{
	unsigned count = MIN(params[LINUX_OFFSET_E820_COUNT], LINUX_E820_MAX);

	for (unsigned i = 0; i < count; i++) {
		struct linux_e820 entry;

		memcpy(&entry, params + LINUX_OFFSET_E820 + i * sizeof(entry),
		       sizeof(entry));
		if (entry.type == LINUX_E820_RAM) {
			add_ram(entry.address, entry.size);
		}
	}
	add_other_ranges();
}

_Noreturn void boot_main_linux(uint64_t boot_params)
{
	const uint8_t *params = loader_data(boot_params, LINUX_PARAMS_SIZE);
	uint64_t line;
	uint64_t size;

	early_console_init();
	if (param32(params, LINUX_OFFSET_MAGIC) != LINUX_HEADER_MAGIC) {
		reject("boot: no Linux boot parameters\n");
	}
	line = param32(params, LINUX_OFFSET_CMDLINE) |
	       param32(params, LINUX_OFFSET_EXT_CMDLINE) << 32;
	if (line != 0) {
		info.cmdline = loader_data(line, 1);
	}
	size = param32(params, LINUX_OFFSET_INITRD_SIZE) |
	       param32(params, LINUX_OFFSET_EXT_INITRD_SIZE) << 32;
	if (size != 0) {
		info.initrd_start = param32(params, LINUX_OFFSET_INITRD) |
				    param32(params, LINUX_OFFSET_EXT_INITRD)
					    << 32;
		info.initrd_end = info.initrd_start + size;
	}
	info.acpi_rsdp = param64(params, LINUX_OFFSET_RSDP);
	read_e820(params);
	boot_map_memory();
	kernel_main();
}
