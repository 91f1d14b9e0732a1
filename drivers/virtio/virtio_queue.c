/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Split rings (specification 2.7).
 *
 *	desc  | avail: flags index ring used_event | used: flags index ring
 *	      |                                    |       avail_event
 *
 * one block of frames, each part aligned as 2.7 asks.
 *
 * Invariants, the queue's lock free:
 *  (1) free_count slots are in the free list; the others belong to chains whose
 *      head has a token.
 *  (2) avail_index - used_index chains are with the device: at most `size`.
 *  (3) nothing that the device can write decides where we write: ids, lengths
 *      and indices are compared with slots[] before use.
 *
 * Barriers: the release store of avail->index pairs with the device's read of
 * it; the acquire load of used->index with its write.  The full fences stand
 * between our store (index, event) and the load of the other side's (event,
 * index): without them both sides could miss each other.
 */
#include "internal.h"

#include <arch/mmu.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define INDIRECT_MIN 3 /* shorter chains cost no table */

int virtio_queue_allocate(struct virtio_queue *queue, unsigned size)
{
	size_t avail_at = size * sizeof(struct vring_desc);
	size_t used_at = ALIGN_UP(avail_at + sizeof(struct vring_avail) +
					  (size + 1) * sizeof(uint16_t),
				  8);
	size_t total = used_at + sizeof(struct vring_used) +
		       size * sizeof(struct vring_used_entry) +
		       sizeof(uint16_t);
	char *base;

	queue->size = (uint16_t)size;
	queue->order = log2_ceil(DIV_ROUND_UP(total, (size_t)PAGE_SIZE));
	queue->slots = kcalloc(size, sizeof(*queue->slots));
	queue->memory = frame_alloc(queue->order, FRAME_ZERO);
	if (queue->slots == NULL || queue->memory == NULL) {
		virtio_queue_free(queue);
		return -ENOMEM;
	}
	base = page_address(queue->memory);
	queue->desc = (void *)base;
	queue->avail = (void *)(base + avail_at);
	queue->used = (void *)(base + used_at);
	queue->used_event = &queue->avail->ring[size];
	queue->avail_event = (volatile uint16_t *)&queue->used->ring[size];
	for (unsigned i = 0; i < size; i++) {
		queue->slots[i].next = (uint16_t)(i + 1);
	}
	queue->free_head = 0;
	queue->free_count = (uint16_t)size;
	return 0;
}

void virtio_queue_free(struct virtio_queue *queue)
{
	kfree(queue->slots);
	queue->slots = NULL;
	if (queue->memory != NULL) {
		frame_free(queue->memory, queue->order);
		queue->memory = NULL;
	}
}

unsigned virtio_queue_size(const struct virtio_queue *queue)
{
	return queue->size;
}

static bool has_event_index(const struct virtio_queue *queue)
{
	return virtio_has_feature(queue->device, VIRTIO_F_EVENT_IDX);
}

/* --- adding ----------------------------------------------------------------
 */

static void fill(volatile struct vring_desc *desc,
		 const struct virtio_buffer *buffer, bool write, bool last,
		 uint16_t next)
{
	desc->address = buffer->address.value;
	desc->size = buffer->size;
	desc->flags = (uint16_t)((write ? VRING_DESC_WRITE : 0) |
				 (last ? 0 : VRING_DESC_NEXT));
	desc->next = last ? 0 : next;
}

static struct vring_desc *make_table(const struct virtio_buffer *buffers,
				     unsigned out_count, unsigned count)
{
	struct vring_desc *table =
		kmalloc_flags(count * sizeof(*table), SLAB_NOWAIT);

	for (unsigned i = 0; table != NULL && i < count; i++) {
		fill(&table[i], &buffers[i], i >= out_count, i + 1 == count,
		     (uint16_t)(i + 1));
	}
	return table;
}

/* Puts the chain into descriptors of the queue: the head. */
static uint16_t add_direct(struct virtio_queue *queue,
			   const struct virtio_buffer *buffers,
			   unsigned out_count, unsigned count)
{
	uint16_t head = queue->free_head;
	uint16_t at = head;

	for (unsigned i = 0; i < count; i++) {
		uint16_t next = queue->slots[at].next;

		fill(&queue->desc[at], &buffers[i], i >= out_count,
		     i + 1 == count, next);
		at = next;
	}
	queue->free_head = at;
	queue->free_count = (uint16_t)(queue->free_count - count);
	queue->slots[head].count = (uint16_t)count;
	queue->slots[head].indirect = NULL;
	return head;
}

