/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Waits for the bits of a page; page_lock.c. */
struct page;

void page_lock_init(void);

/* The caller has a reference. */
void page_wait_unlocked(struct page *page);
void page_wait_writeback(struct page *page);

/* Clears PAGE_WRITEBACK and wakes.  Any context. */
void page_end_writeback(struct page *page);
