/* SPDX-License-Identifier: BSD-3-Clause */

/* Finding ACPI tables: see the header.  Structures are little-endian. */
#include <lib/acpi_table.h>

#include <stdbool.h>

#include <lib/string.h>
#include <uapi/errno.h>

#define RSDP_ALIGN    16
#define RSDP_SIZE     20 /* of revision 0 */
#define RSDP_SIZE_2   36
#define RSDP_REVISION 15
#define RSDP_RSDT     16
#define RSDP_LENGTH   20
#define RSDP_XSDT     24

/* AML, ACPI 6.5 section 20. */
#define AML_ZERO	0x00
#define AML_ONE		0x01
#define AML_NAME	0x08
#define AML_BYTE	0x0a
#define AML_WORD	0x0b
#define AML_DWORD	0x0c
#define AML_PACKAGE	0x12
#define SLEEP_TYPE_MASK 7

static uint64_t read_le(const uint8_t *bytes, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++) {
		value |= (uint64_t)bytes[i] << (8 * i);
	}
	return value;
}

static bool sum_is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	return sum == 0;
}

static bool is_rsdp(const uint8_t *bytes)
{
	return memcmp(bytes, "RSD PTR ", 8) == 0 &&
	       sum_is_zero(bytes, RSDP_SIZE);
}

size_t acpi_table_scan(const void *memory, size_t size)
{
	const uint8_t *bytes = memory;

	for (size_t at = 0; at + RSDP_SIZE <= size; at += RSDP_ALIGN) {
		if (is_rsdp(bytes + at)) {
			return at;
		}
	}
	return SIZE_MAX;
}

const struct acpi_table *acpi_table_at(acpi_map *map, uint64_t address)
{
	const struct acpi_table *table = NULL;

	if (address != 0) {
		table = map(address, sizeof(*table));
	}
	if (table == NULL || table->length < sizeof(*table) ||
	    table->length > ACPI_TABLE_MAX ||
	    map(address, table->length) == NULL ||
	    !sum_is_zero((const uint8_t *)table, table->length)) {
		return NULL;
	}
	return table;
}

/* The root table, and the width of its entries. */
static const struct acpi_table *find_root(acpi_map *map, uint64_t rsdp,
					  size_t *width_out)
{
	const uint8_t *bytes = rsdp == 0 ? NULL : map(rsdp, RSDP_SIZE);
	const struct acpi_table *root = NULL;

	if (bytes == NULL || !is_rsdp(bytes)) {
		return NULL;
	}
	if (bytes[RSDP_REVISION] >= 2 && map(rsdp, RSDP_SIZE_2) != NULL &&
	    read_le(bytes + RSDP_LENGTH, 4) >= RSDP_SIZE_2) {
		*width_out = 8;
		root = acpi_table_at(map, read_le(bytes + RSDP_XSDT, 8));
	}
	if (root == NULL || memcmp(root->signature, "XSDT", 4) != 0) {
		*width_out = 4;
		root = acpi_table_at(map, read_le(bytes + RSDP_RSDT, 4));
		if (root != NULL && memcmp(root->signature, "RSDT", 4) != 0) {
			return NULL;
		}
	}
	return root;
}

const struct acpi_table *acpi_table_find(acpi_map *map, uint64_t rsdp,
					 const char *signature, unsigned index)
{
	size_t width;
	const struct acpi_table *root = find_root(map, rsdp, &width);
	size_t count;

	if (root == NULL) {
		return NULL;
	}
	count = (root->length - sizeof(*root)) / width;
	for (size_t i = 0; i < count && i < ACPI_ROOT_COUNT; i++) {
		const uint8_t *entry =
			(const uint8_t *)root + sizeof(*root) + i * width;
		const struct acpi_table *table =
			acpi_table_at(map, read_le(entry, width));

		if (table != NULL &&
		    memcmp(table->signature, signature, 4) == 0 &&
		    index-- == 0) {
			return table;
		}
	}
	return NULL;
}

/* --- the package \_S5 ------------------------------------------------------
 */