static uint16_t add_indirect(struct virtio_queue *queue,
			     struct vring_desc *table, unsigned count)
{
	uint16_t head = queue->free_head;
	struct virtio_buffer all = {
		.address = mmu_direct_paddr(table),
		.size = (uint32_t)(count * sizeof(*table)),
	};

	fill(&queue->desc[head], &all, false, true, 0);
	queue->desc[head].flags = VRING_DESC_INDIRECT;
	queue->free_head = queue->slots[head].next;
	queue->free_count--;
	queue->slots[head].count = 1;
	queue->slots[head].indirect = table;
	return head;
}

static uint32_t writable_bytes(const struct virtio_buffer *buffers,
			       unsigned out_count, unsigned count)
{
	uint64_t sum = 0;

	for (unsigned i = out_count; i < count; i++) {
		sum += buffers[i].size;
	}
	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

int virtio_queue_add(struct virtio_queue *queue,
		     const struct virtio_buffer *buffers, unsigned out_count,
		     unsigned in_count, void *token)
{
	unsigned count = out_count + in_count;
	struct vring_desc *table = NULL;
	uint16_t head;

	ASSERT(token != NULL && count != 0);
	if (virtio_is_broken(queue->device)) {
		return -EIO;
	}
	if (queue->free_count == 0 || count > queue->size) {
		return -ENOSPC;
	}
	if (count >= INDIRECT_MIN &&
	    virtio_has_feature(queue->device, VIRTIO_F_INDIRECT)) {
		table = make_table(buffers, out_count, count);
	}
	if (table != NULL) {
		head = add_indirect(queue, table, count);
	} else if (count <= queue->free_count) {
		head = add_direct(queue, buffers, out_count, count);
	} else {
		return -ENOSPC;
	}
	queue->slots[head].token = token;
	queue->slots[head].writable = writable_bytes(buffers, out_count, count);
	queue->avail->ring[queue->avail_index % queue->size] = head;
	queue->avail_index++;
	__atomic_store_n(&queue->avail->index, queue->avail_index,
			 __ATOMIC_RELEASE);
	return 0;
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	uint16_t added = (uint16_t)(queue->avail_index - queue->kicked_index);
	bool wanted;

	if (added == 0 || virtio_is_broken(queue->device)) {
		return;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (has_event_index(queue)) {
		uint16_t past = (uint16_t)(queue->avail_index -
					   *queue->avail_event - 1);

		wanted = past < added;
	} else {
		wanted = (queue->used->flags & VRING_USED_NO_NOTIFY) == 0;
	}
	queue->kicked_index = queue->avail_index;
	if (wanted) {
		queue->device->transport->notify(queue);
	}
}

/* --- taking ----------------------------------------------------------------
 */

static void free_chain(struct virtio_queue *queue, uint16_t head)
{
	struct virtio_slot *slot = &queue->slots[head];
	uint16_t last = head;

	for (uint16_t i = 1; i < slot->count; i++) {
		last = queue->slots[last].next;
	}
	queue->slots[last].next = queue->free_head;
	queue->free_head = head;
	queue->free_count = (uint16_t)(queue->free_count + slot->count);
	kfree(slot->indirect);
	slot->indirect = NULL;
	slot->token = NULL;
}

void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length_out)
{
	volatile struct vring_used_entry *entry;
	uint16_t index = __atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE);
	uint16_t came = (uint16_t)(index - queue->used_index);
	uint32_t length;
	uint32_t id;
	void *token;

	if (came == 0 || virtio_is_broken(queue->device)) {
		return NULL;
	}
	if (came > (uint16_t)(queue->avail_index - queue->used_index)) {
		virtio_device_break(queue->device, "used index ran ahead");
		return NULL;
	}
	entry = &queue->used->ring[queue->used_index % queue->size];
	id = entry->id; /* read once: (3) */
	length = entry->length;
	if (id >= queue->size || queue->slots[id].token == NULL) {
		virtio_device_break(queue->device, "unknown chain came back");
		return NULL;
	}
	if (length > queue->slots[id].writable) {
		virtio_device_break(queue->device, "more written than asked");
		return NULL;
	}
	token = queue->slots[id].token;
	free_chain(queue, (uint16_t)id);
	queue->used_index++;
	*length_out = length;
	return token;
}

void virtio_queue_interrupts_off(struct virtio_queue *queue)
{
	if (!has_event_index(queue)) {
		queue->avail->flags = VRING_AVAIL_NO_INTERRUPT;
	}
}

bool virtio_queue_interrupts_on(struct virtio_queue *queue)
{
	if (has_event_index(queue)) {
		*queue->used_event = queue->used_index;
	} else {
		queue->avail->flags = 0;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return queue->used->index != queue->used_index &&
	       !virtio_is_broken(queue->device);
}
