/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Writing dirty pages back; writeback.c. */
#include <stdbool.h>

struct page_cache;

/* The cache goes: nobody writes it back any more.  Sleeps. */
void writeback_forget(struct page_cache *cache);

/*
 * Memory is short: makes the thread write now and waits until some pages are
 * clean, or a moment.  The caller may hold locks that a filesystem wants, so it
 * never writes itself.  False: nothing became clean.
 */
bool writeback_hurry(void);
