/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ACPI tables.  The data is the firmware's memory, from physical address 0;
 * what is found lies in it.  The checksum of the root pointer is made right,
 * so that damaged tables behind it are reached.
 */
#include <lib/acpi_table.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define RSDP	      16 /* where the seed has it */
#define RSDP_SIZE     20
#define RSDP_CHECKSUM 8

static const char *const seeds[] = {"tests/fuzz/seeds/acpi", NULL};

static uint8_t *memory;
static size_t memory_size;

static const void *map(uint64_t address, uint64_t size)
{
	if (address >= memory_size || size > memory_size - address) {
		return NULL;
	}
	return memory + address;
}

/* The sum over a table, put right at `sum_at`. */
static void fix_sum(uint8_t *table, size_t size, size_t sum_at)
{
	uint8_t sum = 0;

	table[sum_at] = 0;
	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + table[i]);
	}
	table[sum_at] = (uint8_t)-sum;
}

/* Every second time also those of all tables that the data seems to hold. */
static void fix_tables(void)
{
	static const char *const signatures[] = {"RSDT", "XSDT", "FACP",
						 "APIC", "DSDT", NULL};

	for (size_t at = 0; at + sizeof(struct acpi_table) < memory_size;
	     at += 16) {
		uint32_t length;

		memcpy(&length, memory + at + 4, sizeof(length));
		for (size_t i = 0; signatures[i] != NULL; i++) {
			if (memcmp(memory + at, signatures[i], 4) == 0 &&
			    length >= sizeof(struct acpi_table) &&
			    length <= memory_size - at) {
				fix_sum(memory + at, length, 9);
			}
		}
	}
}

static const struct acpi_table *find(uint64_t rsdp, const char *signature)
{
	const struct acpi_table *table =
		acpi_table_find(map, rsdp, signature, 0);

	if (table != NULL &&
	    ((const uint8_t *)table < memory ||
	     table->length >
		     (size_t)(memory + memory_size - (const uint8_t *)table))) {
		abort();
	}
	return table;
}

static void search(uint64_t rsdp)
{
	struct acpi_device_range range;
	const struct acpi_table *dsdt = find(rsdp, "DSDT");
	uint8_t types[2];

	find(rsdp, "APIC");
	find(rsdp, "FACP");
	if (dsdt == NULL) {
		return;
	}
	if (acpi_table_soft_off(dsdt, types) == 0 &&
	    (types[0] > 7 || types[1] > 7)) {
		abort();
	}
	acpi_table_find_device(dsdt, "LNRO0005", 0, &range);
}

static void run(const uint8_t *data, size_t size)
{
	size_t rsdp;

	if (size < RSDP + RSDP_SIZE) {
		return;
	}
	memory = malloc(size);
	if (memory == NULL) {
		exit(2);
	}
	memcpy(memory, data, size);
	memory_size = size;
	fix_sum(memory + RSDP, RSDP_SIZE, RSDP_CHECKSUM);
	if (data[0] % 2 == 0) {
		fix_tables();
	}
	rsdp = acpi_table_scan(memory, size);
	if (rsdp != SIZE_MAX) {
		search(rsdp);
	}
	free(memory);
}

FUZZ_TARGET(acpi, seeds, run);
