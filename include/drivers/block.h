/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Block devices: asynchronous requests on pages.
 *
 * A driver fills struct block_device and registers it; it appears as
 * /dev/<name> with its own page cache (which filesystems and raw reads share).
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
	BLOCK_DISCARD,
};

#define BLOCK_SEGMENT_MAX 128

struct block_segment {
	struct page *page;
	uint32_t offset;
	uint32_t size;
};

struct block_request {
	enum block_operation operation;
	bool force_unit_access;
	uint64_t sector;
	const struct block_segment *segments; /* valid until done() */
	size_t segment_count;		      /* <= BLOCK_SEGMENT_MAX */
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
	 * when the ring is full. */
	void (*submit)(struct block_device *device,
		       struct block_request *request);
};

struct block_device {
	char name[32]; /* "vblk0" */
	const struct block_device_ops *ops;
	uint64_t sector_count;
	uint32_t block_size; /* logical */
	bool read_only;
	bool has_flush, has_discard;
	uint32_t segment_max;	 /* per request */
	uint64_t device;	 /* MAKE_DEVICE() */
	struct page_cache cache; /* contents of the whole device */
	void *private;
	struct list_node link;
};

int block_device_register(struct block_device *device);
/* By name ("vblk0" or "/dev/vblk0"); NULL: none. */
struct block_device *block_device_find(const char *name);
struct block_device *block_device_find_number(uint64_t device);

/* Synchronous helpers; sleep.  0 or -EIO. */
int block_read_pages(struct block_device *device, uint64_t sector,
		     struct page **pages, size_t count);
int block_write_pages(struct block_device *device, uint64_t sector,
		      struct page **pages, size_t count);
int block_flush(struct block_device *device);
/* Reads bytes through the device's page cache. */
int block_read_bytes(struct block_device *device, uint64_t offset, void *buffer,
		     size_t size);
