/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of this room share.  Each part has its head comment in its
 * own file; this is the list of their calls. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/pte.h>
#include <lib/types.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <mm/page_cache.h>
#include <mm/vm_object.h>

struct thread;

/* --- frame.c: the buddy allocator behind frame_cache.c
 * ------------------------
 */

/* Takes up to `count` blocks while `keep` frames stay free; how many. */
size_t buddy_take(unsigned order, bool low, uint64_t keep, struct page **pages,
		  size_t count);
void buddy_give(struct page **pages, size_t count, unsigned order);
uint64_t buddy_free_count(void);
uint64_t buddy_total_count(void);

/* --- frame_cache.c
 * ------------------------------------------------------------
 */

void frame_cache_init(void);
/* Who makes room: func frees something, or answers false; `must` asks it to go
 * as far as ending a process.  Thread context. */
void frame_set_reclaim(bool (*func)(unsigned order, bool must));
/* The thread that makes room takes from the reserve and never waits. */
void frame_set_reserve_thread(struct thread *thread);
uint64_t frame_free_count(void);
uint64_t frame_total_count(void);
uint64_t frame_reserve(void);
uint64_t frame_count(enum frame_counter counter);

/* --- flags of struct page
 * -----------------------------------------------------
 */

static inline bool page_has(const struct page *page, uint32_t flag)
{
	return (__atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) & flag) != 0;
}

static inline uint32_t page_set(struct page *page, uint32_t flag)
{
	return __atomic_fetch_or(&page->flags, flag, __ATOMIC_ACQ_REL);
}

static inline uint32_t page_clear(struct page *page, uint32_t flag)
{
	return __atomic_fetch_and(&page->flags, ~flag, __ATOMIC_ACQ_REL);
}

/*
 * The page whose references count for a mapped frame.  The frames of a 2 MiB
 * page behind the first have none of their own: their head is aligned.
 */
static inline struct page *page_head(struct page *page)
{
	if (__atomic_load_n(&page->refs, __ATOMIC_RELAXED) > 0) {
		return page;
	}
	return page - ((page_paddr(page).value >> PAGE_SHIFT) &
		       ((1ul << FRAME_HUGE_ORDER) - 1));
}

static inline bool page_is_tail(const struct page *page)
{
	return __atomic_load_n(&page->refs, __ATOMIC_RELAXED) == 0;
}

/* --- pgtable.c
 * ----------------------------------------------------------------
 */

/* Bytes that an entry of the level covers. */
static inline size_t pgtable_span(unsigned level)
{
	return PAGE_SIZE << (9 * level);
}

static inline unsigned pgtable_index(uintptr_t addr, unsigned level)
{
	return (unsigned)(addr >> (PAGE_SHIFT + 9 * level)) % PTE_ENTRY_COUNT;
}

static inline pte_t *pgtable_table(paddr_t table)
{
	return mmu_direct(table);
}

/* Neither empty nor a table: present pages and those of PROT_NONE. */
static inline bool pgtable_is_leaf(pte_t pte, unsigned level)
{
	return !pte_is_none(pte) &&
	       (!pte_is_present(pte) || pte_is_leaf(pte, level));
}

/*
 * The entry where the way to addr ends: a leaf, an empty one, or level 0.
 * Never NULL.
 */
pte_t *pgtable_lookup(paddr_t root, uintptr_t addr, unsigned *level_out);

/*
 * The entry of that level, with the tables above it made.  0, -ENOMEM, or
 * -EEXIST when a larger leaf is in the way.  `frames` counts the tables
 * (atomic).  May sleep unless `flags` (of frame_alloc) forbid it.
 */
int pgtable_make(paddr_t root, uintptr_t addr, unsigned level, unsigned flags,
		 uint64_t *frames, pte_t **slot_out);

/* Calls leaf() for each leaf in the range until it returns non-zero, which
 * is the result.  Large leaves are given whole. */
struct pgtable_walk {
	int (*leaf)(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		    unsigned level);
};
int pgtable_walk(paddr_t root, uintptr_t start, uintptr_t end,
		 struct pgtable_walk *walk);

/* Makes a leaf boundary at addr: a 2 MiB leaf across it becomes a table.  0 or
 * -ENOMEM. */
int pgtable_split(struct address_space *space, uintptr_t addr);

