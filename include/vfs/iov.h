/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A position in a list of buffers, the application's or the kernel's.
 *
 * The single-buffer form needs no allocation and is what read(2) uses.
 * Copies stop at the first bad byte: the count says how far they came; 0 of a
 * wanted n > 0 means -EFAULT.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/user.h>
#include <lib/types.h>

#define IOV_MAX_COUNT 1024
#define IOV_TOTAL_MAX 0x7ffff000 /* MAX_RW_COUNT */

struct iov {
	void *base;
	size_t size;
};

struct iov_iter {
	const struct iov *vector; /* points to `single` or an array */
	size_t count;		  /* vectors left, current included */
	size_t offset;		  /* in the current one */
	size_t remaining;	  /* bytes left in all */
	bool kernel;		  /* buffers of the kernel */
	bool append;		  /* write at the end: RWF_APPEND */
	struct iov single;
};

static inline void iov_init_single(struct iov_iter *iter, const void *base,
				   size_t size, bool kernel)
{
	iter->single.base = (void *)(uintptr_t)base;
	iter->single.size = size;
	iter->vector = &iter->single;
	iter->count = 1;
	iter->offset = 0;
	iter->remaining = size;
	iter->kernel = kernel;
	iter->append = false;
}

static inline void iov_init_user(struct iov_iter *iter, const void USER *base,
				 size_t size)
{
	iov_init_single(iter, base, size, false);
}

static inline void iov_init_kernel(struct iov_iter *iter, const void *base,
				   size_t size)
{
	iov_init_single(iter, base, size, true);
}

/*
 * Copies an iovec array in (at most IOV_MAX_COUNT; `fast` holds `fast_count`,
 * longer ones are allocated into *allocated_out, to be kfree'd).  0, -EINVAL,
 * -EFAULT, -ENOMEM.
 */
int iov_import(struct iov_iter *iter, const void USER *vector, size_t count,
	       struct iov *fast, size_t fast_count, struct iov **allocated_out);

/* Move up to size bytes; return how many.  May sleep (faults). */
size_t iov_copy_to(struct iov_iter *iter, const void *src, size_t size);
size_t iov_copy_from(struct iov_iter *iter, void *dst, size_t size);
size_t iov_zero(struct iov_iter *iter, size_t size);
void iov_advance(struct iov_iter *iter, size_t size);

/* Faults the next `size` bytes in for reading so that a following copy
 * under a page lock is unlikely to fault.  0 or -EFAULT. */
int iov_fault_in(struct iov_iter *iter, size_t size);
