/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Partitions as block devices: a request is checked against the partition
 * (block_submit), moved, and submitted to the disk.  Their page caches are
 * their own: as on Linux, raw writes to a disk do not show in the cache of
 * a partition that is in use.
 */
#include <drivers/block/internal.h>

#include <debug/log.h>
#include <lib/errno_name.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

static void submit(struct block_device *device, struct block_request *request)
{
	request->sector += device->first_sector;
	block_submit(device->whole, request);
}

static const struct block_device_ops partition_ops = {.submit = submit};

static int add_partition(struct block_device *disk,
			 const struct partition *partition)
{
	struct block_device *device = kzalloc(sizeof(*device));
	int err;

	if (device == NULL) {
		return -ENOMEM;
	}
	ksnprintf(device->name, sizeof(device->name), "%s.%u", disk->name,
		  partition->number);
	device->ops = &partition_ops;
	device->whole = disk;
	device->partition = partition->number;
	device->first_sector = partition->first;
	device->sector_count = partition->count;
	device->block_size = disk->block_size;
	device->read_only = disk->read_only;
	device->has_flush = disk->has_flush;
	device->has_discard = disk->has_discard;
	device->segment_max = disk->segment_max;
	device->device =
		MAKE_DEVICE(DEVICE_MAJOR(disk->device),
			    DEVICE_MINOR(disk->device) + partition->number);
	err = block_add(device);
	if (err < 0) {
		kfree(device);
	}
	return err;
}

static int read_disk(const struct partition_source *source, uint64_t offset,
		     void *buffer, size_t size)
{
	return block_read_bytes(source->private, offset, buffer, size);
}

void block_scan_partitions(struct block_device *disk)
{
	struct partition_source source = {
		.read = read_disk,
		.private = disk,
		.sector_count = disk->sector_count,
		.block_size = disk->block_size,
		.name = disk->name,
	};
	struct partition *partitions =
		kcalloc(BLOCK_PARTITION_MAX - 1, sizeof(*partitions));
	int count = -ENOMEM;

	if (partitions != NULL) {
		count = partition_table_read(&source, partitions,
					     BLOCK_PARTITION_MAX - 1);
	}
	if (count < 0) {
		log_warning("%s: cannot read the partition table: %s",
			    disk->name, errno_name(count));
	}
	for (int i = 0; i < count; i++) {
		int err = partitions[i].number < BLOCK_PARTITION_MAX
				  ? add_partition(disk, &partitions[i])
				  : -ENOSPC;

		if (err < 0) {
			log_warning("%s: partition %u: %s", disk->name,
				    partitions[i].number, errno_name(err));
		}
	}
	kfree(partitions);
}