/* The 2 MiB leaf of addr becomes a table of 4 KiB leaves, which no CPU has
 * cached.  0 or -ENOMEM. */
int pgtable_split_leaf(struct address_space *space, uintptr_t addr,
		       pte_t *slot);

struct tlb_gather;

/* Takes out the tables of the range that cover nothing outside
 * [floor, ceiling), which holds no leaves. */
void pgtable_free_range(struct tlb_gather *gather, uintptr_t start,
			uintptr_t end, uintptr_t floor, uintptr_t ceiling);

/* --- tlb.c
 * --------------------------------------------------------------------
 */

#define TLB_GATHER_MAX 128

/* What was unmapped and must not be reused before all CPUs forgot it. */
struct tlb_gather {
	struct address_space *space;
	uintptr_t start, end; /* addresses to flush; start >= end: none */
	bool tables;	      /* page tables go: no CPU may even look */
	unsigned count;
	struct page *pages[TLB_GATHER_MAX]; /* one reference each */
};

void tlb_gather_init(struct tlb_gather *gather, struct address_space *space);
void tlb_gather_range(struct tlb_gather *gather, uintptr_t start,
		      uintptr_t end);
/* Takes over a reference; flushes when the gather is full. */
void tlb_gather_page(struct tlb_gather *gather, struct page *page);
/* Flushes and puts the pages; interrupts enabled, no spinlock held. */
void tlb_gather_finish(struct tlb_gather *gather);
/* All CPUs that run threads of the space forget the range; the others do before
 * they run one again. */
void tlb_flush(struct address_space *space, uintptr_t start, uintptr_t end);
/* This CPU goes on with a root that it had lent to kernel threads, or (fresh)
 * is about to load it.  Interrupts disabled. */
void tlb_catch_up(struct address_space *space, bool fresh);
/* Kernel mappings: all CPUs. */
void tlb_flush_kernel(uintptr_t start, uintptr_t end);

/* --- address_space.c
 * ----------------------------------------------------------
 */

/* Adds to the counters of resident frames. */
void address_space_account(struct address_space *space, int64_t anon,
			   int64_t file);

/* --- vma.c
 * --------------------------------------------------------------------
 */

#define VMA_GUARD_GAP (256 * PAGE_SIZE) /* below a stack that grows */

/* Flags that may differ between two VMAs that are one. */
#define VMA_MERGE_IGNORED 0u

void vma_room_init(void);
struct vma *vma_alloc(struct address_space *space, uintptr_t start,
		      uintptr_t end, uint32_t flags, struct vm_object *object,
		      uint64_t offset);
void vma_free(struct vma *vma); /* not in the tree; puts the object */
/* Write lock held, all of them. */
void vma_insert(struct vma *vma);
void vma_remove(struct vma *vma);
struct vma *vma_prev(struct vma *vma);
/* Cuts the VMA at addr; the new one is the upper part.  0, -ENOMEM. */
int vma_split(struct vma *vma, uintptr_t addr);
/* Changes the bounds; offset follows the start. */
void vma_set_range(struct vma *vma, uintptr_t start, uintptr_t end);
/* Joins the VMA with its neighbours where they are alike; the one that is
 * left. */
struct vma *vma_merge(struct vma *vma);
/* Makes VMA boundaries at both ends of the range.  0, -ENOMEM. */
int vma_cut_range(struct address_space *space, uintptr_t start, uintptr_t end);
/* The range has no holes. */
bool vma_range_is_mapped(struct address_space *space, uintptr_t start,
			 uintptr_t end);
/* Highest place in [low, high), or 0. */
uintptr_t vma_find_gap(struct address_space *space, size_t length,
		       uintptr_t low, uintptr_t high, size_t align);
/* Nothing there, and no guard gap of a stack. */
bool vma_range_is_free(struct address_space *space, uintptr_t start,
		       size_t length);

static inline struct page_cache *vma_cache(const struct vma *vma)
{
	return vma->object != NULL ? vma->object->cache : NULL;
}

static inline uint64_t vma_page_index(const struct vma *vma, uintptr_t addr)
{
	return vma->offset + ((addr - vma->start) >> PAGE_SHIFT);
}

