/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Making room when memory is short.  Caches of other rooms take part by a
 * shrinker: core knows nothing of them.
 */
#include <stddef.h>

#include <lib/list.h>

struct shrinker {
	const char *name;
	/*
	 * Frees about `target` frames' worth of unused objects; returns how
	 * many objects were freed.  Called in thread context from any place
	 * that allocates: it must not sleep, and only try locks.
	 */
	size_t (*shrink)(size_t target);
	struct list_node link;
};

/* For ever; before memory can be short (an init hook). */
void shrinker_register(struct shrinker *shrinker);

/*
 * Frees what can be freed at once, without writing and without ending a
 * process; returns frames freed (objects of shrinkers count as one).  Thread
 * context.
 */
size_t reclaim_now(size_t target);
