/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Byte ring between one producer and one consumer, without locks.
 *
 * The producer calls ring_write() and ring_put(), the consumer ring_read(),
 * ring_peek() and ring_drop(); each side is one thread or interrupt handler
 * at a time (several need a lock of their own).  The others may be called by
 * both.  Positions count bytes since the start and wrap by themselves; the
 * release store of one side's position pairs with the acquire load of it on
 * the other side.  A full ring takes nothing: the writer gets a short count.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *buffer; /* [I] */
	size_t size;	 /* [I] power of two */
	size_t head;	 /* [a] bytes ever read; written by the consumer */
	size_t tail;	 /* [a] bytes ever written; by the producer */
};

/* The buffer stays the caller's; size is a power of two. */
void ring_init(struct ring *ring, void *buffer, size_t size);

size_t ring_used(const struct ring *ring);
size_t ring_room(const struct ring *ring);
bool ring_is_empty(const struct ring *ring);

/* Returns how many bytes it took: fewer than `size` when the ring is full. */
size_t ring_write(struct ring *ring, const void *data, size_t size);

/* Takes one byte, or returns false. */
bool ring_put(struct ring *ring, uint8_t byte);

/* Returns how many bytes it gave: fewer than `size` when the ring is empty. */
size_t ring_read(struct ring *ring, void *data, size_t size);

/*
 * The bytes that lie in one piece at the read position, without taking them;
 * ring_drop() then takes `size` of them, at most what was peeked.
 */
size_t ring_peek(const struct ring *ring, const uint8_t **data_out);
void ring_drop(struct ring *ring, size_t size);
