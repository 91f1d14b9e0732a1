/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Reads how many processors and which interrupt controllers there are.
 *
 * ACPI 6.5: 5.2.5.1 (finding the root pointer), 5.2.12 (MADT).
 * Without ACPI, QEMU says how many processors it made through fw_cfg
 * (selector 5), and the I/O APIC is at its usual place.  A table with a bad
 * checksum or length counts as absent (lib/acpi_table.c).  Reads are confined
 * to the direct map.
 */
#include <asm/firmware.h>

#include <arch/boot.h>
#include <arch/firmware.h>
#include <arch/io.h>
#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>

#define BIOS_START	 0xe0000u
#define BIOS_END	 0x100000u
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

static struct firmware_cpus cpus;
static uint64_t root_pointer; /* [I] 0: no ACPI */

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

/* Where the BIOS leaves the root pointer when the loader does not tell. */
static uint64_t scan_for_rsdp(void)
{
	const void *memory = mmu_direct((paddr_t){.value = BIOS_START});
	size_t at = acpi_table_scan(memory, BIOS_END - BIOS_START);

	return at == SIZE_MAX ? 0 : BIOS_START + at;
}

const struct acpi_table *firmware_table(const char *signature, unsigned index)
{
	return acpi_table_find(mapped, root_pointer, signature, index);
}

const struct acpi_table *firmware_table_at(uint64_t address)
{
	return acpi_table_at(mapped, address);
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

static void read_madt(const struct acpi_table *madt)
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
	const struct acpi_table *madt;

	for (unsigned i = 0; i < FIRMWARE_ISA_COUNT; i++) {
		cpus.isa_lines[i] = i;
	}
	root_pointer = boot_info()->acpi_rsdp;
	if (root_pointer == 0) {
		root_pointer = scan_for_rsdp();
	}
	madt = firmware_table("APIC", 0);
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
