/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files of drivers/block share with each other only. */
#include <stddef.h>
#include <stdint.h>

#include <drivers/block.h>

/* --- block.c ------------------------------------------------------------- */

#define BLOCK_MAJOR	    254 /* dynamic on Linux, often this one */
#define BLOCK_DISK_MAX	    256
#define BLOCK_PARTITION_MAX 64 /* minors of a disk, itself included */

/* Adds a device whose name and number are set. */
int block_add(struct block_device *device);

/* --- cache.c ------------------------------------------------------------- */

void block_cache_init(struct block_device *device);

/* --- io.c ---------------------------------------------------------------- */

/* Writes one segment and waits. */
int block_write_segment(struct block_device *device, uint64_t sector,
			const struct block_segment *segment);

/* --- node.c -------------------------------------------------------------- */

/* 0 or -ENOMEM, -EEXIST. */
int block_node_create(struct block_device *device);

/* --- partition.c ---------------------------------------------------------- */

/* Registers the partitions of a disk; what is wrong is logged. */
void block_scan_partitions(struct block_device *disk);

/* --- partition_table.c: pure, tested on the host ---------------------------
 */

struct partition {
	unsigned number; /* as Linux counts */
	uint64_t first;	 /* sectors of 512 bytes */
	uint64_t count;
};

struct partition_source {
	/* Reads bytes; 0 or -EIO. */
	int (*read)(const struct partition_source *source, uint64_t offset,
		    void *buffer, size_t size);
	void *private;
	uint64_t sector_count;
	uint32_t block_size;
	const char *name; /* for the log */
};

/*
 * The partitions of the table, at most `max`, each inside the disk and not
 * empty.  Returns their number, 0 without a table, -EIO, -ENOMEM.
 */
int partition_table_read(const struct partition_source *source,
			 struct partition *partitions, size_t max);
