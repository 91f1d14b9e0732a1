/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Virtio disks (specification 5.2).
 *
 *	request -> header | data segments | status byte	    one chain
 *
 * A queue per CPU, as far as the device has them; a request goes to the queue
 * of the CPU that submits it and completes in that queue's interrupt.  Each
 * queue has as many struct io as descriptors; requests beyond wait in a list
 * (they are their submitters' memory: that bounds it) and are started as others
 * complete.
 *
 * A request may take several commands: a write with force_unit_access is
 * followed by a flush, a long discard goes in pieces.  io->step says what comes
 * next.
 *
 * A broken device answers everything with -EIO.
 *
 * Lock: queue->lock, irq safe.  done() is called without it.
 */
#include <drivers/block.h>
#include <drivers/virtio.h>

#include "virtio_blk_hw.h"

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <debug/log.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

#define QUEUE_MAX     16
#define BUFFER_MAX    (BLOCK_SEGMENT_MAX + 2)
#define DISCARD_LIMIT (1u << 22) /* sectors, where the device names none */

enum step { STEP_FIRST, STEP_FLUSH };

/* One command with the device, and the request that it is for. */
struct io {
	struct virtio_blk_header header;
	struct virtio_blk_discard discard;
	uint8_t status;
	enum step step;
	uint64_t discarded; /* sectors that earlier commands did */
	struct block_request *request;
	struct list_node link; /* free or flying */
};

struct blk_queue {
	struct blk *blk;	    /* [I] */
	struct virtio_queue *queue; /* [lock] */
	struct spinlock lock;
	struct list free;    /* [lock] struct io */
	struct list flying;  /* [lock] struct io: with the device */
	struct list waiting; /* [lock] struct block_request */
	struct io *ios;	     /* [I] */
	struct virtio_buffer buffers[BUFFER_MAX]; /* [lock] scratch */
};

struct blk {
	struct block_device device;
	struct virtio_device *virtio; /* [I] */
	uint32_t segment_bytes;	      /* [I] longest segment */
	uint32_t discard_max;	      /* [I] sectors of one command */
	unsigned queue_count;	      /* [I] */
	struct blk_queue queues[QUEUE_MAX];
};

/* --- building a command ----------------------------------------------------
 */

static struct virtio_buffer buffer_of(const void *memory, size_t size)
{
	return (struct virtio_buffer){
		.address = mmu_direct_paddr(memory),
		.size = (uint32_t)size,
	};
}

/* Neighbours in memory become one; returns how many buffers there are. */
static unsigned add_segments(struct blk_queue *queue,
			     const struct block_request *request)
{
	struct virtio_buffer *to = &queue->buffers[1];
	unsigned count = 0;

	for (size_t i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint64_t address =
			page_paddr(segment->page).value + segment->offset;
		struct virtio_buffer *last = count == 0 ? NULL : &to[count - 1];

		if (last != NULL &&
		    last->address.value + last->size == address &&
		    last->size <= queue->blk->segment_bytes - segment->size) {
			last->size += segment->size;
			continue;
		}
		to[count++] = (struct virtio_buffer){
			.address = {.value = address},
			.size = segment->size,
		};
	}
	return count;
}

static unsigned add_discard(struct blk_queue *queue, struct io *io)
{
	const struct block_request *request = io->request;
	uint64_t left = request->discard_count - io->discarded;

	io->discard = (struct virtio_blk_discard){
		.sector = request->sector + io->discarded,
		.count = (uint32_t)MIN(left, (uint64_t)queue->blk->discard_max),
	};
	io->header.sector = 0;
	queue->buffers[1] = buffer_of(&io->discard, sizeof(io->discard));
	return 1;
}

/* Fills header and buffers; data buffers in *count_out; true: data is written
 * by the device. */
static bool build(struct blk_queue *queue, struct io *io, unsigned *count_out)
{
	const struct block_request *request = io->request;

	io->status = VIRTIO_BLK_S_NONE;
	io->header = (struct virtio_blk_header){.sector = request->sector};
	*count_out = 0;
	if (io->step == STEP_FLUSH || request->operation == BLOCK_FLUSH) {
		io->header.type = VIRTIO_BLK_T_FLUSH;
		io->header.sector = 0;
		return false;
	}
	if (request->operation == BLOCK_DISCARD) {
		io->header.type = VIRTIO_BLK_T_DISCARD;
		*count_out = add_discard(queue, io);
		return false;
	}
	*count_out = add_segments(queue, request);
	io->header.type = request->operation == BLOCK_READ ? VIRTIO_BLK_T_IN
							   : VIRTIO_BLK_T_OUT;
	return request->operation == BLOCK_READ;
}

/* Lock held.  0, -ENOSPC (later), -EIO. */
static int start_io(struct blk_queue *queue, struct io *io)
{
	unsigned count;
	bool reads = build(queue, io, &count);
	int err;

	queue->buffers[0] = buffer_of(&io->header, sizeof(io->header));
	queue->buffers[1 + count] = buffer_of(&io->status, sizeof(io->status));
	err = virtio_queue_add(queue->queue, queue->buffers,
			       1 + (reads ? 0 : count), 1 + (reads ? count : 0),
			       io);
	if (err == 0) {
		list_add_tail(&queue->flying, &io->link);
	}
	return err;
}

/* --- requests --------------------------------------------------------------
 */

static struct io *take_io(struct blk_queue *queue,
			  struct block_request *request)
{
	struct list_node *node = list_pop_head(&queue->free);
	struct io *io;

	if (node == NULL) {
		return NULL;
	}
	io = list_entry(node, struct io, link);
	io->request = request;
	io->step = STEP_FIRST;
	io->discarded = 0;
	return io;
}

/* Starts what waits, as far as there is room.  Lock held.  Requests that
 * cannot be started at all go to `failed`. */
static void start_waiting(struct blk_queue *queue, struct list *failed)
{
	struct block_request *request;

	while ((request = list_first(&queue->waiting, struct block_request,
				     link)) != NULL) {
		struct io *io = take_io(queue, request);
		int err = io == NULL ? -ENOSPC : start_io(queue, io);

		if (err == 0) {
			list_remove(&request->link);
			continue;
		}
		if (io != NULL) {
			list_add_head(&queue->free, &io->link);
		}
		if (err == -ENOSPC) {
			break;
		}
		list_move_tail(failed, &request->link);
		request->status = -EIO;
	}
	virtio_queue_kick(queue->queue);
}

/* Without the lock. */
static void finish(struct list *requests)
{
	struct list_node *node;

	while ((node = list_pop_head(requests)) != NULL) {
		struct block_request *request =
			list_entry(node, struct block_request, link);

		request->done(request);
	}
}

static void blk_submit(struct block_device *device,
		       struct block_request *request)
{
	struct blk *blk = device->private;
	struct blk_queue *queue = &blk->queues[cpu_id() % blk->queue_count];
	struct list failed;
	unsigned long irq;

	list_init(&failed);
	irq = spin_lock_irqsave(&queue->lock);
	list_add_tail(&queue->waiting, &request->link);
	start_waiting(queue, &failed);
	spin_unlock_irqrestore(&queue->lock, irq);
	finish(&failed);
}

static int status_of(const struct io *io)
{
	switch (io->status) {
	case VIRTIO_BLK_S_OK:
		return 0;
	case VIRTIO_BLK_S_UNSUPPORTED:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* True: the io goes on with another command.  Lock held. */
static bool next_step(const struct blk_queue *queue, struct io *io)
{
	const struct block_request *request = io->request;

	if (request->operation == BLOCK_DISCARD) {
		io->discarded += io->discard.count;
		return io->discarded < request->discard_count;
	}
	if (io->step == STEP_FIRST && request->operation == BLOCK_WRITE &&
	    request->force_unit_access && queue->blk->device.has_flush) {
		io->step = STEP_FLUSH;
		return true;
	}
	return false;
}

/* One command came back.  Lock held. */
static void complete(struct blk_queue *queue, struct io *io, struct list *done)
{
	int status = status_of(io);

	list_remove(&io->link);
	if (status == 0 && next_step(queue, io)) {
		/* Its descriptors were freed just now: there is room. */
		status = start_io(queue, io);
		if (status == 0) {
			return;
		}
		status = -EIO;
	}
	io->request->status = status;
	list_add_tail(done, &io->request->link);
	list_add_head(&queue->free, &io->link);
}

/* Everything that the queue still has fails.  Lock held. */
static void fail_all(struct blk_queue *queue, struct list *done)
{
	struct list_node *node;

	while ((node = list_pop_head(&queue->flying)) != NULL) {
		struct io *io = list_entry(node, struct io, link);

		io->request->status = -EIO;
		list_add_tail(done, &io->request->link);
		list_add_head(&queue->free, &io->link);
	}
}

static void blk_interrupt(struct virtio_queue *virtqueue, void *arg)
{
	struct blk_queue *queue = arg;
	struct list done;
	unsigned long irq;
	uint32_t length;
	struct io *io;

	list_init(&done);
	irq = spin_lock_irqsave(&queue->lock);
	do {
		virtio_queue_interrupts_off(virtqueue);
		while ((io = virtio_queue_take(virtqueue, &length)) != NULL) {
			complete(queue, io, &done);
		}
	} while (virtio_queue_interrupts_on(virtqueue));
	if (virtio_is_broken(queue->blk->virtio)) {
		fail_all(queue, &done);
	}
	start_waiting(queue, &done);
	spin_unlock_irqrestore(&queue->lock, irq);
	finish(&done);
}

static const struct block_device_ops blk_ops = {
	.submit = blk_submit,
};

/* --- probing ---------------------------------------------------------------
 */

static int start_queue(struct blk *blk, unsigned index)
{
	struct blk_queue *queue = &blk->queues[index];
	unsigned count;
	int err;

	queue->blk = blk;
	spinlock_init(&queue->lock, "virtio.blk");
	list_init(&queue->free);
	list_init(&queue->flying);
	list_init(&queue->waiting);
	err = virtio_queue_create(blk->virtio, index, index % cpu_count(),
				  blk_interrupt, queue, &queue->queue);
	if (err < 0) {
		return err;
	}
	count = virtio_queue_size(queue->queue);
	queue->ios = kcalloc(count, sizeof(*queue->ios));
	if (queue->ios == NULL) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < count; i++) {
		list_add_tail(&queue->free, &queue->ios[i].link);
	}
	return 0;
}

static int start_queues(struct blk *blk)
{
	unsigned most = MIN(cpu_count(), QUEUE_MAX + 0u);
	unsigned wanted = 1;

	if (virtio_has_feature(blk->virtio, VIRTIO_BLK_F_MQ)) {
		wanted = virtio_config_read16(blk->virtio,
					      VIRTIO_BLK_QUEUE_COUNT);
	}
	wanted = MIN(wanted, most);
	do {
		int err = start_queue(blk, blk->queue_count);

		if (err < 0) {
			return err;
		}
		blk->queue_count++;
	} while (blk->queue_count < wanted);
	return 0;
}

static int read_limits(struct blk *blk)
{
	struct virtio_device *virtio = blk->virtio;
	struct block_device *device = &blk->device;
	uint32_t segments = BLOCK_SEGMENT_MAX;

	blk->segment_bytes = 1u << 20;
	if (virtio_has_feature(virtio, VIRTIO_BLK_F_SIZE_MAX)) {
		blk->segment_bytes =
			virtio_config_read32(virtio, VIRTIO_BLK_SIZE_MAX);
	}
	if (blk->segment_bytes < PAGE_SIZE) {
		return -EINVAL; /* a page would not fit into a segment */
	}
	if (virtio_has_feature(virtio, VIRTIO_BLK_F_SEG_MAX)) {
		segments = virtio_config_read32(virtio, VIRTIO_BLK_SEG_MAX);
	}
	segments = MIN(segments, virtio_queue_size(blk->queues[0].queue) - 2u);
	segments = MIN(segments, BLOCK_SEGMENT_MAX + 0u);
	device->segment_max = MAX(segments, 1u);
	device->block_size = SECTOR_SIZE;
	if (virtio_has_feature(virtio, VIRTIO_BLK_F_BLK_SIZE)) {
		device->block_size =
			virtio_config_read32(virtio, VIRTIO_BLK_BLK_SIZE);
	}
	if (device->block_size < SECTOR_SIZE ||
	    device->block_size > PAGE_SIZE ||
	    !is_power_of_two(device->block_size)) {
		return -EINVAL;
	}
	if (virtio_has_feature(virtio, VIRTIO_BLK_F_DISCARD)) {
		blk->discard_max =
			virtio_config_read32(virtio, VIRTIO_BLK_DISCARD_MAX);
		if (blk->discard_max == 0) {
			blk->discard_max = DISCARD_LIMIT;
		}
		device->has_discard = true;
	}
	return 0;
}

static int start(struct blk *blk)
{
	struct virtio_device *virtio = blk->virtio;
	struct block_device *device = &blk->device;
	int err = start_queues(blk);

	if (err == 0) {
		err = read_limits(blk);
	}
	if (err < 0) {
		return err;
	}
	device->ops = &blk_ops;
	device->private = blk;
	device->sector_count =
		virtio_config_read64(virtio, VIRTIO_BLK_CAPACITY);
	device->read_only = virtio_has_feature(virtio, VIRTIO_BLK_F_RO);
	device->has_flush = virtio_has_feature(virtio, VIRTIO_BLK_F_FLUSH);
	virtio_ready(virtio);
	return block_device_register(device);
}

static int blk_probe(struct virtio_device *virtio)
{
	struct blk *blk = kzalloc(sizeof(*blk));
	int err;

	if (blk == NULL) {
		return -ENOMEM;
	}
	blk->virtio = virtio;
	err = start(blk);
	if (err < 0) {
		/* Reset by the core; an interrupt under way may still look at
		 * blk: it stays. */
		return err;
	}
	log_info("%s: %s, %llu sectors%s, %u queues", virtio_name(virtio),
		 blk->device.name, (unsigned long long)blk->device.sector_count,
		 blk->device.read_only ? ", read-only" : "", blk->queue_count);
	return 0;
}

static const struct virtio_driver virtio_blk = {
	.name = "virtio-blk",
	.id = VIRTIO_ID_BLOCK,
	.features = VIRTIO_FEATURE(VIRTIO_BLK_F_SIZE_MAX) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_SEG_MAX) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_RO) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_MQ) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_DISCARD),
	.probe = blk_probe,
};
VIRTIO_DRIVER(virtio_blk);
