/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Reading ahead; readahead.c. */
#include <stdint.h>

struct page;
struct page_cache;

/*
 * The page is not there: reads it, and more when the file is read in order.
 * Returns 0 and the page, referenced, being read or up to date; -EEXIST when
 * somebody else added it; -ENOMEM.
 */
int readahead_miss(struct page_cache *cache, uint64_t index,
		   struct page **page_out);

/* The page was there: time for the next window? */
void readahead_hit(struct page_cache *cache, uint64_t index, struct page *page);

/* Starts reading pages [index, index + count) that are not there. */
void readahead_start(struct page_cache *cache, uint64_t index, uint64_t count);

/* page_cache.c: a locked, empty page in the tree, referenced for the caller.
 * 0, -EEXIST, -ENOMEM. */
int page_cache_add(struct page_cache *cache, uint64_t index, unsigned flags,
		   struct page **page_out);
