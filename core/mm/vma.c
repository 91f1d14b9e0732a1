/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * VMAs: the tree of mappings of an address space.
 *
 * The tree is ordered by address.  Each VMA knows the free bytes below it
 * (gap: down to the end of the one before, less the guard of a stack), and the
 * largest gap of its subtree, so a search for room skips subtrees that have
 * none.  Changing a VMA's bounds changes its own gap and that of the next.
 *
 * A VMA with a page cache is on cache->mappings from vma_insert() to
 * vma_remove(); its bounds change under cache->mapping_lock, so truncation sees
 * it in one piece.
 *
 * All but the lookups want space->lock held for writing.
 */
#include <arch/mmu.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#include "internal.h"
#include "slab_internal.h"

static struct slab_cache vma_slab;
static bool vma_slab_ready; /* [a] set once under the first allocation */

static struct vma *entry(struct rbtree_node *node)
{
	return rbtree_entry(node, struct vma, node);
}

/* The first allocation comes from the boot thread, alone. */
static void prepare_slab(void)
{
	if (!__atomic_load_n(&vma_slab_ready, __ATOMIC_ACQUIRE)) {
		slab_cache_setup(&vma_slab, "vma", sizeof(struct vma), 0);
		__atomic_store_n(&vma_slab_ready, true, __ATOMIC_RELEASE);
	}
}

void vma_room_init(void)
{
	__atomic_store_n(&vma_slab_ready, false, __ATOMIC_RELEASE);
}

struct vma *vma_alloc(struct address_space *space, uintptr_t start,
		      uintptr_t end, uint32_t flags, struct vm_object *object,
		      uint64_t offset)
{
	struct vma *vma;

	prepare_slab();
	vma = slab_alloc(&vma_slab, SLAB_ZERO);
	if (vma == NULL) {
		return NULL;
	}
	vma->start = start;
	vma->end = end;
	vma->flags = flags;
	vma->object = object;
	vma->offset = object != NULL ? offset : 0;
	vma->space = space;
	if (object != NULL) {
		object->ops->get(object);
	}
	return vma;
}

void vma_free(struct vma *vma)
{
	if (vma->object != NULL) {
		vma->object->ops->put(vma->object);
	}
	slab_free(&vma_slab, vma);
}

/* --- gaps
 * ---------------------------------------------------------------------
 */

static void update_subtree(struct rbtree_node *node)
{
	struct vma *vma = entry(node);
	size_t gap = vma->gap;

	if (node->left != NULL) {
		gap = MAX(gap, entry(node->left)->subtree_gap);
	}
	if (node->right != NULL) {
		gap = MAX(gap, entry(node->right)->subtree_gap);
	}
	vma->subtree_gap = gap;
}

/* What may be mapped below the VMA: a stack keeps its guard. */
static uintptr_t guarded_start(const struct vma *vma)
{
	if ((vma->flags & VMA_GROWSDOWN) == 0) {
		return vma->start;
	}
	return vma->start > VMA_GUARD_GAP ? vma->start - VMA_GUARD_GAP : 0;
}

static size_t gap_below(struct vma *vma)
{
	struct vma *prev = vma_prev(vma);
	uintptr_t floor = prev != NULL ? prev->end : 0;
	uintptr_t start = guarded_start(vma);

	return start > floor ? start - floor : 0;
}

static void refresh_gap(struct vma *vma)
{
	if (vma != NULL) {
		vma->gap = gap_below(vma);
		rbtree_propagate(&vma->node, update_subtree);
	}
}

/* --- lookups
 * ------------------------------------------------------------------
 */

struct vma *vma_find(struct address_space *space, uintptr_t addr)
{
	struct rbtree_node *node = space->vmas.root;
	struct vma *found = NULL;

