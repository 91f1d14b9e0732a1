/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Processors and interrupt lines as the firmware describes them: the ACPI
 * MADT, else QEMU's fw_cfg, else one processor.  Immutable after
 * firmware_init().
 */
#include <stdbool.h>
#include <stdint.h>

#include <generated/config.h>

#define FIRMWARE_IOAPIC_MAX 8
#define FIRMWARE_ISA_COUNT  16

struct firmware_ioapic {
	uint32_t address;
	uint32_t first_line;
};

struct firmware_cpus {
	unsigned cpu_count; /* at least 1; cut at CONFIG_CPU_MAX */
	unsigned ioapic_count;
	struct firmware_ioapic ioapics[FIRMWARE_IOAPIC_MAX];
	uint32_t isa_lines[FIRMWARE_ISA_COUNT]; /* ISA to global line */
	uint16_t isa_flags[FIRMWARE_ISA_COUNT]; /* ACPI MPS INTI flags */
};

/* Boot CPU, before anything below; reads tables through the direct map. */
void firmware_init(void);
const struct firmware_cpus *firmware_cpus(void);

/* Polarity of a level-triggered line: true unless an override says high. */
bool firmware_line_is_low(uint32_t line);
