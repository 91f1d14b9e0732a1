/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Buffer iterators: one position in one or many buffers of the application or
 * the kernel.  An iterator belongs to one thread; no locks.
 */
#include <vfs/iov.h>

#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

/* Checks each length; the total is cut at IOV_TOTAL_MAX as Linux does. */
static int check_vector(struct iov *vector, size_t count, size_t *total_out)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		size_t size = vector[i].size;

		if ((ssize_t)size < 0) {
			return -EINVAL;
		}
		if (!user_range_ok(vector[i].base, size)) {
			return -EFAULT;
		}
		if (size > IOV_TOTAL_MAX - total) {
			size = IOV_TOTAL_MAX - total;
			vector[i].size = size;
		}
		total += size;
	}
	*total_out = total;
	return 0;
}

int iov_import(struct iov_iter *iter, const void USER *vector, size_t count,
	       struct iov *fast, size_t fast_count, struct iov **allocated_out)
{
	struct iov *copy = fast;
	size_t total = 0;
	int err;

	*allocated_out = NULL;
	if (count > IOV_MAX_COUNT) {
		return -EINVAL;
	}
	if (count > fast_count) {
		copy = kmalloc(count * sizeof(*copy));
		if (copy == NULL) {
			return -ENOMEM;
		}
	}
	err = user_copy_in(copy, vector, count * sizeof(*copy));
	if (err == 0) {
		err = check_vector(copy, count, &total);
	}
	if (err < 0) {
		if (copy != fast) {
			kfree(copy);
		}
		return err;
	}
	if (copy != fast) {
		*allocated_out = copy;
	}
	iter->vector = copy;
	iter->count = count;
	iter->offset = 0;
	iter->remaining = total;
	iter->kernel = false;
	iter->append = false;
	return 0;
}

/* Bytes left in the current buffer, empty ones skipped; 0: at the end. */
static size_t current_room(struct iov_iter *iter)
{
	while (iter->count > 0 && iter->offset == iter->vector->size) {
		iter->vector++;
		iter->count--;
		iter->offset = 0;
	}
	return iter->count == 0 ? 0 : iter->vector->size - iter->offset;
}

static size_t copy_out_piece(struct iov_iter *iter, const void *src,
			     size_t size)
{
	char *dst = (char *)iter->vector->base + iter->offset;

	if (iter->kernel) {
		memcpy(dst, src, size);
		return size;
	}
	return size - user_copy_out_partial(dst, src, size);
}

static size_t copy_in_piece(struct iov_iter *iter, void *dst, size_t size)
{
	const char *src = (const char *)iter->vector->base + iter->offset;

	if (iter->kernel) {
		memcpy(dst, src, size);
		return size;
	}
	return size - user_copy_in_partial(dst, src, size);
}

static size_t zero_piece(struct iov_iter *iter, size_t size)
{
	char *dst = (char *)iter->vector->base + iter->offset;

	if (iter->kernel) {
		memset(dst, 0, size);
		return size;
	}
	return size - user_zero_partial(dst, size);
}

static void step(struct iov_iter *iter, size_t size)
{
	iter->offset += size;
	iter->remaining -= size;
}

/* The usual case: all of it lies in one buffer of the application. */
static bool is_simple(const struct iov_iter *iter, size_t size)
{
	return likely(iter->count > 0 && !iter->kernel &&
		      size <= iter->vector->size - iter->offset);
}

size_t iov_copy_to(struct iov_iter *iter, const void *src, size_t size)
{
	size_t done = 0;

	if (is_simple(iter, size)) {
		char *dst = (char *)iter->vector->base + iter->offset;

		done = size - user_copy_out_partial(dst, src, size);
		step(iter, done);
		return done;
	}

	while (done < size) {
		size_t piece = MIN(size - done, current_room(iter));
		size_t moved;

		if (piece == 0) {
			break;
		}
		moved = copy_out_piece(iter, (const char *)src + done, piece);
		step(iter, moved);
		done += moved;
		if (moved < piece) {
			break;
		}
	}
	return done;
}

size_t iov_copy_from(struct iov_iter *iter, void *dst, size_t size)
{
	size_t done = 0;

	if (is_simple(iter, size)) {
		const char *src =
			(const char *)iter->vector->base + iter->offset;

		done = size - user_copy_in_partial(dst, src, size);
		step(iter, done);
		return done;
	}

	while (done < size) {
		size_t piece = MIN(size - done, current_room(iter));
		size_t moved;

		if (piece == 0) {
			break;
		}
		moved = copy_in_piece(iter, (char *)dst + done, piece);
		step(iter, moved);
		done += moved;
		if (moved < piece) {
			break;
		}
	}
	return done;
}

size_t iov_zero(struct iov_iter *iter, size_t size)
{
	size_t done = 0;

	if (is_simple(iter, size)) {
		char *dst = (char *)iter->vector->base + iter->offset;

		done = size - user_zero_partial(dst, size);
		step(iter, done);
		return done;
	}

	while (done < size) {
		size_t piece = MIN(size - done, current_room(iter));
		size_t moved;

		if (piece == 0) {
			break;
		}
		moved = zero_piece(iter, piece);
		step(iter, moved);
		done += moved;
		if (moved < piece) {
			break;
		}
	}
	return done;
}

void iov_advance(struct iov_iter *iter, size_t size)
{
	while (size > 0) {
		size_t piece = MIN(size, current_room(iter));

		if (piece == 0) {
			return;
		}
		step(iter, piece);
		size -= piece;
	}
}

int iov_fault_in(struct iov_iter *iter, size_t size)
{
	size_t piece = MIN(size, current_room(iter));
	uintptr_t start;
	uintptr_t end;
	uint8_t byte;

	if (iter->kernel || piece == 0) {
		return 0;
	}
	start = (uintptr_t)iter->vector->base + iter->offset;
	end = start + piece;
	for (; start < end; start = (start | (PAGE_SIZE - 1)) + 1) {
		if (user_get_u8(&byte, (const void USER *)start) < 0) {
			return -EFAULT;
		}
	}
	return 0;
}
