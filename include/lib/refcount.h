/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Reference counter.  Starts at 1; the owner of the last reference destroys.
 * Any context.
 *
 * A counter that is used after its end, or that would overflow, saturates: it
 * stays in the upper half of its range for ever, refcount_put() never says
 * true again, and the object leaks instead of being used after its release.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/compiler.h>

#define REFCOUNT_MAX	   (UINT32_MAX / 2)
#define REFCOUNT_SATURATED (REFCOUNT_MAX + REFCOUNT_MAX / 2)

struct refcount {
	uint32_t count; /* [a] */
};

/* lib/refcount.c: saturates, and tells refcount_misused(). */
void refcount_saturate(struct refcount *refs);

/* Called for each misuse; the kernel's own version panics in the debug
 * kernel, lib's does nothing. */
void refcount_misused(const struct refcount *refs);

static inline void refcount_init(struct refcount *refs)
{
	__atomic_store_n(&refs->count, 1, __ATOMIC_RELAXED);
}

static inline void refcount_get(struct refcount *refs)
{
	uint32_t old = __atomic_fetch_add(&refs->count, 1, __ATOMIC_RELAXED);

	if (unlikely(old == 0 || old >= REFCOUNT_MAX)) {
		refcount_saturate(refs);
	}
}

/* A reference unless the object is already going. */
static inline bool refcount_try_get(struct refcount *refs)
{
	uint32_t count = __atomic_load_n(&refs->count, __ATOMIC_RELAXED);

	while (count != 0) {
		if (__atomic_compare_exchange_n(&refs->count, &count, count + 1,
						true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			if (unlikely(count >= REFCOUNT_MAX)) {
				refcount_saturate(refs);
			}
			return true;
		}
	}
	return false;
}

/* True for the last reference: everything done under the others is seen. */
static inline bool refcount_put(struct refcount *refs)
{
	uint32_t old = __atomic_fetch_sub(&refs->count, 1, __ATOMIC_ACQ_REL);

	if (unlikely(old == 0 || old >= REFCOUNT_MAX)) {
		refcount_saturate(refs);
		return false;
	}
	return old == 1;
}

static inline uint32_t refcount_read(const struct refcount *refs)
{
	return __atomic_load_n(&refs->count, __ATOMIC_RELAXED);
}
