/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What ACPI tells drivers.  From INIT_BUS on; any context, no locks. */
#include <lib/acpi_table.h>

/* The definition block that the FADT names; NULL: no ACPI. */
const struct acpi_table *acpi_dsdt(void);
