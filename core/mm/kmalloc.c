/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * kmalloc: slab caches of powers of two, and whole blocks of frames above.
 *
 * The head page of an object tells where it came from: PAGE_SLAB with its
 * cache, or a block with its order.  No lock of its own.
 */
#include <mm/slab.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>

#include "slab_internal.h"

#define SHIFT_MIN   4
#define SHIFT_MAX   12 /* larger objects are blocks of frames */
#define CLASS_COUNT (SHIFT_MAX - SHIFT_MIN + 1)

static struct slab_cache classes[CLASS_COUNT];

void slab_init(void)
{
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		slab_cache_setup(&classes[i], "kmalloc", 1ul << (SHIFT_MIN + i),
				 16);
	}
}

static unsigned order_for(size_t size)
{
	unsigned order = 0;

	while (order <= FRAME_ORDER_MAX && (PAGE_SIZE << order) < size) {
		order++;
	}
	return order;
}

static struct slab_cache *class_for(size_t size)
{
	unsigned i = 0;

	while ((1ul << (SHIFT_MIN + i)) < size) {
		i++;
	}
	return &classes[i];
}

void *kmalloc_flags(size_t size, unsigned flags)
{
	struct page *page;

	if (size == 0) {
		return NULL;
	}
	if (size <= (1ul << SHIFT_MAX)) {
		return slab_alloc(class_for(size), flags);
	}
	page = frame_alloc(
		order_for(size),
		((flags & SLAB_ZERO) != 0 ? FRAME_ZERO : 0) |
			((flags & SLAB_NOWAIT) != 0 ? FRAME_NOWAIT : 0));
	return page != NULL ? page_address(page) : NULL;
}

void *kmalloc(size_t size)
{
	return kmalloc_flags(size, 0);
}

void *kzalloc(size_t size)
{
	return kmalloc_flags(size, SLAB_ZERO);
}

void *kcalloc(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		return NULL;
	}
	return kzalloc(total);
}

static struct page *head_page(const void *object)
{
	struct page *page = page_from_paddr(mmu_direct_paddr(object));

	if (page != NULL && (page->flags & PAGE_TAIL) != 0) {
		return page->owner;
	}
	return page;
}

/* Bytes that the object may use. */
static size_t usable_size(const void *object)
{
	const struct page *page = head_page(object);

	if ((page->flags & PAGE_SLAB) != 0) {
		return ((const struct slab_cache *)page->owner)->size;
	}
	return PAGE_SIZE << page->order;
}

void kfree(const void *object)
{
	struct page *page;

	if (object == NULL) {
		return;
	}
	page = head_page(object);
	if ((page->flags & PAGE_SLAB) != 0) {
		slab_free(page->owner, (void *)object);
	} else {
		frame_free(page, page->order);
	}
}

void *krealloc(void *object, size_t size)
{
	void *grown;

	if (object == NULL) {
		return kmalloc(size);
	}
	if (size != 0 && size <= usable_size(object)) {
		return object;
	}
	grown = kmalloc(size);
	if (grown != NULL) {
		memcpy(grown, object, MIN(size, usable_size(object)));
		kfree(object);
	}
	return grown;
}

char *kstrndup(const char *text, size_t max)
{
	size_t length = strnlen(text, max);
	char *copy = kmalloc(length + 1);

	if (copy != NULL) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

char *kstrdup(const char *text)
{
	return kstrndup(text, PTRDIFF_MAX);
}