	while (node != NULL) {
		struct vma *vma = entry(node);

		if (vma->end > addr) {
			found = vma;
			if (vma->start <= addr) {
				break;
			}
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

struct vma *vma_next(struct vma *vma)
{
	struct rbtree_node *node = rbtree_next(&vma->node);

	return node != NULL ? entry(node) : NULL;
}

struct vma *vma_prev(struct vma *vma)
{
	struct rbtree_node *node = rbtree_prev(&vma->node);

	return node != NULL ? entry(node) : NULL;
}

bool vma_range_is_mapped(struct address_space *space, uintptr_t start,
			 uintptr_t end)
{
	struct vma *vma = vma_find(space, start);

	while (vma != NULL && vma->start <= start) {
		start = vma->end;
		if (start >= end) {
			return true;
		}
		vma = vma_next(vma);
	}
	return start >= end;
}

bool vma_range_is_free(struct address_space *space, uintptr_t start,
		       size_t length)
{
	struct vma *vma = vma_find(space, start);

	return vma == NULL || guarded_start(vma) >= start + length;
}

/* --- room
 * ---------------------------------------------------------------------
 */

struct gap_search {
	size_t length;
	uintptr_t low, high;
	size_t align;
};

/* Highest start in [from, to), 0: does not fit. */
static uintptr_t fit(const struct gap_search *search, uintptr_t from,
		     uintptr_t to)
{
	uintptr_t low = MAX(from, search->low);
	uintptr_t high = MIN(to, search->high);
	uintptr_t start;

	if (high <= low || high - low < search->length) {
		return 0;
	}
	start = ALIGN_DOWN(high - search->length, search->align);
	return start >= low ? start : 0;
}

/* Right to left; as deep as the tree. */
static uintptr_t search_subtree(const struct gap_search *search,
				struct rbtree_node *node)
{
	struct vma *vma;
	uintptr_t found;

	if (node == NULL || entry(node)->subtree_gap < search->length) {
		return 0;
	}
	vma = entry(node);
	if (vma->end < search->high) {
		found = search_subtree(search, node->right);
		if (found != 0) {
			return found;
		}
	}
	if (vma->gap >= search->length) {
		uintptr_t to = guarded_start(vma);

		found = fit(search, to - vma->gap, to);
		if (found != 0) {
			return found;
		}
	}
	return vma->start > search->low ? search_subtree(search, node->left)
					: 0;
}

uintptr_t vma_find_gap(struct address_space *space, size_t length,
		       uintptr_t low, uintptr_t high, size_t align)
{
	const struct gap_search search = {
		.length = length, .low = low, .high = high, .align = align};
	struct rbtree_node *last = rbtree_last(&space->vmas);
	uintptr_t found =
		fit(&search, last != NULL ? entry(last)->end : 0, USER_END);

	return found != 0 ? found : search_subtree(&search, space->vmas.root);
}

/* --- changes
 * ------------------------------------------------------------------
 */

static void link_in_tree(struct address_space *space, struct vma *vma)
{
	struct rbtree_node **link = &space->vmas.root;
	struct rbtree_node *parent = NULL;

	while (*link != NULL) {
		parent = *link;
		link = vma->start < entry(parent)->start ? &parent->left
							 : &parent->right;
	}
	vma->gap = 0;
	rbtree_insert_at(&space->vmas, &vma->node, parent, link,
			 update_subtree);
	space->vma_count++;
	refresh_gap(vma);
	refresh_gap(vma_next(vma));
}

void vma_insert(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);

	if (cache == NULL) {
		link_in_tree(vma->space, vma);
		return;
	}
	mutex_lock(&cache->mapping_lock);
	link_in_tree(vma->space, vma);
	list_add_tail(&cache->mappings, &vma->mapping_link);
	mutex_unlock(&cache->mapping_lock);
}

void vma_remove(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);
	struct address_space *space = vma->space;
	struct vma *next = vma_next(vma);

	if (cache != NULL) {
		mutex_lock(&cache->mapping_lock);
		list_remove(&vma->mapping_link);
		mutex_unlock(&cache->mapping_lock);
	}
	rbtree_erase(&space->vmas, &vma->node, update_subtree);
	space->vma_count--;
	refresh_gap(next);
}

static void lock_mapping(struct page_cache *cache) NO_THREAD_SAFETY
{
	if (cache != NULL) {
		mutex_lock(&cache->mapping_lock);
	}
}

static void unlock_mapping(struct page_cache *cache) NO_THREAD_SAFETY
{
	if (cache != NULL) {
		mutex_unlock(&cache->mapping_lock);
	}
}

void vma_set_range(struct vma *vma, uintptr_t start, uintptr_t end)
{
	struct page_cache *cache = vma_cache(vma);

	lock_mapping(cache);
	if (vma->object != NULL) {
		vma->offset += (uint64_t)((intptr_t)(start - vma->start) >>
					  PAGE_SHIFT);
	}
	vma->start = start;
	vma->end = end;
	unlock_mapping(cache);
	refresh_gap(vma);
	refresh_gap(vma_next(vma));
}

int vma_split(struct vma *vma, uintptr_t addr)
{
	struct page_cache *cache = vma_cache(vma);
	struct vma *upper;

	if (vma->space->vma_count >= VMA_COUNT_MAX) {
		return -ENOMEM;
	}
	upper = vma_alloc(vma->space, addr, vma->end,
			  vma->flags & ~VMA_GROWSDOWN, vma->object,
			  vma_page_index(vma, addr));
	if (upper == NULL) {
		return -ENOMEM;
	}
	lock_mapping(cache);
	vma->end = addr;
	link_in_tree(vma->space, upper);
	if (cache != NULL) {
		list_add_tail(&cache->mappings, &upper->mapping_link);
	}
	unlock_mapping(cache);
	return 0;
}

/* `high` goes on where `low` ends, in every respect. */
static bool can_join(const struct vma *low, const struct vma *high)
{
	if (low->end != high->start || low->object != high->object ||
	    (low->flags | VMA_GROWSDOWN) != (high->flags | VMA_GROWSDOWN) ||
	    (high->flags & VMA_GROWSDOWN) != 0) {
		return false;
	}
	return low->object == NULL ||
	       vma_page_index(low, low->end) == high->offset;
}

static void join(struct vma *low, struct vma *high)
{
	uintptr_t end = high->end;
	struct page_cache *cache = vma_cache(low);

	lock_mapping(cache);
	if (cache != NULL) {
		list_remove(&high->mapping_link);
	}
	rbtree_erase(&low->space->vmas, &high->node, update_subtree);
	low->space->vma_count--;
	low->end = end;
	unlock_mapping(cache);
	refresh_gap(vma_next(low));
	vma_free(high);
}

struct vma *vma_merge(struct vma *vma)
{
	struct vma *next = vma_next(vma);
	struct vma *prev;

	if (next != NULL && can_join(vma, next)) {
		join(vma, next);
	}
	prev = vma_prev(vma);
	if (prev != NULL && can_join(prev, vma)) {
		join(prev, vma);
		vma = prev;
	}
	return vma;
}

static int cut_at(struct address_space *space, uintptr_t addr)
{
	struct vma *vma = vma_find(space, addr);

	if (vma == NULL || vma->start >= addr) {
		return 0;
	}
	return vma_split(vma, addr);
}

int vma_cut_range(struct address_space *space, uintptr_t start, uintptr_t end)
{
	int err = cut_at(space, start);

	return err < 0 ? err : cut_at(space, end);
}
