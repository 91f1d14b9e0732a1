/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Reads how many processors and which interrupt controllers there are.
 *
 * ACPI 6.5: 5.2.5.3 (RSDP), 5.2.7 and 5.2.8 (RSDT, XSDT), 5.2.12 (MADT).
 * Without ACPI, QEMU says how many processors it made through fw_cfg
 * (selector 5), and the I/O APIC is at its usual place.  A table with a bad
 * checksum or length counts as absent.  Reads are confined to the direct map;
 * tables are at most TABLE_MAX long.
 */
#include <asm/firmware.h>

#include <arch/boot.h>
#include <arch/io.h>
#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>

#define TABLE_MAX	 (1u << 20)
#define MAPPED_END	 (4ull << 30) /* firmware puts its tables below */
#define IOAPIC_ADDRESS	 0xfec00000u
#define FW_CFG_SELECTOR	 0x510
#define FW_CFG_DATA	 0x511
#define FW_CFG_SIGNATURE 0
#define FW_CFG_CPU_COUNT 5
#define MADT_LOCAL_APIC	 0
#define MADT_IOAPIC	 1
#define MADT_OVERRIDE	 2
#define MADT_X2APIC	 9
#define CPU_USABLE	 3 /* enabled, or can be */
#define POLARITY_MASK	 3
#define POLARITY_HIGH	 1

struct sdt_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char ids[26];
} PACKED;

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
} PACKED;

static struct firmware_cpus cpus;

const struct firmware_cpus *firmware_cpus(void)
{
	return &cpus;
}

static const void *mapped(uint64_t address, uint64_t size)
{
	const struct boot_info *boot = boot_info();

	for (size_t i = 0; i < boot->range_count; i++) {
		uint64_t gib = boot->ranges[i].start >> 30;
		uint64_t last = (boot->ranges[i].end - 1) >> 30;

		if (address >> 30 >= gib &&
		    (address + size - 1) >> 30 <= last &&
		    address + size > address) {
			return mmu_direct((paddr_t){.value = address});
		}
	}
	if (address < 1ull << 30 && size <= (1ull << 30) - address) {
		return mmu_direct((paddr_t){.value = address});
	}
	return NULL;
}

static bool sum_is_zero(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	return sum == 0;
}

static const struct sdt_header *table_at(uint64_t address)
{
	const struct sdt_header *table = NULL;

	if (address != 0 && address < MAPPED_END) {
		table = mapped(address, sizeof(*table));
	}
	if (table == NULL || table->length < sizeof(*table) ||
	    table->length > TABLE_MAX ||
	    mapped(address, table->length) == NULL ||
	    !sum_is_zero(table, table->length)) {
		return NULL;
	}
	return table;
}

static uint64_t root_entry(const uint8_t *entry, size_t width)
{
	uint64_t value = 0;

	memcpy(&value, entry, width); /* little endian */
	return value;
}

static const struct sdt_header *find_madt(void)
{
	uint64_t address = boot_info()->acpi_rsdp;
	const struct rsdp *rsdp =
		address == 0 ? NULL : mapped(address, sizeof(*rsdp));
	const struct sdt_header *root;
	size_t width;

	if (rsdp == NULL || memcmp(rsdp->signature, "RSD PTR ", 8) != 0) {
		return NULL;
	}
	width = rsdp->revision >= 2 && rsdp->xsdt != 0 ? 8 : 4;
	root = table_at(width == 8 ? rsdp->xsdt : rsdp->rsdt);
	if (root == NULL) {
		return NULL;
	}
	for (size_t at = sizeof(*root); at + width <= root->length;
	     at += width) {
		const struct sdt_header *table =
			table_at(root_entry((const uint8_t *)root + at, width));

		if (table != NULL && memcmp(table->signature, "APIC", 4) == 0) {
			return table;
		}
	}
	return NULL;
}

static uint32_t field32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void add_cpu(uint32_t flags)
{
	if ((flags & CPU_USABLE) != 0 && cpus.cpu_count < CONFIG_CPU_MAX) {
		cpus.cpu_count++;
	}
}

static void add_ioapic(uint32_t address, uint32_t first_line)
{
	if (cpus.ioapic_count < FIRMWARE_IOAPIC_MAX) {
		cpus.ioapics[cpus.ioapic_count++] = (struct firmware_ioapic){
			.address = address, .first_line = first_line};
	}
}

/* One structure of the MADT; its length was checked. */
static void read_structure(const uint8_t *data, unsigned length)
{
	switch (data[0]) {
	case MADT_LOCAL_APIC:
		if (length >= 8) {
			add_cpu(field32(data + 4));
		}
		return;
	case MADT_X2APIC:
		if (length >= 16) {
			add_cpu(field32(data + 8));
		}
		return;
	case MADT_IOAPIC:
		if (length >= 12) {
			add_ioapic(field32(data + 4), field32(data + 8));
		}
		return;
	case MADT_OVERRIDE:
		if (length >= 10 && data[3] < FIRMWARE_ISA_COUNT) {
			cpus.isa_lines[data[3]] = field32(data + 4);
			memcpy(&cpus.isa_flags[data[3]], data + 8,
			       sizeof(uint16_t));
		}
		return;
	default:
		return;
	}
}

static void read_madt(const struct sdt_header *madt)
{
	const uint8_t *bytes = (const uint8_t *)madt;
	size_t at = sizeof(*madt) + 8;

	while (at + 2 <= madt->length) {
		unsigned length = bytes[at + 1];

		if (length < 2 || length > madt->length - at) {
			return;
		}
		read_structure(bytes + at, length);
		at += length;
	}
}

static void fw_cfg_read(uint16_t selector, void *buffer, size_t size)
{
	uint8_t *bytes = buffer;

	port_write16(FW_CFG_SELECTOR, selector);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = port_read8(FW_CFG_DATA);
	}
}

static unsigned fw_cfg_cpu_count(void)
{
	char signature[4];
	uint16_t count = 0;

	fw_cfg_read(FW_CFG_SIGNATURE, signature, sizeof(signature));
	if (memcmp(signature, "QEMU", 4) == 0) {
		fw_cfg_read(FW_CFG_CPU_COUNT, &count, sizeof(count));
	}
	return MIN(MAX(count, 1u), (unsigned)CONFIG_CPU_MAX);
}

void firmware_init(void)
{
	const struct sdt_header *madt;

	for (unsigned i = 0; i < FIRMWARE_ISA_COUNT; i++) {
		cpus.isa_lines[i] = i;
	}
	madt = find_madt();
	if (madt != NULL) {
		read_madt(madt);
	}
	if (cpus.cpu_count == 0) {
		cpus.cpu_count = fw_cfg_cpu_count();
	}
	if (cpus.ioapic_count == 0) {
		add_ioapic(IOAPIC_ADDRESS, 0);
	}
}

bool firmware_line_is_low(uint32_t line)
{
	for (unsigned i = 0; i < FIRMWARE_ISA_COUNT; i++) {
		if (cpus.isa_lines[i] == line &&
		    (cpus.isa_flags[i] & POLARITY_MASK) == POLARITY_HIGH) {
			return false;
		}
	}
	return true;
}