/* An integer; the bytes that it takes, 0: none. */
static size_t read_integer(const uint8_t *aml, size_t size, uint8_t *value_out)
{
	size_t width;

	if (size == 0) {
		return 0;
	}
	switch (aml[0]) {
	case AML_ZERO:
	case AML_ONE:
		*value_out = aml[0];
		return 1;
	case AML_BYTE:
		width = 1;
		break;
	case AML_WORD:
		width = 2;
		break;
	case AML_DWORD:
		width = 4;
		break;
	default:
		return 0;
	}
	if (size < 1 + width) {
		return 0;
	}
	*value_out = aml[1];
	return 1 + width;
}

/* A package with at least two integers, at its opcode. */
static bool read_package(const uint8_t *aml, size_t size, uint8_t types_out[2])
{
	size_t at = 1;
	size_t taken;

	if (size < 2 || aml[0] != AML_PACKAGE) {
		return false;
	}
	at += 1u + (aml[1] >> 6); /* length: 1 to 4 bytes */
	if (at >= size || aml[at] < 2) {
		return false;
	}
	at++;
	taken = read_integer(aml + at, size - at, &types_out[0]);
	at += taken;
	if (taken == 0 ||
	    read_integer(aml + at, size - at, &types_out[1]) == 0) {
		return false;
	}
	return types_out[0] <= SLEEP_TYPE_MASK &&
	       types_out[1] <= SLEEP_TYPE_MASK;
}

int acpi_table_soft_off(const struct acpi_table *dsdt, uint8_t types_out[2])
{
	const uint8_t *aml = (const uint8_t *)dsdt;
	size_t size = dsdt->length;

	for (size_t at = sizeof(*dsdt); at + 5 < size; at++) {
		size_t name = at + 1;

		if (aml[at] != AML_NAME) {
			continue;
		}
		name += aml[name] == '\\';
		if (name + 4 < size && memcmp(aml + name, "_S5_", 4) == 0 &&
		    read_package(aml + name + 4, size - name - 4, types_out)) {
			return 0;
		}
	}
	return -ENOENT;
}

/* --- devices with resources ------------------------------------------------
 */

/* Resource descriptors, 6.4.3. */
#define RESOURCE_MEMORY32	  0x86
#define RESOURCE_MEMORY32_LENGTH  9
#define RESOURCE_MEMORY32_SIZE	  12
#define RESOURCE_INTERRUPT	  0x89
#define RESOURCE_INTERRUPT_LENGTH 6
#define RESOURCE_INTERRUPT_SIZE	  9

/* How far behind its id a device's resources are looked for. */
#define DEVICE_WINDOW 96

static bool read_resources(const uint8_t *aml,
			   struct acpi_device_range *range_out)
{
	const uint8_t *irq = aml + RESOURCE_MEMORY32_SIZE;

	if (aml[0] != RESOURCE_MEMORY32 ||
	    read_le(aml + 1, 2) != RESOURCE_MEMORY32_LENGTH ||
	    irq[0] != RESOURCE_INTERRUPT ||
	    read_le(irq + 1, 2) != RESOURCE_INTERRUPT_LENGTH || irq[4] != 1) {
		return false;
	}
	range_out->address = (uint32_t)read_le(aml + 4, 4);
	range_out->size = (uint32_t)read_le(aml + 8, 4);
	range_out->line = (uint32_t)read_le(irq + 5, 4);
	return true;
}

/* From `at` to `end`: the first memory range with an interrupt behind it. */
static bool find_resources(const uint8_t *aml, size_t at, size_t end,
			   struct acpi_device_range *range_out)
{
	const size_t size = RESOURCE_MEMORY32_SIZE + RESOURCE_INTERRUPT_SIZE;

	for (; at + size <= end; at++) {
		if (read_resources(aml + at, range_out)) {
			return true;
		}
	}
	return false;
}

int acpi_table_find_device(const struct acpi_table *dsdt, const char *id,
			   unsigned index, struct acpi_device_range *range_out)
{
	const uint8_t *aml = (const uint8_t *)dsdt;
	size_t length = strlen(id) + 1;

	for (size_t at = sizeof(*dsdt); at + length <= dsdt->length; at++) {
		size_t end = at + length + DEVICE_WINDOW;

		if (memcmp(aml + at, id, length) != 0) {
			continue;
		}
		end = end < dsdt->length ? end : dsdt->length;
		if (find_resources(aml, at + length, end, range_out) &&
		    index-- == 0) {
			return 0;
		}
	}
	return -ENOENT;
}
