/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /sys/block with the partitions below their disks, and links to all in
 * /sys/class/block and /sys/dev/block.  A disk is known here by its place in
 * the list of devices, which only grows.
 */
#include <fs/sysfs/internal.h>

#include <arch/mmu.h>
#include <drivers/block.h>
#include <lib/bitmap.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <uapi/errno.h>

#define ULL(x)	  ((unsigned long long)(x))
#define NAME_SIZE 64

static struct block_device *device_at(int number)
{
	struct block_device *device = block_device_next(NULL);

	while (device != NULL && number-- > 0) {
		device = block_device_next(device);
	}
	return device;
}

#define SHOW_DEVICE(function, format, value)                                   \
	static int function(struct table_text *text,                           \
			    const struct table_target *target)                 \
	{                                                                      \
		const struct block_device *device = device_at(target->number); \
                                                                               \
		if (device == NULL) {                                          \
			return -ENODEV;                                        \
		}                                                              \
		table_text_add(text, format "\n", value);                      \
		return 0;                                                      \
	}

SHOW_DEVICE(show_size, "%llu", ULL(device->sector_count))
SHOW_DEVICE(show_read_only, "%d", device->read_only)
SHOW_DEVICE(show_start, "%llu", ULL(device->first_sector))
SHOW_DEVICE(show_partition, "%u", device->partition)
SHOW_DEVICE(show_block_size, "%u", device->block_size)
SHOW_DEVICE(show_max_sectors, "%llu",
	    ULL(device->segment_max *(PAGE_SIZE / 1024)))
SHOW_DEVICE(show_max_segments, "%u", device->segment_max)
SHOW_DEVICE(show_granularity, "%u",
	    device->has_discard ? device->block_size : 0)
SHOW_DEVICE(show_write_cache, "%s",
	    device->has_flush ? "write back" : "write through")

static int show_device(struct table_text *text,
		       const struct table_target *target)
{
	const struct block_device *device = device_at(target->number);

	if (device == NULL) {
		return -ENODEV;
	}
	table_text_add(text, "%llu:%llu\n", ULL(DEVICE_MAJOR(device->device)),
		       ULL(DEVICE_MINOR(device->device)));
	return 0;
}

static int show_uevent(struct table_text *text,
		       const struct table_target *target)
{
	const struct block_device *device = device_at(target->number);

	if (device == NULL) {
		return -ENODEV;
	}
	table_text_add(text, "MAJOR=%llu\nMINOR=%llu\nDEVNAME=%s\nDEVTYPE=%s\n",
		       ULL(DEVICE_MAJOR(device->device)),
		       ULL(DEVICE_MINOR(device->device)), device->name,
		       device->partition != 0 ? "partition" : "disk");
	return 0;
}

/* The columns of /proc/diskstats behind the name. */
static int show_stat(struct table_text *text, const struct table_target *target)
{
	const struct block_device *device = device_at(target->number);
	const struct block_stats *s;

	if (device == NULL) {
		return -ENODEV;
	}
	s = &device->stats;
	table_text_add(
		text,
		"%8llu        0 %8llu        0 %8llu        0 %8llu "
		"       0        0        0        0 ",
		ULL(READ_ONCE(s->reads)), ULL(READ_ONCE(s->read_sectors)),
		ULL(READ_ONCE(s->writes)), ULL(READ_ONCE(s->write_sectors)));
	table_text_add(text, "%8llu        0 %8llu        0 %8llu        0\n",
		       ULL(READ_ONCE(s->discards)),
		       ULL(READ_ONCE(s->discard_sectors)),
		       ULL(READ_ONCE(s->flushes)));
	return 0;
}

SYSFS_NUMBER(show_zero, 0)
SYSFS_TEXT(show_scheduler, "[none]")

static const struct table_entry queue_entries[] = {
	TABLE_FILE("discard_granularity", show_granularity),
	TABLE_FILE("hw_sector_size", show_block_size),
	TABLE_FILE("logical_block_size", show_block_size),
	TABLE_FILE("max_sectors_kb", show_max_sectors),
	TABLE_FILE("max_segments", show_max_segments),
	TABLE_FILE("minimum_io_size", show_block_size),
	TABLE_FILE("optimal_io_size", show_zero),
	TABLE_FILE("physical_block_size", show_block_size),
	TABLE_FILE("rotational", show_zero),
	TABLE_FILE("scheduler", show_scheduler),
	TABLE_FILE("write_cache", show_write_cache),
};

#define COMMON_ENTRIES                                                         \
	TABLE_FILE("dev", show_device), TABLE_FILE("ro", show_read_only),      \
		TABLE_FILE("size", show_size), TABLE_FILE("stat", show_stat),  \
		TABLE_FILE("uevent", show_uevent)

static const struct table_entry disk_entries[] = {
	COMMON_ENTRIES,
	TABLE_DIR("queue", queue_entries),
	TABLE_FILE("removable", show_zero),
};

/* What `partition` is in makes it one for programs. */
static const struct table_entry partition_entries[] = {
	COMMON_ENTRIES,
	TABLE_FILE("partition", show_partition),
	TABLE_FILE("start", show_start),
};

