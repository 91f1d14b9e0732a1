/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Byte ring.  Invariant: tail - head, modulo the range of size_t, is the
 * number of bytes in the ring and at most its size.
 */
#include <lib/ring.h>

#include <lib/minmax.h>
#include <lib/string.h>

static size_t load(const size_t *position)
{
	return __atomic_load_n(position, __ATOMIC_ACQUIRE);
}

static void store(size_t *position, size_t value)
{
	__atomic_store_n(position, value, __ATOMIC_RELEASE);
}

void ring_init(struct ring *ring, void *buffer, size_t size)
{
	ring->buffer = buffer;
	ring->size = size;
	ring->head = 0;
	ring->tail = 0;
}

size_t ring_used(const struct ring *ring)
{
	/* Head first: the other side may move between the two loads, and a
	 * younger tail gives at most a ring's worth more. */
	size_t head = load(&ring->head);

	return MIN(load(&ring->tail) - head, ring->size);
}

size_t ring_room(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

bool ring_is_empty(const struct ring *ring)
{
	return ring_used(ring) == 0;
}

size_t ring_write(struct ring *ring, const void *data, size_t size)
{
	size_t tail = ring->tail;
	size_t offset = tail & (ring->size - 1);
	size_t count = MIN(size, ring->size - (tail - load(&ring->head)));
	size_t first = MIN(count, ring->size - offset);

	memcpy(ring->buffer + offset, data, first);
	memcpy(ring->buffer, (const uint8_t *)data + first, count - first);
	store(&ring->tail, tail + count);
	return count;
}

bool ring_put(struct ring *ring, uint8_t byte)
{
	return ring_write(ring, &byte, 1) == 1;
}

size_t ring_read(struct ring *ring, void *data, size_t size)
{
	size_t head = ring->head;
	size_t offset = head & (ring->size - 1);
	size_t count = MIN(size, load(&ring->tail) - head);
	size_t first = MIN(count, ring->size - offset);

	memcpy(data, ring->buffer + offset, first);
	memcpy((uint8_t *)data + first, ring->buffer, count - first);
	store(&ring->head, head + count);
	return count;
}

size_t ring_peek(const struct ring *ring, const uint8_t **data_out)
{
	size_t offset = ring->head & (ring->size - 1);
	size_t count = load(&ring->tail) - ring->head;

	*data_out = ring->buffer + offset;
	return MIN(count, ring->size - offset);
}

void ring_drop(struct ring *ring, size_t size)
{
	store(&ring->head, ring->head + size);
}
