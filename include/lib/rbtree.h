/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

/*
 * Red-black tree, intrusive: the node is a member of the entry, the caller
 * keeps the order and the lock.  Nothing allocates, nothing can fail; insert
 * and erase are O(log n) with at most two and three rotations.
 *
 * Augmented trees: each entry may carry a value computed from its own fields
 * and its two children (largest gap below, smallest deadline below).  The
 * caller passes `update`, which recomputes that value of one node from the
 * node and its children (which are up to date then); the tree calls it for
 * every node whose subtree changed, children before parents.  NULL when there
 * is nothing to keep; a tree is changed with the same update for ever.
 */

struct rbtree_node {
	uintptr_t parent_and_color; /* parent's address, bit 0: black */
	struct rbtree_node *left;
	struct rbtree_node *right;
};

struct rbtree {
	struct rbtree_node *root;
};

#define RBTREE_INIT                                                            \
	{                                                                      \
		.root = NULL                                                   \
	}

static inline void rbtree_init(struct rbtree *tree)
{
	tree->root = NULL;
}

static inline bool rbtree_is_empty(const struct rbtree *tree)
{
	return tree->root == NULL;
}

/* Marks a node as being in no tree: its parent is itself. */
static inline void rbtree_node_init(struct rbtree_node *node)
{
	node->parent_and_color = (uintptr_t)node;
	node->left = NULL;
	node->right = NULL;
}

/* For nodes that went through rbtree_node_init() or rbtree_erase() only. */
static inline bool rbtree_node_is_linked(const struct rbtree_node *node)
{
	return node->parent_and_color != (uintptr_t)node;
}

/* NULL for the root. */
static inline struct rbtree_node *rbtree_parent(const struct rbtree_node *node)
{
	return (struct rbtree_node *)(node->parent_and_color & ~(uintptr_t)1);
}

/*
 * Inserts where the caller's own descent ended: `link` is &tree->root, or
 * &parent->left or &parent->right, and *link is NULL.
 *
 *	struct rbtree_node **link = &tree->root, *parent = NULL;
 *
 *	while (*link != NULL) {
 *		parent = *link;
 *		link = key < key_of(parent) ? &parent->left : &parent->right;
 *	}
 *	rbtree_insert_at(tree, node, parent, link, NULL);
 */
void rbtree_insert_at(struct rbtree *tree, struct rbtree_node *node,
		      struct rbtree_node *parent, struct rbtree_node **link,
		      void (*update)(struct rbtree_node *node));

/* Inserts behind all nodes that it is not less than. */
void rbtree_insert(struct rbtree *tree, struct rbtree_node *node,
		   bool (*less)(const struct rbtree_node *a,
				const struct rbtree_node *b),
		   void (*update)(struct rbtree_node *node));

/* Afterwards rbtree_node_is_linked() is false for the node. */
void rbtree_erase(struct rbtree *tree, struct rbtree_node *node,
		  void (*update)(struct rbtree_node *node));

/* Puts new_node, of the same key, in the place of old_node. */
void rbtree_replace(struct rbtree *tree, struct rbtree_node *old_node,
		    struct rbtree_node *new_node,
		    void (*update)(struct rbtree_node *node));

/* After the caller changed a node's own fields: updates it and all above. */
void rbtree_propagate(struct rbtree_node *node,
		      void (*update)(struct rbtree_node *node));

/* All four return NULL when there is no such node. */
struct rbtree_node *rbtree_first(const struct rbtree *tree);
struct rbtree_node *rbtree_last(const struct rbtree *tree);
struct rbtree_node *rbtree_next(const struct rbtree_node *node);
struct rbtree_node *rbtree_prev(const struct rbtree_node *node);

/*
 * Children before parents: each node may be freed once the next one is known.
 * The way to take a whole tree down without rebalancing it.
 */
struct rbtree_node *rbtree_first_postorder(const struct rbtree *tree);
struct rbtree_node *rbtree_next_postorder(const struct rbtree_node *node);

/*
 * Checks the red-black rules and the parent links of the whole tree; for
 * tests and debug builds.
 */
bool rbtree_is_valid(const struct rbtree *tree);

#define rbtree_entry(node, type, member) container_of(node, type, member)

/* In order; the caller declares `node`; the body must not change the tree. */
#define rbtree_for_each(node, tree)                                            \
	for ((node) = rbtree_first(tree); (node) != NULL;                      \
	     (node) = rbtree_next(node))
