/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Tables of the firmware.  From the boot CPU's arch_start_devices() on; any
 * context, no locks: tables lie in the direct map and never change.
 */
#include <lib/acpi_table.h>

/* The index-th ACPI table with this signature, checked; NULL: none. */
const struct acpi_table *firmware_table(const char *signature, unsigned index);

/* The table at a physical address that another table names (DSDT). */
const struct acpi_table *firmware_table_at(uint64_t address);
