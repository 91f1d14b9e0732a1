/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What kmap.c and kstack.c share. */
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define KSTACK_REGION_SIZE (4ul << 30)

struct page;

void kstack_init(void);

/* One page of kernel memory at addr, never executable.  0 or -ENOMEM. */
int kmap_page(uintptr_t addr, paddr_t paddr, unsigned prot);
/* Takes the leaf out; the caller flushes.  NULL: there was none, or no RAM. */
struct page *kunmap_page(uintptr_t addr);

/* Gives cached stacks back; returns frames freed.  Thread context. */
size_t kstack_shrink(void);
