/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the boot loader told us, in one form for all protocols (PVH, Linux
 * boot protocol, device tree).  Filled before kernel_main(); immutable.
 */
#include <lib/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOT_RANGE_MAX 64 /* further ranges of a longer map are ignored */

enum boot_range_kind {
	BOOT_RANGE_RAM,	     /* free for the kernel */
	BOOT_RANGE_LOW,	     /* the same when the command line was copied */
	BOOT_RANGE_RESERVED, /* firmware, devices */
	BOOT_RANGE_KERNEL,   /* kernel image, early tables, inside RAM */
	BOOT_RANGE_INITRD,   /* becomes RAM once unpacked */
	BOOT_RANGE_ACPI,     /* tables: reclaimable after reading */
};

struct boot_range {
	uint64_t start;
	uint64_t end; /* exclusive */
	enum boot_range_kind kind;
};

struct boot_info {
	const char *cmdline; /* NUL-terminated, in the direct map */
	uint64_t initrd_start;
	uint64_t initrd_end; /* equal to start: none */
	uint64_t acpi_rsdp;  /* physical, 0: unknown */
	size_t range_count;
	struct boot_range ranges[BOOT_RANGE_MAX]; /* sorted, disjoint */
};

const struct boot_info *boot_info(void);

/* core/init/main.c: called by the architecture on the boot CPU's stack. */
_Noreturn void kernel_main(void);

/* Per-CPU area, descriptors, features of the boot CPU: the first thing that
 * kernel_main() calls; needs no memory. */
void arch_init(void);

/* --isolate: from here on the application's pages and entries are those of the
 * unprivileged mode.  Before the first of either exists. */
void arch_set_isolated(void);

/* Registers are mapped and the measurement of the clocks begins, which
 * arch_start_devices() ends.  Boot CPU, after kmap_init(). */
void arch_start_clock(void);

/* CPUs are counted, interrupts can be requested, time runs.  Boot CPU;
 * interrupts stay off. */
void arch_start_devices(void);
