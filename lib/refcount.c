/* SPDX-License-Identifier: BSD-3-Clause */

/* What happens to a reference counter that was misused. */
#include <lib/refcount.h>

WEAK void refcount_misused(const struct refcount *refs)
{
	(void)refs;
}

void refcount_saturate(struct refcount *refs)
{
	__atomic_store_n(&refs->count, REFCOUNT_SATURATED, __ATOMIC_RELAXED);
	refcount_misused(refs);
}
