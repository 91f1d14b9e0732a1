/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The tree of /sys, and the filesystem type.
 *
 * Directories that programs expect and that have nothing to say are there and
 * empty.  Nothing can be written.
 */
#include <fs/sysfs/internal.h>

#include <uapi/errno.h>

#define SYSFS_MAGIC 0x62656572

static const struct table_entry system_entries[] = {
	{
		.name = "cpu",
		.mode = MODE_DIRECTORY | 0555,
		.children = sysfs_cpu_entries,
		.child_count = SYSFS_CPU_COUNT,
		.numbers = &sysfs_cpus,
	},
	{
		.name = "node",
		.mode = MODE_DIRECTORY | 0555,
		.children = sysfs_node_entries,
		.child_count = SYSFS_NODE_COUNT,
		.numbers = &sysfs_nodes,
	},
};

static const struct table_entry device_entries[] = {
	TABLE_DIR("system", system_entries),
	TABLE_EMPTY_DIR("virtual"),
};

static const struct table_entry class_entries[] = {
	{
		.name = "block",
		.mode = MODE_DIRECTORY | 0555,
		.numbers = &sysfs_blocks,
	},
	TABLE_EMPTY_DIR("net"),
	TABLE_EMPTY_DIR("tty"),
};

static const struct table_entry dev_entries[] = {
	{
		.name = "block",
		.mode = MODE_DIRECTORY | 0555,
		.numbers = &sysfs_devices,
	},
	TABLE_EMPTY_DIR("char"),
};

static const struct table_entry fs_entries[] = {
	TABLE_EMPTY_DIR("cgroup"),
};

static const struct table_entry hugepages_entries[] = {
	TABLE_DIR("hugepages-2048kB", sysfs_huge_entries),
};

static const struct table_entry mm_entries[] = {
	TABLE_DIR("hugepages", hugepages_entries),
	TABLE_DIR("transparent_hugepage", sysfs_thp_entries),
};

static const struct table_entry kernel_entries[] = {
	TABLE_DIR("mm", mm_entries),
};

static const struct table_entry root_entries[] = {
	{
		.name = "block",
		.mode = MODE_DIRECTORY | 0555,
		.numbers = &sysfs_disks,
	},
	TABLE_EMPTY_DIR("bus"),
	TABLE_DIR("class", class_entries),
	TABLE_DIR("dev", dev_entries),
	TABLE_DIR("devices", device_entries),
	TABLE_EMPTY_DIR("firmware"),
	TABLE_DIR("fs", fs_entries),
	TABLE_DIR("kernel", kernel_entries),
	TABLE_EMPTY_DIR("module"),
	TABLE_EMPTY_DIR("power"),
};

static const struct table_entry root = TABLE_DIR("", root_entries);

static int mount(const struct filesystem_type *type, const char *source,
		 const char *options, struct superblock **superblock_out)
{
	(void)source;
	return table_mount(type, options, &root, SYSFS_MAGIC, superblock_out);
}

static const struct filesystem_type sysfs = {
	.name = "sysfs",
	.flags = FILESYSTEM_NODEV,
	.mount = mount,
};
FILESYSTEM(sysfs);
