/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Page cache: the pages of one file, the same ones for read, write and mmap.
 *
 * Pages are found lock-free in a radix tree; a page is locked (PAGE_LOCKED)
 * while it is filled or written back, never the whole file.  A cache without
 * ops->read (ramfs, shared memory) is the only home of its pages: they start
 * as zeros, stay referenced by the cache and are not reclaimed.
 *
 * All calls may sleep.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/radix.h>
#include <lib/types.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>

struct page;
struct page_cache;
struct vma;

struct page_cache_ops {
	/*
	 * Fills `count` locked pages with consecutive numbers from index and
	 * calls page_read_done() for each, now or from the completion, in any
	 * case.  Returns 0 or the first error known by then.  Bytes beyond the
	 * end of file are zeros.
	 */
	int (*read)(struct page_cache *cache, uint64_t index,
		    struct page **pages, size_t count);
	/* Writes locked pages (PAGE_WRITEBACK set, PAGE_DIRTY clear) and calls
	 * page_write_done() for each, now or from the completion; the caller
	 * unlocks them on return.  NULL: memory only. */
	int (*write)(struct page_cache *cache, uint64_t index,
		     struct page **pages, size_t count);
	/* Before a hole is filled by write or a writable mapping: reserve
	 * space.  0 or -ENOSPC, -EDQUOT.  NULL: fine. */
	int (*reserve)(struct page_cache *cache, uint64_t index);
};

struct page_cache {
	struct radix_tree pages; /* inserts under lock, lookups without */
	struct spinlock lock;
	const struct page_cache_ops *ops; /* [I] */
	uint64_t size;			  /* [a] of the file in bytes */
	uint64_t page_count;		  /* [lock] */
	uint64_t dirty_count;		  /* [lock] */
	struct mutex mapping_lock;	  /* after the page lock */
	struct list mappings;	     /* [mapping_lock] VMAs by mapping_link */
	struct list_node dirty_link; /* write-back list; see writeback.c */
	int write_error;	     /* [a] for the next fsync */
	uint64_t readahead_next;     /* [a] hint: sequential reader position */
	uint32_t readahead_window;   /* [a] pages */
	void *owner;		     /* [I] struct inode * */
};

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops,
		     void *owner);
/* Frees all pages; no mapping, no reader may exist any more. */
void page_cache_fini(struct page_cache *cache);

/*
 * Returns 0 and the page with that number, referenced and up to date: found,
 * read, or (memory cache, or `create`) fresh zeros.  -ERANGE beyond the size
 * unless create.  -EIO, -ENOMEM.
 */
int page_cache_get(struct page_cache *cache, uint64_t index, bool create,
		   struct page **page_out);

/* Puts a frame with its contents into a hole of a memory cache; takes the
 * reference over.  -EEXIST, -ENOSPC, -ENOMEM: it stays the caller's. */
int page_cache_adopt(struct page_cache *cache, uint64_t index,
		     struct page *page);

/* The page if it is there and up to date, referenced; else NULL. No sleep. */
struct page *page_cache_find(struct page_cache *cache, uint64_t index);

void page_cache_mark_dirty(struct page_cache *cache, struct page *page);

/*
 * Truncates or extends: drops pages beyond the size, zeroes the rest of the
 * last page, unmaps them from all address spaces.
 */
void page_cache_set_size(struct page_cache *cache, uint64_t size);

/* Drops (hole punch) pages wholly inside [start, end) bytes and zeroes the
 * partial ones. */
void page_cache_punch(struct page_cache *cache, uint64_t start, uint64_t end);

/* Writes dirty pages of the byte range back and waits.  0 or the first error
 * since the last call. */
int page_cache_sync(struct page_cache *cache, uint64_t start, uint64_t end);

/* Next present page number at or after index, for SEEK_DATA; UINT64_MAX. */
uint64_t page_cache_next(struct page_cache *cache, uint64_t index);

/*
 * The end of ops->read and ops->write for one page; any context.  Reading:
 * sets PAGE_UPTODATE if ok, unlocks.  Writing: clears PAGE_WRITEBACK and notes
 * the error (0: none) for the next sync.
 */
void page_read_done(struct page *page, bool ok);
void page_write_done(struct page *page, int error);

/* Somebody may write to it through a shared mapping (F_SEAL_WRITE).  May
 * sleep. */
bool page_cache_has_writable_mapping(struct page_cache *cache);

/*
 * The page lock.  The application's memory must not be touched while it is
 * held: the fault may need the same page.  page_unlock() in any context.
 */
void page_lock(struct page *page);
bool page_trylock(struct page *page);
void page_unlock(struct page *page);

/* Frees clean, unmapped pages, oldest first; returns frames freed. */
size_t page_cache_reclaim(size_t target);
