/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Writing dirty pages back; writeback.c. */
#include <stdbool.h>

struct page_cache;

/* The cache goes: nobody writes it back any more.  Sleeps. */
void writeback_forget(struct page_cache *cache);

/* Memory is short: writes some dirty pages of some file and waits.  False:
 * there are none. */
bool writeback_some(void);
