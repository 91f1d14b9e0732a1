/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Helpers that make requests: synchronous ones, and the filling of page cache
 * pages without waiting.
 *
 * A synchronous request lives on its submitter's stack.  The completion sets
 * `done` last and wakes the thread by a reference of its own, so it never
 * touches the stack of a submitter that has gone on.
 *
 * An asynchronous fill owns its memory and frees it in the completion, maybe
 * in interrupt context.  Without memory for it the pages are read one by one,
 * synchronously: reads make progress in any case.
 */
#include <drivers/block.h>

#include <drivers/block/internal.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <uapi/errno.h>

#define PAGE_SECTORS (PAGE_SIZE / SECTOR_SIZE)

/* Segments on the stack: 128 KiB for each request. */
#define SYNC_SEGMENTS 32

/* --- synchronous -----------------------------------------------------------
 */

struct sync_wait {
	struct thread *thread; /* one reference, put by the completion */
	bool done;	       /* [a] */
};

static void sync_done(struct block_request *request)
{
	struct sync_wait *wait = request->private;
	struct thread *thread = wait->thread;

	/* From here on the submitter may return.  Release: pairs with the
	 * acquire in submit_and_wait(). */
	__atomic_store_n(&wait->done, true, __ATOMIC_RELEASE);
	thread_wake(thread);
	thread_put(thread);
}

static int submit_and_wait(struct block_device *device,
			   struct block_request *request)
{
	struct sync_wait wait = {.thread = thread_current()};

	thread_get(wait.thread);
	request->private = &wait;
	request->done = sync_done;
	block_submit(device, request);
	for (;;) {
		thread_prepare_sleep(false);
		if (__atomic_load_n(&wait.done, __ATOMIC_ACQUIRE)) {
			break;
		}
		/* Woken by sync_done(), which sets `done` first. */
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	return request->status;
}

static int move_pages(struct block_device *device,
		      enum block_operation operation, uint64_t sector,
		      struct page **pages, size_t count)
{
	struct block_segment segments[SYNC_SEGMENTS];
	size_t max = MIN((size_t)device->segment_max, (size_t)SYNC_SEGMENTS);
	int err = 0;

	while (count > 0 && err == 0) {
		struct block_request request = {
			.operation = operation,
			.sector = sector,
			.segments = segments,
			.segment_count = MIN(count, max),
		};

		for (size_t i = 0; i < request.segment_count; i++) {
			segments[i] = (struct block_segment){
				.page = pages[i],
				.size = PAGE_SIZE,
			};
		}
		pages += request.segment_count;
		count -= request.segment_count;
		sector += request.segment_count * PAGE_SECTORS;
		err = submit_and_wait(device, &request);
	}
	return err;
}

int block_read_pages(struct block_device *device, uint64_t sector,
		     struct page **pages, size_t count)
{
	return move_pages(device, BLOCK_READ, sector, pages, count);
}

int block_write_pages(struct block_device *device, uint64_t sector,
		      struct page **pages, size_t count)
{
	return move_pages(device, BLOCK_WRITE, sector, pages, count);
}

int block_write_segment(struct block_device *device, uint64_t sector,
			const struct block_segment *segment)
{
	struct block_request request = {
		.operation = BLOCK_WRITE,
		.sector = sector,
		.segments = segment,
		.segment_count = 1,
	};

	return submit_and_wait(device, &request);
}

int block_flush(struct block_device *device)
{
	struct block_request request = {.operation = BLOCK_FLUSH};

	return device->has_flush ? submit_and_wait(device, &request) : 0;
}

int block_discard(struct block_device *device, uint64_t sector, uint64_t count)
{
	struct block_request request = {
		.operation = BLOCK_DISCARD,
		.sector = sector,
		.discard_count = count,
	};

	return submit_and_wait(device, &request);
}

/* --- filling a page cache
 * ------------------------------------------------------ */

struct fill {
	struct block_request request;
	size_t last_size; /* valid bytes of the last page */
	struct block_segment segments[];
};

static void finish_page(struct page *page, size_t valid, bool ok)
{
	if (ok && valid < PAGE_SIZE) {
		memset((char *)page_address(page) + valid, 0,
		       PAGE_SIZE - valid);
	}
	page_read_done(page, ok);
}

static void fill_done(struct block_request *request)
{
	struct fill *fill = container_of(request, struct fill, request);
	size_t last = request->segment_count - 1;

	for (size_t i = 0; i <= last; i++) {
		finish_page(fill->segments[i].page,
			    i == last ? fill->last_size : PAGE_SIZE,
			    request->status == 0);
	}
	kfree(fill);
}

/* Whole blocks of the device that hold `size` bytes. */
static uint32_t round_to_blocks(const struct block_device *device, size_t size)
{
	size_t unit = MIN((size_t)device->block_size, (size_t)PAGE_SIZE);

	return (uint32_t)((size + unit - 1) & ~(unit - 1));
}

static int fill_one_by_one(struct block_device *device, uint64_t sector,
			   struct page **pages, size_t count, size_t size)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		size_t valid = MIN(size - i * PAGE_SIZE, (size_t)PAGE_SIZE);
		struct block_segment segment = {
			.page = pages[i],
			.size = round_to_blocks(device, valid),
		};
		struct block_request request = {
			.operation = BLOCK_READ,
			.sector = sector + i * PAGE_SECTORS,
			.segments = &segment,
			.segment_count = 1,
		};
		int err = submit_and_wait(device, &request);

		finish_page(pages[i], valid, err == 0);
		if (err < 0 && result == 0) {
			result = err;
		}
	}
	return result;
}

/* At most segment_max pages. */
static int fill_request(struct block_device *device, uint64_t sector,
			struct page **pages, size_t count, size_t size)
{
	struct fill *fill =
		kmalloc(sizeof(*fill) + count * sizeof(fill->segments[0]));

	if (fill == NULL) {
		return fill_one_by_one(device, sector, pages, count, size);
	}
	fill->request = (struct block_request){
		.operation = BLOCK_READ,
		.sector = sector,
		.segments = fill->segments,
		.segment_count = count,
		.done = fill_done,
	};
	fill->last_size = size - (count - 1) * PAGE_SIZE;
	for (size_t i = 0; i < count; i++) {
		fill->segments[i] = (struct block_segment){
			.page = pages[i],
			.size = PAGE_SIZE,
		};
	}
	fill->segments[count - 1].size =
		round_to_blocks(device, fill->last_size);
	block_submit(device, &fill->request);
	return 0;
}

int block_fill_pages(struct block_device *device, uint64_t sector,
		     struct page **pages, size_t count, size_t size)
{
	int result = 0;

	while (count > 0) {
		size_t now = MIN(count, (size_t)device->segment_max);
		size_t bytes = MIN(size, now * PAGE_SIZE);
		int err = fill_request(device, sector, pages, now, bytes);

		if (err < 0 && result == 0) {
			result = err;
		}
		pages += now;
		count -= now;
		size -= bytes;
		sector += now * PAGE_SECTORS;
	}
	return result;
}
