/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Kernel objects: slab caches with per-CPU magazines, and kmalloc on top.
 *
 * Empty slabs go back to the frame allocator; no cache keeps a floor per CPU.
 * Allocation may sleep unless SLAB_NOWAIT; freeing is allowed in any context
 * but NMI.  kmalloc sizes above 64 KiB come from the frame allocator in
 * powers of two, at most 4 MiB.
 */
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

#define SLAB_NOWAIT (1u << 0)
#define SLAB_ZERO   (1u << 1)

struct slab_cache;

/* Before the first slab call; after frame_init(). */
void slab_init(void);

/* Aligned to `align` (power of two, 0: natural).  NULL: no memory. */
struct slab_cache *slab_cache_create(const char *name, size_t size,
				     size_t align);
void slab_cache_destroy(struct slab_cache *cache); /* all objects free */
void *slab_alloc(struct slab_cache *cache, unsigned flags);
void slab_free(struct slab_cache *cache, void *object);

/* NULL when there is no memory; size 0 gives NULL. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void *kmalloc_flags(size_t size, unsigned flags);
/* count * size with overflow check, zeroed. */
void *kcalloc(size_t count, size_t size);
void *krealloc(void *object, size_t size); /* contents kept */
char *kstrdup(const char *text);
char *kstrndup(const char *text, size_t max);
void kfree(const void *object); /* NULL is allowed */

/* Frees empty slabs and magazines; returns frames freed.  Reclaim calls it. */
size_t slab_shrink(void);