/* Rights of a leaf for the flags of its VMA; writing is up to the caller. */
static inline unsigned vma_leaf_prot(uint32_t flags)
{
	unsigned prot = PTE_APP;

	if ((flags & VMA_PROT) != 0) {
		prot |= PTE_READ;
	}
	if ((flags & VMA_WRITE) != 0) {
		prot |= PTE_WRITE;
	}
	if ((flags & VMA_EXEC) != 0) {
		prot |= PTE_EXEC;
	}
	return prot;
}

/* --- zap.c: taking leaves out
 * -------------------------------------------------
 */

/* All leaves of the range, which cuts no large one; `only_cache` leaves
 * private copies alone.  True when a page of an object was written. */
bool zap_range(struct tlb_gather *gather, uintptr_t start, uintptr_t end,
	       bool only_cache);
/* In all address spaces: pages [first, end) of the file.  `copies`: private
 * copies as well. */
void zap_cache(struct page_cache *cache, uint64_t first, uint64_t end,
	       bool copies);
/* Leaves of one page lose the right to write; true when some was dirty. */
void zap_write_rights(struct page_cache *cache, struct page *page);
/* Unmaps one page everywhere unless it is in use or the lock is taken; true
 * when no leaf is left.  `young`: even pages that were used lately. */
bool zap_page(struct page_cache *cache, struct page *page, bool young);

/* --- vm_unmap.c
 * ---------------------------------------------------------------
 */

/* munmap with the write lock held, page aligned. */
int vm_unmap_locked(struct address_space *space, uintptr_t start,
		    uintptr_t end);
/* The tables that the last small munmap left go; write lock held. */
void vm_free_kept_tables(struct address_space *space);
/* All mappings, at the end of the space. */
void vm_unmap_all(struct address_space *space);

/* --- vm_map.c
 * -----------------------------------------------------------------
 */

/* Address-space limits for `pages` more: 0, -ENOMEM. */
int vm_check_limits(struct address_space *space, uint64_t pages,
		    uint32_t flags);
int vm_check_lock_limit(struct address_space *space, uint64_t pages);
/* Faults the range in as far as it is mapped; lock not held.  0 or the first
 * error. */
int vm_populate(struct address_space *space, uintptr_t start, uintptr_t end);

/* --- fault.c
 * ------------------------------------------------------------------
 */

#define FAULT_WRITE (1u << 0)
#define FAULT_EXEC  (1u << 1)
#define FAULT_FORCE (1u << 2) /* whatever the VMA allows (debugger) */

/*
 * Makes the page accessible; read or write lock held, the VMA covers addr.
 * 0, -EACCES, -ERANGE (beyond the file), -EIO, -ENOMEM, -ENOSPC.
 */
int fault_handle(struct vma *vma, uintptr_t addr, unsigned flags);

/* fault_anon.c: pages of private memory. */
int fault_anon(struct vma *vma, uintptr_t addr, unsigned flags);
int fault_copy(struct vma *vma, uintptr_t addr, pte_t *slot, pte_t old,
	       unsigned level);
/* A leaf at an empty slot; false when somebody was faster. */
bool fault_install(pte_t *slot, struct page *page, unsigned prot,
		   unsigned level);
struct page *fault_new_page(struct address_space *space, unsigned flags);

/* fault_file.c: pages of objects. */
int fault_file(struct vma *vma, uintptr_t addr, unsigned flags);
int fault_share_write(struct vma *vma, uintptr_t addr, pte_t *slot, pte_t old);

/* --- page_cache.c
 * -------------------------------------------------------------
 */

/* Up to `count` present pages from index on, referenced; only consecutive
 * lookup, no read. */
size_t page_cache_find_many(struct page_cache *cache, uint64_t index,
			    struct page **pages, size_t count);
bool page_cache_can_track(const struct page_cache *cache);
/* Takes a clean page out; locked, caller's is the only other reference. */
bool page_cache_evict(struct page_cache *cache, struct page *page);

/* --- lru.c
 * --------------------------------------------------------------------
 */

void lru_add(struct page *page);
void lru_remove(struct page *page);

/* --- oom.c
 * --------------------------------------------------------------------
 */

/* A space has given all its memory back.  A hook, so that spaces do not need
 * processes: set by reclaim. */
extern void (*address_space_gone_hook)(const struct address_space *space);

/* --- page_cache.c ------------------------------------------------------- */

/* The current thread reads pages of a disk: /proc/PID/io. */
void page_cache_count_read(size_t pages);
