/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Partition tables: MBR with its chain of extended ones, and GPT (UEFI 2.10,
 * chapter 5).  Pure: reads through the caller's function, registers nothing.
 *
 *	sector 0   MBR: four entries at 446, signature 55 aa at 510
 *	LBA 1      GPT header, found by an MBR entry of type ee; the backup at
 *	           the last LBA is used when it is damaged
 *	header's   array of entries, checked by CRC-32
 *
 * Everything is checked: a table that is not consistent counts as none, an
 * entry that leaves the disk is left out and logged.  Bounds: LOGICAL_MAX
 * logical partitions, GPT_ENTRY_COUNT_MAX entries of GPT_ENTRY_SIZE_MAX bytes.
 */
#include <drivers/block/internal.h>

#include <debug/log.h>
#include <lib/align.h>
#include <lib/crc32.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define MBR_ENTRIES    446
#define MBR_ENTRY_SIZE 16
#define MBR_SIGNATURE  510
#define LOGICAL_MAX    59

#define GPT_SIGNATURE	    0x5452415020494645ull /* "EFI PART" */
#define GPT_HEADER_MIN	    92
#define GPT_ENTRY_SIZE_MIN  128
#define GPT_ENTRY_SIZE_MAX  4096
#define GPT_ENTRY_COUNT_MAX 1024

#define TYPE_EXTENDED_CHS   0x05
#define TYPE_EXTENDED_LBA   0x0f
#define TYPE_EXTENDED_LINUX 0x85
#define TYPE_GPT	    0xee

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t le64(const uint8_t *bytes)
{
	return le32(bytes) | (uint64_t)le32(bytes + 4) << 32;
}

struct table {
	const struct partition_source *source;
	struct partition *partitions;
	size_t max;
	size_t count;
};

/* In sectors of 512 bytes. */
static void add(struct table *table, unsigned number, uint64_t first,
		uint64_t count)
{
	uint64_t sectors = table->source->sector_count;

	if (first == 0 || count == 0 || first >= sectors ||
	    count > sectors - first) {
		log_warning("%s: partition %u lies outside of the disk",
			    table->source->name, number);
		return;
	}
	if (table->count == table->max) {
		log_warning("%s: partition %u is one too many",
			    table->source->name, number);
		return;
	}
	table->partitions[table->count++] = (struct partition){
		.number = number,
		.first = first,
		.count = count,
	};
}

/* --- MBR --------------------------------------------------------------------
 */

struct mbr_entry {
	uint8_t boot;
	uint8_t type;
	uint32_t first;
	uint32_t count;
};

static struct mbr_entry mbr_entry(const uint8_t *sector, unsigned index)
{
	const uint8_t *raw = sector + MBR_ENTRIES + index * MBR_ENTRY_SIZE;

	return (struct mbr_entry){
		.boot = raw[0],
		.type = raw[4],
		.first = le32(raw + 8),
		.count = le32(raw + 12),
	};
}

static bool is_extended(uint8_t type)
{
	return type == TYPE_EXTENDED_CHS || type == TYPE_EXTENDED_LBA ||
	       type == TYPE_EXTENDED_LINUX;
}

static bool is_mbr(const uint8_t *sector)
{
	return sector[MBR_SIGNATURE] == 0x55 &&
	       sector[MBR_SIGNATURE + 1] == 0xaa;
}

/* Boot sectors of FAT and NTFS have the signature too, but text where the
 * entries would be. */
static bool is_mbr_with_entries(const uint8_t *sector)
{
	for (unsigned i = 0; i < 4; i++) {
		if ((mbr_entry(sector, i).boot & 0x7f) != 0) {
			return false;
		}
	}
	return is_mbr(sector);
}

/*
 * The chain: each extended boot record holds one logical partition, relative
 * to itself, and the place of the next record, relative to the first.
 */
static int read_logical(struct table *table, uint64_t start, uint64_t scale)
{
	const struct partition_source *source = table->source;
	uint64_t record = start;
	uint8_t sector[SECTOR_SIZE];

	for (unsigned i = 0; i < LOGICAL_MAX; i++) {
		struct mbr_entry data;
		struct mbr_entry next;
		int err;

		if (record >= source->sector_count) {
			return 0;
		}
		err = source->read(source, record * SECTOR_SIZE, sector,
				   sizeof(sector));
		if (err < 0) {
			return err;
		}
		if (!is_mbr(sector)) {
			return 0;
		}
		data = mbr_entry(sector, 0);
		next = mbr_entry(sector, 1);
		if (data.type != 0 && data.count != 0) {
			add(table, 5 + i, record + data.first * scale,
			    data.count * scale);
		}
		if (!is_extended(next.type) || next.first == 0) {
			return 0;
		}
		record = start + next.first * scale;
	}
	log_warning("%s: more than %u logical partitions", source->name,
		    LOGICAL_MAX);
	return 0;
}

static int read_mbr(struct table *table, const uint8_t *sector)
{
	uint64_t scale = table->source->block_size / SECTOR_SIZE;
	uint64_t extended = 0;

	for (unsigned i = 0; i < 4; i++) {
		struct mbr_entry entry = mbr_entry(sector, i);

		if (entry.type == 0 || entry.count == 0) {
			continue;
		}
		if (is_extended(entry.type)) {
			if (extended == 0) {
				extended = entry.first * scale;
			}
			continue;
		}
		add(table, 1 + i, entry.first * scale, entry.count * scale);
	}
	return extended == 0 ? 0 : read_logical(table, extended, scale);
}

