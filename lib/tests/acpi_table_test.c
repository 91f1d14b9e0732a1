/* SPDX-License-Identifier: BSD-3-Clause */

/* ACPI tables as firmware might make them, good and bad. */
#include <lib/acpi_table.h>

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>

#define MEMORY_SIZE 4096
#define RSDP	    64
#define RSDT	    256
#define XSDT	    512
#define FACP	    1024
#define APIC	    2048

static _Alignas(16) unsigned char memory[MEMORY_SIZE];

static const void *map(uint64_t address, uint64_t size)
{
	if (address >= MEMORY_SIZE || size > MEMORY_SIZE - address) {
		return NULL;
	}
	return memory + address;
}

static void fix_sum(size_t at, size_t size, size_t sum_at)
{
	unsigned char sum = 0;

	memory[at + sum_at] = 0;
	for (size_t i = 0; i < size; i++) {
		sum = (unsigned char)(sum + memory[at + i]);
	}
	memory[at + sum_at] = (unsigned char)-sum;
}

static void put_table(size_t at, const char *signature, uint32_t length)
{
	memcpy(memory + at, signature, 4);
	memcpy(memory + at + 4, &length, sizeof(length));
	fix_sum(at, length, 9);
}

static void put32(size_t at, uint32_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void build(void)
{
	memset(memory, 0, sizeof(memory));
	memcpy(memory + RSDP, "RSD PTR ", 8);
	memory[RSDP + 15] = 2;
	put32(RSDP + 16, RSDT);
	put32(RSDP + 20, 36);
	put32(RSDP + 24, XSDT);
	fix_sum(RSDP, 20, 8);
	put32(RSDT + 36, FACP);
	put_table(RSDT, "RSDT", 40);
	put32(XSDT + 36, FACP);
	put32(XSDT + 44, APIC);
	put_table(XSDT, "XSDT", 52);
	put_table(FACP, "FACP", 244);
	put_table(APIC, "APIC", 44);
}

TEST(acpi_table, find)
{
	build();
	EXPECT_EQ(acpi_table_scan(memory, sizeof(memory)), RSDP);
	EXPECT(acpi_table_find(map, RSDP, "FACP", 0) == map(FACP, 1));
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == map(APIC, 1));
	EXPECT(acpi_table_find(map, RSDP, "APIC", 1) == NULL);
	EXPECT(acpi_table_find(map, RSDP, "HPET", 0) == NULL);
	EXPECT(acpi_table_find(map, 0, "APIC", 0) == NULL);
	EXPECT(acpi_table_find(map, 48, "APIC", 0) == NULL);
}

TEST(acpi_table, old_revision_uses_rsdt)
{
	build();
	memory[RSDP + 15] = 0;
	fix_sum(RSDP, 20, 8);
	EXPECT(acpi_table_find(map, RSDP, "FACP", 0) == map(FACP, 1));
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == NULL);
}

TEST(acpi_table, bad_tables_are_absent)
{
	build();
	memory[APIC + 40] ^= 1; /* checksum */
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == NULL);
	EXPECT(acpi_table_find(map, RSDP, "FACP", 0) != NULL);
	build();
	put32(APIC + 4, 10); /* shorter than a header */
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == NULL);
	put32(APIC + 4, 0xfffffff0u); /* beyond memory */
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == NULL);
	build();
	put32(XSDT + 44, MEMORY_SIZE - 4); /* outside */
	put_table(XSDT, "XSDT", 52);
	EXPECT(acpi_table_find(map, RSDP, "APIC", 0) == NULL);
	EXPECT(acpi_table_find(map, RSDP, "FACP", 0) != NULL);
	build();
	memory[RSDP + 9] ^= 1;
	EXPECT_EQ(acpi_table_scan(memory, sizeof(memory)), SIZE_MAX);
	EXPECT(acpi_table_find(map, RSDP, "FACP", 0) == NULL);
}

static int soft_off(const unsigned char *aml, size_t size, uint8_t types[2])
{
	memset(memory, 0, sizeof(memory));
	memcpy(memory + 36, aml, size);
	put_table(0, "DSDT", (uint32_t)(36 + size));
	return acpi_table_soft_off((const struct acpi_table *)memory, types);
}

TEST(acpi_table, soft_off)
{
	static const unsigned char good[] = "\x08_S5_\x12\x06\x04\x0a\x05\x0a"
					    "\x05\x00\x00";
	static const unsigned char rooted[] = "xx\x08\\_S5_\x12\x06\x04\x00"
					      "\x01\x00\x00";
	static const unsigned char other[] = "\x08_S4_\x12\x06\x04\x0a\x02"
					     "\x0a\x02\x00\x00";
	uint8_t types[2] = {9, 9};

	EXPECT_EQ(soft_off(good, sizeof(good) - 1, types), 0);
	EXPECT_EQ(types[0], 5);
	EXPECT_EQ(types[1], 5);
	EXPECT_EQ(soft_off(rooted, sizeof(rooted) - 1, types), 0);
	EXPECT_EQ(types[0], 0);
	EXPECT_EQ(types[1], 1);
	EXPECT_EQ(soft_off(other, sizeof(other) - 1, types), -ENOENT);
	for (size_t cut = 0; cut < 11; cut++) { /* cut off anywhere */
		EXPECT_EQ(soft_off(good, cut, types), -ENOENT);
	}
}

TEST(acpi_table, device)
{
	static const unsigned char aml[] =
		"xxVR00\x08_HID\x0dLNRO0005\0\x08_UID\x00\x08_CRS\x11\x1a\x0a"
		"\x17\x86\x09\x00\x01\x00\x02\x00\xfe\x00\x02\x00\x00\x89\x06"
		"\x00\x01\x01\x10\x00\x00\x00\x79\x00";
	const struct acpi_table *dsdt = (const struct acpi_table *)memory;
	struct acpi_device_range range;

	memset(memory, 0, sizeof(memory));
	memcpy(memory + 36, aml, sizeof(aml));
	put_table(0, "DSDT", 36 + sizeof(aml));
	EXPECT_EQ(acpi_table_find_device(dsdt, "LNRO0005", 0, &range), 0);
	EXPECT_EQ(range.address, 0xfe000200);
	EXPECT_EQ(range.size, 0x200);
	EXPECT_EQ(range.line, 16);
	EXPECT_EQ(acpi_table_find_device(dsdt, "LNRO0005", 1, &range), -ENOENT);
	EXPECT_EQ(acpi_table_find_device(dsdt, "PNP0A08", 0, &range), -ENOENT);
	for (uint32_t cut = 36; cut < 36 + sizeof(aml) - 4; cut++) {
		put_table(0, "DSDT", cut);
		EXPECT_EQ(acpi_table_find_device(dsdt, "LNRO0005", 0, &range),
			  -ENOENT);
	}
}
