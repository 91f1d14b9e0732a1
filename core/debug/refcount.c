/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A reference counter was misused: a kernel bug.  The counter has saturated
 * and its object will leak, which is safe; only the debug kernel stops.
 */
#include <lib/refcount.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <generated/config.h>

void refcount_misused(const struct refcount *refs)
{
	if (CONFIG_DEBUG) {
		panic("reference counter %p misused", (const void *)refs);
	}
	log_error("reference counter %p misused: its object leaks",
		  (const void *)refs);
}
