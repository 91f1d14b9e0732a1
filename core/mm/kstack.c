/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Kernel stacks.
 *
 * The region is cut into slots of twice the stack's size: the lower half is
 * the guard, never mapped; the upper half is the stack.  A bitmap knows the
 * slots in use; their number bounds the threads.
 *
 * A freed stack stays mapped and waits on a list, linked through its own first
 * word, for kstack_alloc().  Unmapping needs all CPUs, which the any-context
 * kstack_free() cannot ask: with more than CACHE_MAX waiting, the RCU thread is
 * told to take the rest, and kstack_shrink() takes all when memory is short.
 *
 * Lock: kstack_lock, irq safe.
 */
#include "kstack.h"

#include <arch/mmu.h>
#include <lib/bitmap.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <sched/thread.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>

#include "internal.h"

#define SLOT_SIZE    (2ul * THREAD_STACK_SIZE)
#define SLOT_COUNT   (PID_MAX + CONFIG_CPU_MAX)
#define CACHE_MAX    32
#define STACK_FRAMES (THREAD_STACK_SIZE / PAGE_SIZE)

_Static_assert(SLOT_COUNT *SLOT_SIZE <= KSTACK_REGION_SIZE, "stack region");

static struct spinlock kstack_lock = SPINLOCK_INIT("kstack");
static uint64_t slots[(SLOT_COUNT + 63) / 64]; /* [kstack_lock] */
static size_t next_slot;		       /* [kstack_lock] hint */
static void *free_stacks;		       /* [kstack_lock] */
static size_t free_count;		       /* [kstack_lock] of those */
static bool trim_pending;		       /* [kstack_lock] */
static struct rcu_head trim_head;	       /* in use while pending */

void kstack_init(void)
{
	bitmap_zero(slots, SLOT_COUNT);
	next_slot = 0;
	free_stacks = NULL;
	free_count = 0;
	trim_pending = false;
}

static void *take_cached(void)
{
	unsigned long state = spin_lock_irqsave(&kstack_lock);
	void *stack = free_stacks;

	if (stack != NULL) {
		free_stacks = *(void **)stack;
		free_count--;
	}
	spin_unlock_irqrestore(&kstack_lock, state);
	return stack;
}

/* The address of a fresh stack, 0: all slots are in use. */
static uintptr_t take_slot(void)
{
	unsigned long state = spin_lock_irqsave(&kstack_lock);
	size_t slot = bitmap_find_clear(slots, SLOT_COUNT, next_slot);

	if (slot >= SLOT_COUNT) {
		slot = bitmap_find_clear(slots, SLOT_COUNT, 0);
	}
	if (slot < SLOT_COUNT) {
		bitmap_set(slots, slot);
		next_slot = slot + 1;
	}
	spin_unlock_irqrestore(&kstack_lock, state);
	return slot < SLOT_COUNT
		       ? KMAP_BASE + slot * SLOT_SIZE + THREAD_STACK_SIZE
		       : 0;
}

static void give_slot(uintptr_t stack)
{
	unsigned long state = spin_lock_irqsave(&kstack_lock);
	size_t slot = (stack - KMAP_BASE) / SLOT_SIZE;

	bitmap_clear(slots, slot);
	if (slot < next_slot) {
		next_slot = slot;
	}
	spin_unlock_irqrestore(&kstack_lock, state);
}

/* Takes the frames out; they are freed once nobody can reach them. */
static void unmap_stack(uintptr_t stack, struct list *frames)
{
	for (unsigned i = 0; i < STACK_FRAMES; i++) {
		struct page *page = kunmap_page(stack + i * PAGE_SIZE);

		if (page != NULL) {
			list_add_tail(frames, &page->link);
		}
	}
}

static size_t free_frames(struct list *frames)
{
	struct list_node *node;
	size_t count = 0;

	while ((node = list_pop_head(frames)) != NULL) {
		page_put(list_entry(node, struct page, link));
		count++;
	}
	frame_count_add(FRAME_COUNT_KERNEL_STACKS, -(int64_t)count);
	return count;
}

/* Fresh frames at a fresh place.  Nothing can have cached what was never
 * mapped, or was flushed since, so a failure needs no flush either. */
static void *map_stack(void)
{
	uintptr_t stack = take_slot();
	struct list frames;

	if (stack == 0) {
		return NULL;
	}
	for (unsigned i = 0; i < STACK_FRAMES; i++) {
		struct page *page = frame_alloc(0, 0);

		if (page == NULL ||
		    kmap_page(stack + i * PAGE_SIZE, page_paddr(page),
			      PTE_READ | PTE_WRITE) < 0) {
			if (page != NULL) {
				page_put(page);
			}
			list_init(&frames);
			unmap_stack(stack, &frames);
			free_frames(&frames);
			give_slot(stack);
			return NULL;
		}
		frame_count_add(FRAME_COUNT_KERNEL_STACKS, 1);
	}
	return (void *)stack;
}

void *kstack_alloc(void)
{
	void *stack = take_cached();

	return stack != NULL ? stack : map_stack();
}

static void trim(struct rcu_head *head);

void kstack_free(void *stack)
{
	unsigned long state;
	bool ask = false;

	if (stack == NULL) {
		return;
	}
	state = spin_lock_irqsave(&kstack_lock);
	*(void **)stack = free_stacks;
	free_stacks = stack;
	free_count++;
	if (free_count > CACHE_MAX && !trim_pending) {
		trim_pending = true;
		ask = true;
	}
	spin_unlock_irqrestore(&kstack_lock, state);
	if (ask) {
		rcu_call(&trim_head, trim);
	}
}

/* Takes the list but for the first `keep`. */
static void *take_rest(size_t keep)
{
	unsigned long state = spin_lock_irqsave(&kstack_lock);
	void **link = &free_stacks;
	void *rest;

	for (size_t i = 0; i < keep && *link != NULL; i++) {
		link = (void **)*link;
	}
	rest = *link;
	*link = NULL;
	free_count = free_count < keep ? free_count : keep;
	spin_unlock_irqrestore(&kstack_lock, state);
	return rest;
}

static size_t release_rest(size_t keep)
{
	void *stack = take_rest(keep);
	void *taken = NULL;
	struct list frames;

	list_init(&frames);
	/* The links lie in the stacks: kept in a chain of first frames. */
	while (stack != NULL) {
		void *next = *(void **)stack;
		struct page *first = kunmap_page((uintptr_t)stack);

		first->owner = taken;
		first->index = (uintptr_t)stack;
		taken = first;
		unmap_stack((uintptr_t)stack, &frames);
		stack = next;
	}
	if (taken == NULL) {
		return 0;
	}
	tlb_flush_kernel(KMAP_BASE, KMAP_BASE + KSTACK_REGION_SIZE);
	while (taken != NULL) {
		struct page *first = taken;

		taken = first->owner;
		give_slot((uintptr_t)first->index);
		list_add_tail(&frames, &first->link);
	}
	return free_frames(&frames);
}

static void trim(struct rcu_head *head)
{
	unsigned long state = spin_lock_irqsave(&kstack_lock);

	(void)head;
	trim_pending = false;
	spin_unlock_irqrestore(&kstack_lock, state);
	release_rest(CACHE_MAX);
}

size_t kstack_shrink(void)
{
	return release_rest(0);
}
