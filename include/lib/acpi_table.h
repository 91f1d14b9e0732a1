/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Finding ACPI tables (ACPI 6.5, section 5.2).  Pure: memory is reached
 * through a function of the caller.  Everything that the firmware says is
 * checked: a table with a bad length or checksum counts as absent.
 */
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

#define ACPI_TABLE_MAX	1048576 /* bytes of one table; longer: absent */
#define ACPI_ROOT_COUNT 128	/* tables looked at; further ones ignored */

struct acpi_table {
	char signature[4];
	uint32_t length; /* of all, header included */
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} PACKED;

_Static_assert(sizeof(struct acpi_table) == 36, "ACPI 6.5, table 5.4");

/* The memory at a physical address, at least `size` bytes, or NULL. */
typedef const void *acpi_map(uint64_t address, uint64_t size);

/* The root pointer within memory that starts at a 16-byte boundary: its
 * offset, or SIZE_MAX. */
size_t acpi_table_scan(const void *memory, size_t size);

/* The table at this address if it is one and is whole; NULL otherwise. */
const struct acpi_table *acpi_table_at(acpi_map *map, uint64_t address);

/* The index-th table with the signature, from the root pointer; or NULL. */
const struct acpi_table *acpi_table_find(acpi_map *map, uint64_t rsdp,
					 const char *signature, unsigned index);

/* The sleep types of the state S5 (soft off) from the definition block:
 * 0 or -ENOENT.  A search for the package of that name, no interpreter. */
int acpi_table_soft_off(const struct acpi_table *dsdt, uint8_t types_out[2]);

/*
 * The index-th device of this hardware id in the definition block that has
 * a memory range and an interrupt, both of the 32-bit form.  0 or -ENOENT.
 * A search like the one above: for tables made by virtual machine monitors.
 */
struct acpi_device_range {
	uint32_t address;
	uint32_t size;
	uint32_t line;
};
int acpi_table_find_device(const struct acpi_table *dsdt, const char *id,
			   unsigned index, struct acpi_device_range *range_out);
