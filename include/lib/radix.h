/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Radix tree: 64-bit index -> pointer, 64 entries per node, as deep as the
 * largest index needs.
 *
 * Memory: nodes come from the caller's functions, which may fail; then the
 * insert fails with -ENOMEM and the tree is as it was.  Empty nodes are freed
 * when an erase leaves them.
 *
 * Locks: the caller serialises everything that changes the tree (insert,
 * erase, replace, marks).  radix_lookup() and radix_next() may run at the same
 * time as those without any lock: nodes and items are published with release
 * stores and read with acquire loads.  Then `free` must defer the release
 * until no such reader can see the node (after an RCU grace period), and what
 * a lookup returns may just have been erased: take a reference that can fail
 * and look again.
 *
 * Items are pointers to anything but NULL.  Each carries RADIX_MARK_COUNT
 * marks (dirty, in writeback, ...), which searches can follow without
 * visiting unmarked parts; an item that is erased loses its marks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RADIX_SHIFT	 6
#define RADIX_FANOUT	 (1 << RADIX_SHIFT)
#define RADIX_MARK_COUNT 4

struct radix_node;

struct radix_memory {
	/* Zeroed memory, aligned for pointers, or NULL. */
	void *(*alloc)(size_t size);
	void (*free)(void *memory, size_t size);
};

struct radix_tree {
	struct radix_node *root;	   /* [a] NULL: empty */
	const struct radix_memory *memory; /* [I] */
};

void radix_init(struct radix_tree *tree, const struct radix_memory *memory);

/* Frees all nodes; the items are the caller's.  The tree is empty then. */
void radix_fini(struct radix_tree *tree);

bool radix_is_empty(const struct radix_tree *tree);

/* Returns 0, -EEXIST when the index has an item, or -ENOMEM. */
int radix_insert(struct radix_tree *tree, uint64_t index, void *item);

/* Puts the item in place of the present one, with its marks; returns that
 * one, or NULL (nothing changed) when there is none. */
void *radix_replace(struct radix_tree *tree, uint64_t index, void *item);

/* Removes and returns the item; NULL when there is none. */
void *radix_erase(struct radix_tree *tree, uint64_t index);

/* The item or NULL. */
void *radix_lookup(const struct radix_tree *tree, uint64_t index);

/*
 * The first item at or behind *index and its index; NULL when there is none.
 * A scan goes on with *index + 1 and ends at UINT64_MAX.
 */
void *radix_next(const struct radix_tree *tree, uint64_t *index);

/* At most `count` items at or behind `index`, in order, with their indices
 * (indices may be NULL); returns how many. */
size_t radix_gang_lookup(const struct radix_tree *tree, uint64_t index,
			 void **items, uint64_t *indices, size_t count);

/* Marks of a present item; no effect without one. */
void radix_mark_set(struct radix_tree *tree, uint64_t index, unsigned mark);
void radix_mark_clear(struct radix_tree *tree, uint64_t index, unsigned mark);
bool radix_mark_get(const struct radix_tree *tree, uint64_t index,
		    unsigned mark);

/* Some item has the mark. */
bool radix_is_marked(const struct radix_tree *tree, unsigned mark);

/* radix_next() and radix_gang_lookup() among the items with the mark. */
void *radix_next_marked(const struct radix_tree *tree, uint64_t *index,
			unsigned mark);
size_t radix_gang_lookup_marked(const struct radix_tree *tree, uint64_t index,
				void **items, uint64_t *indices, size_t count,
				unsigned mark);