static const struct table_numbers partitions;

static const struct table_entry one_disk = {
	.name = "",
	.mode = MODE_DIRECTORY | 0555,
	.children = disk_entries,
	.child_count = ARRAY_SIZE(disk_entries),
	.numbers = &partitions,
};

static const struct table_entry one_partition =
	TABLE_DIR("", partition_entries);

/* --- which ------------------------------------------------------------------
 */

static size_t device_limit(const struct table_target *target)
{
	struct block_device *device = NULL;
	size_t count = 0;

	(void)target;
	while ((device = block_device_next(device)) != NULL) {
		count++;
	}
	return count;
}

/* NULL: whole disks; else the partitions of that one. */
static int list_of(const struct block_device *whole, uint64_t *bitmap,
		   size_t limit)
{
	struct block_device *device = NULL;

	for (size_t i = 0;
	     i < limit && (device = block_device_next(device)) != NULL; i++) {
		if (device->whole == whole) {
			bitmap_set(bitmap, i);
		}
	}
	return 0;
}

static int list_disks(const struct table_target *target, uint64_t *bitmap,
		      size_t limit)
{
	(void)target;
	return list_of(NULL, bitmap, limit);
}

static int list_partitions(const struct table_target *target, uint64_t *bitmap,
			   size_t limit)
{
	const struct block_device *whole = device_at(target->number);

	return whole == NULL ? 0 : list_of(whole, bitmap, limit);
}

static int list_all(const struct table_target *target, uint64_t *bitmap,
		    size_t limit)
{
	(void)target;
	bitmap_set_range(bitmap, 0, limit);
	return 0;
}

static void device_name(int number, char *buf, size_t size)
{
	const struct block_device *device = device_at(number);

	string_copy(buf, device == NULL ? "" : device->name, size);
}

static void device_number_name(int number, char *buf, size_t size)
{
	const struct block_device *device = device_at(number);
	uint64_t id = device == NULL ? 0 : device->device;

	ksnprintf(buf, size, "%llu:%llu", ULL(DEVICE_MAJOR(id)),
		  ULL(DEVICE_MINOR(id)));
}

static int find_named(const char *name, size_t length,
		      void (*name_of)(int number, char *buf, size_t size))
{
	int count = (int)device_limit(NULL);
	char own[NAME_SIZE];

	for (int number = 0; number < count; number++) {
		name_of(number, own, sizeof(own));
		if (strlen(own) == length && memcmp(own, name, length) == 0) {
			return number;
		}
	}
	return -ENOENT;
}

static int number_of_name(const char *name, size_t length)
{
	return find_named(name, length, device_name);
}

static int number_of_device(const char *name, size_t length)
{
	return find_named(name, length, device_number_name);
}

static int find_any(const struct table_target *target, int number,
		    struct table_target *target_out)
{
	if (device_at(number) == NULL) {
		return -ENOENT;
	}
	*target_out = *target;
	target_out->number = number;
	return 0;
}

static int find_disk(const struct table_target *target, int number,
		     struct table_target *target_out)
{
	const struct block_device *device = device_at(number);

	return device == NULL || device->whole != NULL
		       ? -ENOENT
		       : find_any(target, number, target_out);
}

static int find_partition(const struct table_target *target, int number,
			  struct table_target *target_out)
{
	const struct block_device *whole = device_at(target->number);
	const struct block_device *device = device_at(number);

	return whole == NULL || device == NULL || device->whole != whole
		       ? -ENOENT
		       : find_any(target, number, target_out);
}

const struct table_numbers sysfs_disks = {
	.entry = &one_disk,
	.name = device_name,
	.number = number_of_name,
	.list = list_disks,
	.limit = device_limit,
	.find = find_disk,
};

static const struct table_numbers partitions = {
	.entry = &one_partition,
	.name = device_name,
	.number = number_of_name,
	.list = list_partitions,
	.limit = device_limit,
	.find = find_partition,
};

/* --- links to all, from two levels below /sys --------------------------------
 */

static ssize_t read_link(const struct table_target *target, char *buf,
			 size_t size)
{
	const struct block_device *device = device_at(target->number);

	if (device == NULL) {
		return -ENOENT;
	}
	if (device->whole == NULL) {
		return (ssize_t)kscnprintf(buf, size, "../../block/%s",
					   device->name);
	}
	return (ssize_t)kscnprintf(buf, size, "../../block/%s/%s",
				   device->whole->name, device->name);
}

static const struct table_entry device_link = {
	.name = "",
	.mode = MODE_SYMLINK | 0777,
	.readlink = read_link,
};

const struct table_numbers sysfs_blocks = {
	.entry = &device_link,
	.name = device_name,
	.number = number_of_name,
	.list = list_all,
	.limit = device_limit,
	.find = find_any,
};

const struct table_numbers sysfs_devices = {
	.entry = &device_link,
	.name = device_number_name,
	.number = number_of_device,
	.list = list_all,
	.limit = device_limit,
	.find = find_any,
};
