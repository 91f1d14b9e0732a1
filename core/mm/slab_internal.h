/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A cache, for slab.c and kmalloc.c. */
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <sync/spinlock.h>

struct slab_cache {
	struct spinlock lock;
	const char *name;    /* [I] */
	size_t size;	     /* [I] of an object, rounded */
	unsigned order;	     /* [I] of a slab */
	uint32_t count;	     /* [I] objects per slab */
	struct list partial; /* [lock] slabs with a free object */
};

/* Prepares a cache in place. */
void slab_cache_setup(struct slab_cache *cache, const char *name, size_t size,
		      size_t align);
