/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Kernel mappings outside the direct map: thread stacks with guard pages,
 * device registers, scattered pages made contiguous.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

struct page;

/* After frame_init(). */
void kmap_init(void);

/*
 * Maps device registers uncached (or write combining).  Page offset is
 * preserved.  NULL: no memory or address space.  May sleep.
 */
void *kmap_device(paddr_t paddr, size_t size);
void kunmap_device(void *address, size_t size);

/* THREAD_STACK_SIZE bytes above an unmapped guard page; returns the lowest
 * usable address, or NULL.  A small cache keeps the last ones. */
void *kstack_alloc(void);
void kstack_free(void *stack); /* any context */

/* True when the address lies in a guard page (fault diagnosis). */
bool kmap_is_guard(uintptr_t address);

/* Virtually contiguous memory of `size` bytes, zeroed; NULL: no memory. */
void *kmap_alloc(size_t size);
void kmap_free(void *address);