/* --- GPT ---------------------------------------------------------------------
 */

struct gpt_header {
	uint64_t first_usable, last_usable;
	uint64_t entries; /* LBA */
	uint32_t entry_count;
	uint32_t entry_size;
	uint32_t entries_crc;
};

/* 0, -EINVAL (no valid header there), -EIO. */
static int gpt_header(const struct partition_source *source, uint64_t lba,
		      struct gpt_header *header_out)
{
	uint64_t lba_count =
		source->sector_count / (source->block_size / SECTOR_SIZE);
	uint8_t raw[SECTOR_SIZE];
	uint32_t size;
	uint32_t crc;
	int err = source->read(source, lba * source->block_size, raw,
			       sizeof(raw));

	if (err < 0) {
		return err;
	}
	size = le32(raw + 12);
	crc = le32(raw + 16);
	if (le64(raw) != GPT_SIGNATURE || size < GPT_HEADER_MIN ||
	    size > sizeof(raw)) {
		return -EINVAL;
	}
	memset(raw + 16, 0, 4);
	if (crc32(0, raw, size) != crc || le64(raw + 24) != lba) {
		return -EINVAL;
	}
	*header_out = (struct gpt_header){
		.first_usable = le64(raw + 40),
		.last_usable = le64(raw + 48),
		.entries = le64(raw + 72),
		.entry_count = le32(raw + 80),
		.entry_size = le32(raw + 84),
		.entries_crc = le32(raw + 88),
	};
	if (header_out->entry_count > GPT_ENTRY_COUNT_MAX ||
	    header_out->entry_size < GPT_ENTRY_SIZE_MIN ||
	    header_out->entry_size > GPT_ENTRY_SIZE_MAX ||
	    !is_power_of_two(header_out->entry_size) ||
	    header_out->entries >= lba_count ||
	    header_out->first_usable > header_out->last_usable ||
	    header_out->last_usable >= lba_count) {
		return -EINVAL;
	}
	return 0;
}

/* The array is read entry by entry: twice, so that nothing is believed
 * before the sum is known. */
static int gpt_check_entries(const struct partition_source *source,
			     const struct gpt_header *header, uint8_t *raw)
{
	uint64_t offset = header->entries * source->block_size;
	uint32_t crc = 0;

	for (uint32_t i = 0; i < header->entry_count; i++) {
		int err = source->read(source, offset, raw, header->entry_size);

		if (err < 0) {
			return err;
		}
		crc = crc32(crc, raw, header->entry_size);
		offset += header->entry_size;
	}
	return crc == header->entries_crc ? 0 : -EINVAL;
}

static int gpt_add_entries(struct table *table, const struct gpt_header *header,
			   uint8_t *raw)
{
	static const uint8_t unused[16];
	const struct partition_source *source = table->source;
	uint64_t scale = source->block_size / SECTOR_SIZE;

	for (uint32_t i = 0; i < header->entry_count; i++) {
		uint64_t first;
		uint64_t last;
		int err = source->read(source,
				       header->entries * source->block_size +
					       (uint64_t)i * header->entry_size,
				       raw, header->entry_size);

		if (err < 0) {
			return err;
		}
		if (memcmp(raw, unused, sizeof(unused)) == 0) {
			continue;
		}
		first = le64(raw + 32);
		last = le64(raw + 40);
		if (first < header->first_usable ||
		    last > header->last_usable || first > last) {
			log_warning("%s: partition %u lies outside of the "
				    "usable blocks",
				    source->name, i + 1);
			continue;
		}
		add(table, i + 1, first * scale, (last - first + 1) * scale);
	}
	return 0;
}

static int read_gpt_at(struct table *table, uint64_t lba)
{
	struct gpt_header header;
	uint8_t *raw;
	int err = gpt_header(table->source, lba, &header);

	if (err < 0) {
		return err;
	}
	raw = kmalloc(header.entry_size);
	if (raw == NULL) {
		return -ENOMEM;
	}
	err = gpt_check_entries(table->source, &header, raw);
	if (err == 0) {
		err = gpt_add_entries(table, &header, raw);
	}
	kfree(raw);
	return err;
}

static int read_gpt(struct table *table)
{
	const struct partition_source *source = table->source;
	uint64_t last =
		source->sector_count / (source->block_size / SECTOR_SIZE) - 1;
	int err = read_gpt_at(table, 1);

	if (err == -EINVAL) {
		log_warning("%s: damaged GPT, trying the backup", source->name);
		err = read_gpt_at(table, last);
	}
	if (err == -EINVAL) {
		log_warning("%s: no valid GPT", source->name);
		err = 0;
	}
	return err;
}

int partition_table_read(const struct partition_source *source,
			 struct partition *partitions, size_t max)
{
	struct table table = {
		.source = source,
		.partitions = partitions,
		.max = max,
	};
	uint8_t sector[SECTOR_SIZE];
	bool gpt = false;
	int err;

	if (source->sector_count * SECTOR_SIZE < 2ull * source->block_size) {
		return 0;
	}
	err = source->read(source, 0, sector, sizeof(sector));
	if (err < 0) {
		return err;
	}
	if (!is_mbr_with_entries(sector)) {
		return 0;
	}
	for (unsigned i = 0; i < 4; i++) {
		gpt = gpt || mbr_entry(sector, i).type == TYPE_GPT;
	}
	err = gpt ? read_gpt(&table) : read_mbr(&table, sector);
	return err < 0 ? err : (int)table.count;
}
