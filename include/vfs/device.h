/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Devices as files: character and block devices appear in /dev (devfs).
 */
#include <stdbool.h>
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

/*
 * devfs: calls func for each device that is there, and from then on for each
 * that comes (added) or goes.  One listener; it may sleep but not register.
 * 0 or the first error.
 */
typedef int device_listener(struct char_device *device, bool added);
int char_device_listen(device_listener *func);
