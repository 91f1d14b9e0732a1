/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Block devices: the list of them, and the check in front of every request.
 *
 * Device numbers: major 254, BLOCK_PARTITION_MAX minors for each disk, minor
 * 0 of them the whole disk.  Disks are numbered in order of registration,
 * at most BLOCK_DISK_MAX.
 *
 * Lock: devices_lock guards the list.  Devices are never removed, so a
 * pointer stays good without it.
 */
#include <drivers/block.h>

#include <drivers/block/internal.h>
#include <init/hooks.h>
#include <lib/align.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

static struct spinlock devices_lock = SPINLOCK_INIT("block.devices");
static struct list devices = LIST_INITIALIZER(devices); /* [devices_lock] */
static unsigned disk_count;				/* [devices_lock] */
static bool scan_at_once; /* [devices_lock] the boot's scan is over */

/* --- look-up -------------------------------------------------------------- */

static struct block_device *find_locked(const char *name)
{
	struct block_device *device;

	list_for_each (device, &devices, link) {
		if (strcmp(device->name, name) == 0) {
			return device;
		}
	}
	return NULL;
}

struct block_device *block_device_find(const char *name)
{
	struct block_device *device;

	if (strncmp(name, "/dev/", 5) == 0) {
		name += 5;
	}
	spin_lock(&devices_lock);
	device = find_locked(name);
	spin_unlock(&devices_lock);
	return device;
}

struct block_device *block_device_find_number(uint64_t number)
{
	struct block_device *device;
	struct block_device *found = NULL;

	spin_lock(&devices_lock);
	list_for_each (device, &devices, link) {
		if (device->device == number) {
			found = device;
			break;
		}
	}
	spin_unlock(&devices_lock);
	return found;
}

struct block_device *block_device_next(struct block_device *device)
{
	struct list_node *node;

	spin_lock(&devices_lock);
	node = device == NULL ? list_first_node(&devices)
			      : list_next_node(&devices, &device->link);
	spin_unlock(&devices_lock);
	return node == NULL ? NULL
			    : list_entry(node, struct block_device, link);
}

/* --- registration -----------------------------------------------------------
 */

int block_add(struct block_device *device)
{
	int err;

	block_cache_init(device);
	spin_lock(&devices_lock);
	if (find_locked(device->name) != NULL) {
		spin_unlock(&devices_lock);
		return -EEXIST;
	}
	list_add_tail(&devices, &device->link);
	spin_unlock(&devices_lock);
	err = block_node_create(device);
	if (err < 0) {
		spin_lock(&devices_lock);
		list_remove(&device->link);
		spin_unlock(&devices_lock);
	}
	return err;
}

static bool is_plausible(const struct block_device *device)
{
	return device->ops != NULL && device->ops->submit != NULL &&
	       device->sector_count != 0 &&
	       device->sector_count <= INT64_MAX / SECTOR_SIZE &&
	       is_power_of_two(device->block_size) &&
	       device->block_size >= SECTOR_SIZE;
}

static int take_number(struct block_device *device, bool *scan_out)
{
	int err = -ENOSPC;

	spin_lock(&devices_lock);
	if (disk_count < BLOCK_DISK_MAX) {
		device->device = MAKE_DEVICE(BLOCK_MAJOR,
					     disk_count * BLOCK_PARTITION_MAX);
		if (device->name[0] == '\0') {
			ksnprintf(device->name, sizeof(device->name), "vblk%u",
				  disk_count);
		}
		disk_count++;
		err = 0;
	}
	*scan_out = scan_at_once;
	spin_unlock(&devices_lock);
	return err;
}

int block_device_register(struct block_device *device)
{
	bool scan;
	int err;

	if (device->block_size == 0) {
		device->block_size = SECTOR_SIZE;
	}
	if (!is_plausible(device)) {
		return -EINVAL;
	}
	if (device->segment_max == 0 ||
	    device->segment_max > BLOCK_SEGMENT_MAX) {
		device->segment_max = BLOCK_SEGMENT_MAX;
	}
	device->whole = NULL;
	device->first_sector = 0;
	device->partition = 0;
	err = take_number(device, &scan);
	if (err == 0) {
		err = block_add(device);
	}
	if (err == 0 && scan) {
		block_scan_partitions(device);
	}
	return err;
}

/* All disks that the drivers found; later ones are scanned at once. */
static int scan_disks(void)
{
	struct block_device *device = NULL;

	spin_lock(&devices_lock);
	scan_at_once = true;
	spin_unlock(&devices_lock);
	while ((device = block_device_next(device)) != NULL) {
		if (device->whole == NULL) {
			block_scan_partitions(device);
		}
	}
	return 0;
}
INIT_HOOK(block_partitions, scan_disks, INIT_FILESYSTEM);

/* --- requests ----------------------------------------------------------------
 */

/* Sectors of the segments, or 0 when one of them is malformed. */
static uint64_t count_sectors(const struct block_request *request)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];

		if (segment->size == 0 || segment->size > PAGE_SIZE ||
		    segment->offset > PAGE_SIZE - segment->size ||
		    !IS_ALIGNED(segment->size | segment->offset, SECTOR_SIZE)) {
			return 0;
		}
		bytes += segment->size;
	}
	return bytes / SECTOR_SIZE;
}

static int check_transfer(const struct block_device *device,
			  const struct block_request *request, uint64_t count)
{
	uint64_t unit = device->block_size / SECTOR_SIZE;

	if (count == 0 || !IS_ALIGNED(request->sector | count, unit) ||
	    request->sector > device->sector_count ||
	    count > device->sector_count - request->sector) {
		return -EIO;
	}
	if (request->operation != BLOCK_READ && device->read_only) {
		return -EROFS;
	}
	return 0;
}

static int check_request(const struct block_device *device,
			 const struct block_request *request,
			 uint64_t *count_out)
{
	switch (request->operation) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		if (request->segment_count > device->segment_max) {
			return -EIO;
		}
		*count_out = count_sectors(request);
		return check_transfer(device, request, *count_out);
	case BLOCK_FLUSH:
		*count_out = 0;
		return device->has_flush ? 0 : -EOPNOTSUPP;
	case BLOCK_DISCARD:
		*count_out = request->discard_count;
		return device->has_discard
			       ? check_transfer(device, request, *count_out)
			       : -EOPNOTSUPP;
	}
	return -EIO;
}

static void add(uint64_t *counter, uint64_t delta)
{
	__atomic_fetch_add(counter, delta, __ATOMIC_RELAXED);
}

static void account(struct block_device *device,
		    const struct block_request *request, uint64_t count)
{
	struct block_stats *stats = &device->stats;

	switch (request->operation) {
	case BLOCK_READ:
		add(&stats->reads, 1);
		add(&stats->read_sectors, count);
		break;
	case BLOCK_WRITE:
		add(&stats->writes, 1);
		add(&stats->write_sectors, count);
		break;
	case BLOCK_DISCARD:
		add(&stats->discards, 1);
		add(&stats->discard_sectors, count);
		break;
	case BLOCK_FLUSH:
		add(&stats->flushes, 1);
		break;
	}
}

void block_submit(struct block_device *device, struct block_request *request)
{
	uint64_t count;
	int err = check_request(device, request, &count);

	if (err < 0) {
		request->status = err;
		request->done(request);
		return;
	}
	request->status = 0;
	account(device, request, count);
	device->ops->submit(device, request);
}
