/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the PVH loader passes: struct hvm_start_info, version 1, of Xen's
 * "x86/HVM direct boot ABI".  All addresses are physical.
 */
#include <stddef.h>
#include <stdint.h>

#define PVH_MAGIC      0x336ec578
#define PVH_MEMORY_RAM 1

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memory_map; /* version 1 */
	uint32_t memory_map_count;
	uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_start_info) == 56, "hvm_start_info");
_Static_assert(offsetof(struct pvh_start_info, memory_map) == 40,
	       "hvm_start_info");

struct pvh_module {
	uint64_t address;
	uint64_t size;
	uint64_t cmdline;
	uint64_t reserved;
};
_Static_assert(sizeof(struct pvh_module) == 32, "hvm_modlist_entry");

struct pvh_memory {
	uint64_t address;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_memory) == 24, "hvm_memmap_table_entry");
