/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Address spaces: birth, copy for fork, end; which CPU uses which.
 *
 * A CPU keeps the root that it loaded last until it needs another one: kernel
 * threads borrow it, and a guest with one process never switches.  `active` has
 * the CPU from before it loads the root until after it has loaded another.
 * When the last reference goes, the CPUs that still borrow the root are moved
 * to the kernel's own before the tables are freed.
 *
 * Key: loaded_space and root_loads are the CPU's own, interrupts disabled.
 */
#include <mm/address_space.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "internal.h"

static PERCPU_DEFINE(struct address_space *, loaded_space); /* [c] */
static PERCPU_DEFINE(uint64_t, root_loads);		    /* [c] */

void (*address_space_gone_hook)(const struct address_space *space);

static void space_init(struct address_space *space, struct page *root)
{
	memset(space, 0, sizeof(*space));
	rwlock_init(&space->lock, "space");
	refcount_init(&space->refs);
	rbtree_init(&space->vmas);
	space->root = page_paddr(root);
	spinlock_init(&space->table_lock, "table");
	space->mmap_top = USER_END;
	space->page_table_frames = 1;
	cpumask_clear(&space->active);
}

int address_space_create(struct address_space **space_out)
{
	struct address_space *space = kmalloc(sizeof(*space));
	struct page *root;

	if (space == NULL) {
		return -ENOMEM;
	}
	root = frame_alloc(0, 0);
	if (root == NULL) {
		kfree(space);
		return -ENOMEM;
	}
	root->flags = PAGE_TABLE;
	frame_count_add(FRAME_COUNT_PAGE_TABLES, 1);
	mmu_root_init(page_address(root));
	space_init(space, root);
	*space_out = space;
	return 0;
}

void address_space_get(struct address_space *space)
{
	refcount_get(&space->refs);
}

/* Interrupts disabled. */
static void load_root(paddr_t root)
{
	percpu(root_loads)++;
	mmu_root_load(root);
}

/* This CPU stops using the root.  Interrupts disabled. */
static void leave_here(void *arg)
{
	struct address_space *space = arg;

	if (percpu(loaded_space) == space) {
		percpu(loaded_space) = NULL;
		load_root(mmu_kernel_root());
		cpumask_remove_atomic(&space->active, cpu_id());
	}
}

static void leave_everywhere(struct address_space *space)
{
	struct cpumask mask;
	unsigned long state = cpu_irq_save();

	leave_here(space);
	cpu_irq_restore(state);
	mask = space->active;
	if (!cpumask_is_empty(&mask)) {
		smp_call(&mask, leave_here, space);
	}
}

void address_space_put(struct address_space *space)
{
	struct page *root;

	if (!refcount_put(&space->refs)) {
		return;
	}
	leave_everywhere(space);
	vm_unmap_all(space);
	root = page_from_paddr(space->root);
	frame_count_add(FRAME_COUNT_PAGE_TABLES, -1);
	page_put(root);
	if (address_space_gone_hook != NULL) {
		address_space_gone_hook(space);
	}
	kfree(space);
}

void address_space_switch(struct address_space *next)
{
	struct address_space *old = percpu(loaded_space);

	if (next == NULL) {
		return;
	}
	if (next == old) {
		tlb_catch_up(next, false);
		return;
	}
	cpumask_add_atomic(&next->active, cpu_id());
	tlb_catch_up(next, true);
	load_root(next->root);
	percpu(loaded_space) = next;
	if (old != NULL) {
		cpumask_remove_atomic(&old->active, cpu_id());
	}
}

uint64_t address_space_root_loads(void)
{
	uint64_t sum = 0;
	unsigned cpu = cpumask_next(smp_online(), 0);

	for (; cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(smp_online(), cpu + 1)) {
		sum += READ_ONCE(percpu_of(root_loads, cpu));
	}
	return sum;
}

struct address_space *address_space_current(void)
{
	const struct thread *thread = thread_current();

	return thread != NULL ? thread->address_space : NULL;
}

void address_space_account(struct address_space *space, int64_t anon,
			   int64_t file)
{
	uint64_t now;

	if (anon != 0) {
		frame_count_add(FRAME_COUNT_ANON, anon);
	}
	if (file != 0) {
		__atomic_fetch_add(&space->resident_file, (uint64_t)file,
				   __ATOMIC_RELAXED);
	}
	now = __atomic_add_fetch(&space->resident, (uint64_t)(anon + file),
				 __ATOMIC_RELAXED);
	if (now > __atomic_load_n(&space->resident_peak, __ATOMIC_RELAXED) &&
	    anon + file > 0) {
		__atomic_store_n(&space->resident_peak, now, __ATOMIC_RELAXED);
	}
}
