/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Devices as files: character and block devices appear in /dev (devfs).
 */
#include <stdint.h>

#include <lib/list.h>

struct block_device;
struct file;
struct file_ops;
struct inode;

struct char_device {
	const char *name;	    /* "null", "pts/0": path below /dev */
	uint64_t device;	    /* MAKE_DEVICE() */
	uint32_t mode;		    /* permission bits; MODE_BLOCK or, default,
				     * MODE_CHARACTER */
	const struct file_ops *ops; /* of files opened on it */
	/* May set file->private, replace file->ops; NULL: nothing to do. */
	int (*open)(struct inode *inode, struct file *file);
	void *private;
	struct list_node link;
};

/* Adds the node; devfs shows it at once if mounted.  0, -EEXIST, -ENOMEM. */
int char_device_register(struct char_device *device);
void char_device_unregister(struct char_device *device);

/* The device with this number, or NULL: opening device nodes anywhere. */
struct char_device *char_device_find(uint64_t device);
/* The same among those with MODE_BLOCK: numbers are counted apart. */
struct char_device *char_device_find_block(uint64_t device);
