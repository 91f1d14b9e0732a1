/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Block devices: asynchronous requests on pages.
 *
 * 1. Drivers fill struct block_device (all that is [I] below; a name or "" to
 *    be called vblk0, vblk1 ... in the order of registration) and register it.
 *    It appears as /dev/<name> with its own page cache, which filesystems and
 *    raw reads share.  Partitions (MBR, GPT) are devices of their own:
 *    vblk0.1; they are looked for once, at the end of the driver level.
 * 2. Requests go through block_submit(), which checks them against the
 *    device: a driver sees only requests that lie on the device.
 * 3. Registration is for ever: no driver removes a disk.
 *
 * Locks: the list of devices has a spinlock that is held for look-ups only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/types.h>
#include <mm/page_cache.h>

#define SECTOR_SIZE 512

enum block_operation {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,
	BLOCK_DISCARD, /* discard_count sectors, no segments */
};

#define BLOCK_SEGMENT_MAX 128

struct block_segment {
	struct page *page;
	uint32_t offset; /* both multiples of SECTOR_SIZE; within the page */
	uint32_t size;
};

struct block_request {
	enum block_operation operation;
	bool force_unit_access;
	uint64_t sector; /* changes on the way through partitions */
	const struct block_segment *segments; /* valid until done() */
	size_t segment_count;		      /* <= device->segment_max */
	uint64_t discard_count;		      /* sectors */
	int status;			      /* 0, -EIO, -EOPNOTSUPP */
	/* Called once, maybe in interrupt context; the request is the
	 * submitter's again. */
	void (*done)(struct block_request *request);
	void *private;	       /* of the submitter */
	struct list_node link; /* of the driver */
	void *driver_private;
};

struct block_device;

struct block_device_ops {
	/* Queues; never fails synchronously but through done().  May sleep
	 * when the ring is full.  Called by block_submit() only. */
	void (*submit)(struct block_device *device,
		       struct block_request *request);
};

/* Since boot, [a]. */
struct block_stats {
	uint64_t reads, read_sectors;
	uint64_t writes, write_sectors;
	uint64_t discards, discard_sectors;
	uint64_t flushes;
};

struct block_device {
	char name[32];			    /* [I] "vblk0" */
	const struct block_device_ops *ops; /* [I] */
	uint64_t sector_count;		    /* [I] */
	uint32_t block_size;		    /* [I] logical; 0 becomes 512 */
	bool read_only;			    /* [I] */
	bool has_flush, has_discard;	    /* [I] */
	uint32_t segment_max;		    /* [I] per request; 0: the most */
	uint64_t device;	 /* [I] MAKE_DEVICE(), set by registration */
	struct page_cache cache; /* contents of the whole device */
	struct block_stats stats;
	void *private;		    /* of the driver */
	struct block_device *whole; /* [I] of a partition, else NULL */
	uint64_t first_sector;	    /* [I] of a partition */
	unsigned partition;	    /* [I] number; 0: whole disk */
	struct block_node *node;    /* [I] the /dev node */
	struct list_node link;
};

/* Thread context.  0, -EINVAL (no sectors, no operations), -EEXIST (name),
 * -ENOSPC (256 disks), -ENOMEM. */
int block_device_register(struct block_device *device);
/* By name ("vblk0" or "/dev/vblk0"); NULL: none. */
struct block_device *block_device_find(const char *name);
struct block_device *block_device_find_number(uint64_t device);
/* The device after this one in order of registration, NULL: the first one;
 * NULL at the end. */
struct block_device *block_device_next(struct block_device *device);

/* Hands the request to the device, or answers it with -EIO (outside of the
 * device, malformed), -EROFS or -EOPNOTSUPP.  May sleep. */
void block_submit(struct block_device *device, struct block_request *request);

/* Synchronous helpers; sleep.  0 or the request's status. */
int block_read_pages(struct block_device *device, uint64_t sector,
		     struct page **pages, size_t count);
int block_write_pages(struct block_device *device, uint64_t sector,
		      struct page **pages, size_t count);
int block_flush(struct block_device *device);
int block_discard(struct block_device *device, uint64_t sector, uint64_t count);
/* Reads bytes through the device's page cache.  -EIO also beyond its end. */
int block_read_bytes(struct block_device *device, uint64_t offset, void *buffer,
		     size_t size);

/*
 * Fills locked pages of a page cache from consecutive sectors, without waiting:
 * page_read_done() is called for each, now or from the completion.  `size` is
 * how many bytes are valid (the rest of the pages becomes zeros), > 0 and more
 * than all pages but the last hold.  0 or the first error known already.
 */
int block_fill_pages(struct block_device *device, uint64_t sector,
		     struct page **pages, size_t count, size_t size);
