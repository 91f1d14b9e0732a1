/* SPDX-License-Identifier: BSD-3-Clause */

/* Partition tables: good ones built here, and damaged ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <debug/unit_test.h>
#include <drivers/block/internal.h>
#include <lib/crc32.h>

#define SECTORS 20000
#define MAX	63

static uint8_t *disk;

static int read_disk(const struct partition_source *source, uint64_t offset,
		     void *buffer, size_t size)
{
	uint64_t end = source->sector_count * SECTOR_SIZE;

	if (offset > end || size > end - offset) {
		return -EIO;
	}
	memcpy(buffer, disk + offset, size);
	return 0;
}

static struct partition_source source = {
	.read = read_disk,
	.sector_count = SECTORS,
	.block_size = 512,
	.name = "test",
};

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, 4);
}

static void put64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, 8);
}

static void put_entry(uint64_t sector, unsigned index, uint8_t type,
		      uint32_t first, uint32_t count)
{
	uint8_t *entry = disk + sector * SECTOR_SIZE + 446 + 16 * index;

	entry[4] = type;
	put32(entry + 8, first);
	put32(entry + 12, count);
	disk[sector * SECTOR_SIZE + 510] = 0x55;
	disk[sector * SECTOR_SIZE + 511] = 0xaa;
}

static void new_disk(void)
{
	free(disk);
	disk = calloc(SECTORS, SECTOR_SIZE);
}

static void make_mbr(void)
{
	new_disk();
	put_entry(0, 0, 0x83, 63, 1000);
	put_entry(0, 1, 0x05, 2000, 3000);
	put_entry(0, 2, 0x83, 19000, 5000); /* too long */
	put_entry(0, 3, 0x07, 6000, 100);
	put_entry(2000, 0, 0x83, 1, 500);
	put_entry(2000, 1, 0x05, 1000, 600);
	put_entry(3000, 0, 0x82, 2, 200);
}

static void make_gpt_at(uint64_t lba, uint64_t entries, uint32_t block_size)
{
	uint8_t *header = disk + lba * block_size;
	uint8_t *array = disk + entries * block_size;

	memset(array, 0, 128 * 128);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *entry = array + 128 * (i * 2);

		memset(entry, 0x11 + (int)i, 16);
		put64(entry + 32, 100 + i * 100);
		put64(entry + 40, 149 + i * 100);
	}
	memset(header, 0, 512);
	memcpy(header, "EFI PART", 8);
	put32(header + 8, 0x10000);
	put32(header + 12, 92);
	put64(header + 24, lba);
	put64(header + 40, 34);
	put64(header + 48, SECTORS / (block_size / 512) - 34);
	put64(header + 72, entries);
	put32(header + 80, 128);
	put32(header + 84, 128);
	put32(header + 88, crc32(0, array, 128 * 128));
	put32(header + 16, crc32(0, header, 92));
}

static void make_gpt(uint32_t block_size)
{
	uint64_t last = SECTORS / (block_size / 512) - 1;

	new_disk();
	put_entry(0, 0, 0xee, 1, SECTORS - 1);
	make_gpt_at(1, 2, block_size);
	make_gpt_at(last, last - 32, block_size);
}

TEST(partition, mbr_with_logical_ones)
{
	struct partition found[MAX];

	make_mbr();
	EXPECT_EQ(partition_table_read(&source, found, MAX), 4);
	EXPECT_EQ(found[0].number, 1);
	EXPECT_EQ(found[0].first, 63);
	EXPECT_EQ(found[0].count, 1000);
	EXPECT_EQ(found[1].number, 4);
	EXPECT_EQ(found[2].number, 5);
	EXPECT_EQ(found[2].first, 2001);
	EXPECT_EQ(found[3].number, 6);
	EXPECT_EQ(found[3].first, 3002);
	EXPECT_EQ(found[3].count, 200);
	EXPECT_EQ(partition_table_read(&source, found, 2), 2);
}

TEST(partition, extended_ring_ends)
{
	struct partition found[MAX];

	make_mbr();
	put_entry(3000, 1, 0x05, 1000, 10);
	EXPECT(partition_table_read(&source, found, MAX) <= MAX);
	put_entry(3000, 1, 0x05, 0xffffffff, 10);
	EXPECT_EQ(partition_table_read(&source, found, MAX), 4);
}

TEST(partition, no_table)
{
	struct partition found[MAX];

	new_disk();
	EXPECT_EQ(partition_table_read(&source, found, MAX), 0);
	make_mbr();
	disk[446] = 0x20; /* a boot sector of FAT */
	EXPECT_EQ(partition_table_read(&source, found, MAX), 0);
}

static void expect_gpt(void)
{
	struct partition found[MAX];
	uint64_t scale = source.block_size / 512;

	EXPECT_EQ(partition_table_read(&source, found, MAX), 3);
	EXPECT_EQ(found[2].number, 5);
	EXPECT_EQ(found[2].first, 300 * scale);
	EXPECT_EQ(found[2].count, 50 * scale);
}

TEST(partition, gpt)
{
	struct partition found[MAX];

	make_gpt(512);
	expect_gpt();
	disk[512 + 40] ^= 1; /* primary header: the backup helps */
	expect_gpt();
	disk[(SECTORS - 1) * 512 + 30] ^= 1;
	EXPECT_EQ(partition_table_read(&source, found, MAX), 0);
	make_gpt(512);
	disk[2 * 512 + 33] ^= 1; /* primary entries */
	expect_gpt();
	source.block_size = 4096;
	make_gpt(4096);
	expect_gpt();
	source.block_size = 512;
}

TEST(partition, damaged)
{
	struct partition found[MAX];

	srand(7);
	for (unsigned i = 0; i < 3000; i++) {
		int count;

		if (i % 200 == 0) {
			if (i % 400 == 0) {
				make_mbr();
			} else {
				make_gpt(512);
			}
		}
		disk[446 + rand() % 64] = (uint8_t)rand();
		disk[512 + rand() % 92] = (uint8_t)rand();
		put32(disk + 512 + 16, 0);
		put32(disk + 512 + 16, crc32(0, disk + 512, 92));
		count = partition_table_read(&source, found, MAX);
		for (int k = 0; k < count; k++) {
			EXPECT(found[k].first < SECTORS &&
			       found[k].count <= SECTORS - found[k].first &&
			       found[k].count > 0);
		}
	}
	free(disk);
	disk = NULL;
}
