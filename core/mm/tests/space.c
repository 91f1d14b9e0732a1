/* SPDX-License-Identifier: BSD-3-Clause */

/* Helpers of the tests on address spaces; see space.h. */
#include "space.h"

#include <debug/unit_test.h>
#include <lib/minmax.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define TOP 0x7f0000000000ul

struct address_space *space_fresh(void)
{
	struct address_space *space = NULL;

	EXPECT_EQ(address_space_create(&space), 0);
	space->mmap_top = TOP;
	return space;
}

uint64_t free_frames(void)
{
	slab_shrink();
	return frame_free_count();
}

void space_finish(struct address_space *space, uint64_t free_before)
{
	struct frame_stats stats;

	address_space_put(space);
	frame_stats(&stats);
	EXPECT_EQ(stats.anon, 0);
	EXPECT_EQ(stats.page_tables, 0);
	/* Slabs of VMAs may stay: a few frames. */
	EXPECT(free_frames() + 8 >= free_before);
}

int touch(struct address_space *space, uintptr_t addr, unsigned flags)
{
	struct vma *vma;
	int err = -EFAULT;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	if (vma != NULL && vma->start <= addr) {
		err = fault_handle(vma, addr, flags);
	}
	rwlock_read_unlock(&space->lock);
	return err;
}

pte_t leaf(struct address_space *space, uintptr_t addr, unsigned *level_out)
{
	return pte_load(pgtable_lookup(space->root, addr, level_out));
}

unsigned leaf_prot(struct address_space *space, uintptr_t addr)
{
	unsigned level;

	return pte_prot(leaf(space, addr, &level)) &
	       (PTE_READ | PTE_WRITE | PTE_EXEC);
}

static size_t subtree_gap(struct rbtree_node *node)
{
	struct vma *vma;
	size_t gap;

	if (node == NULL) {
		return 0;
	}
	vma = rbtree_entry(node, struct vma, node);
	gap = MAX(subtree_gap(node->left), subtree_gap(node->right));
	gap = MAX(vma->gap, gap);
	EXPECT_EQ(vma->subtree_gap, gap);
	return gap;
}

unsigned check_tree(struct address_space *space)
{
	struct vma *vma = vma_find(space, 0);
	uintptr_t end = 0;
	unsigned count = 0;

	EXPECT(rbtree_is_valid(&space->vmas));
	for (; vma != NULL; vma = vma_next(vma)) {
		uintptr_t start = (vma->flags & VMA_GROWSDOWN) != 0
					  ? vma->start - VMA_GUARD_GAP
					  : vma->start;

		EXPECT(vma->start >= end && vma->end > vma->start);
		EXPECT_EQ(vma->gap, start > end ? start - end : 0);
		end = vma->end;
		count++;
	}
	subtree_gap(space->vmas.root);
	EXPECT_EQ(count, space->vma_count);
	return count;
}

void put_byte(struct address_space *space, uintptr_t addr, uint8_t value)
{
	EXPECT_EQ(vm_access(space, addr, &value, 1, true), 1);
}

int get_byte(struct address_space *space, uintptr_t addr)
{
	uint8_t value;

	return vm_access(space, addr, &value, 1, false) == 1 ? value : -1;
}
