/* SPDX-License-Identifier: BSD-3-Clause */

/* The definition block, by the 64-bit address of the FADT or the old one. */
#include <drivers/acpi.h>

#include <arch/firmware.h>
#include <lib/string.h>

#define FADT_DSDT   40
#define FADT_X_DSDT 140

const struct acpi_table *acpi_dsdt(void)
{
	const struct acpi_table *fadt = firmware_table("FACP", 0);
	const uint8_t *bytes = (const uint8_t *)fadt;
	const struct acpi_table *dsdt = NULL;
	uint64_t wide;
	uint32_t narrow;

	if (fadt == NULL || fadt->length < FADT_DSDT + sizeof(narrow)) {
		return NULL;
	}
	if (fadt->length >= FADT_X_DSDT + sizeof(wide)) {
		memcpy(&wide, bytes + FADT_X_DSDT, sizeof(wide));
		dsdt = firmware_table_at(wide);
	}
	if (dsdt == NULL) {
		memcpy(&narrow, bytes + FADT_DSDT, sizeof(narrow));
		dsdt = firmware_table_at(narrow);
	}
	return dsdt;
}
