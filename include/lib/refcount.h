/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Reference counter.  Starts at 1; the owner of the last reference destroys.
 * Any context.
 */
#include <stdbool.h>
#include <stdint.h>

struct refcount {
	uint32_t count; /* [a] */
};

static inline void refcount_init(struct refcount *refs)
{
	refs->count = 1;
}

static inline void refcount_get(struct refcount *refs)
{
	__atomic_fetch_add(&refs->count, 1, __ATOMIC_RELAXED);
}

/* A reference unless the object is already going. */
static inline bool refcount_try_get(struct refcount *refs)
{
	uint32_t count = __atomic_load_n(&refs->count, __ATOMIC_RELAXED);

	while (count != 0) {
		if (__atomic_compare_exchange_n(&refs->count, &count, count + 1,
						true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

/* True for the last reference: everything done under the others is seen. */
static inline bool refcount_put(struct refcount *refs)
{
	return __atomic_fetch_sub(&refs->count, 1, __ATOMIC_ACQ_REL) == 1;
}

static inline uint32_t refcount_read(const struct refcount *refs)
{
	return __atomic_load_n(&refs->count, __ATOMIC_RELAXED);
}
