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
	unsigned number;     /* [I] of its magazines; MAGAZINE_NONE */
	uint32_t keep;	     /* [I] objects that a magazine holds at most */
};

/* Free objects of one cache that a CPU has at hand. */
struct magazine {
	void *first; /* [c] chained through their first word */
	uint32_t count;
};

#define MAGAZINE_CACHE_MAX 32 /* further caches work without */
#define MAGAZINE_NONE	   UINT32_MAX
#define MAGAZINE_BYTES	   2048 /* per cache and CPU */
#define MAGAZINE_OBJECTS   32

/* Prepares a cache in place. */
void slab_cache_setup(struct slab_cache *cache, const char *name, size_t size,
		      size_t align);
