/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Red-black tree.
 *
 * Invariants, true between any two calls:
 *  (1) The root is black and its parent is NULL.
 *  (2) A red node has black children; a missing child counts as black.
 *  (3) Every path from a node down to a missing child has the same number of
 *      black nodes.
 *  (4) With an update function: every node's value is what update() makes of
 *      it.
 *
 * A rotation keeps the set of nodes below the place where it happens, so it
 * spoils (4) for the two nodes that it turns only; both are updated at once,
 * the lower one first.
 */

#include <lib/rbtree.h>

#define BLACK ((uintptr_t)1)

static bool is_red(const struct rbtree_node *node)
{
	return node != NULL && (node->parent_and_color & BLACK) == 0;
}

static void set_red(struct rbtree_node *node)
{
	node->parent_and_color &= ~BLACK;
}

static void set_black(struct rbtree_node *node)
{
	node->parent_and_color |= BLACK;
}

static void set_parent(struct rbtree_node *node, struct rbtree_node *parent)
{
	node->parent_and_color =
		(uintptr_t)parent | (node->parent_and_color & BLACK);
}

/* The pointer that leads to the node: a child link or the root. */
static struct rbtree_node **link_to(struct rbtree *tree,
				    const struct rbtree_node *node)
{
	struct rbtree_node *parent = rbtree_parent(node);

	if (parent == NULL) {
		return &tree->root;
	}
	return parent->left == node ? &parent->left : &parent->right;
}

/* The child of `top` on the side `right` takes its place; colours stay. */
static void rotate(struct rbtree *tree, struct rbtree_node *top, bool right,
		   void (*update)(struct rbtree_node *node))
{
	struct rbtree_node *riser = right ? top->right : top->left;
	struct rbtree_node *middle = right ? riser->left : riser->right;

	*link_to(tree, top) = riser;
	set_parent(riser, rbtree_parent(top));
	set_parent(top, riser);
	if (right) {
		top->right = middle;
		riser->left = top;
	} else {
		top->left = middle;
		riser->right = top;
	}
	if (middle != NULL) {
		set_parent(middle, top);
	}
	if (update != NULL) {
		update(top);
		update(riser);
	}
}

void rbtree_propagate(struct rbtree_node *node,
		      void (*update)(struct rbtree_node *node))
{
	while (node != NULL) {
		update(node);
		node = rbtree_parent(node);
	}
}

/* The node is red; (2) may be broken between it and its parent only. */
static void fix_red_pair(struct rbtree *tree, struct rbtree_node *node,
			 void (*update)(struct rbtree_node *node))
{
	struct rbtree_node *parent;

	while (is_red(parent = rbtree_parent(node))) {
		/* A red parent is not the root, (1). */
		struct rbtree_node *top = rbtree_parent(parent);
		bool right = parent == top->right;
		struct rbtree_node *uncle = right ? top->left : top->right;

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(top);
			node = top;
			continue;
		}
		if (node == (right ? parent->left : parent->right)) {
			rotate(tree, parent, !right, update);
			parent = node;
		}
		set_black(parent);
		set_red(top);
		rotate(tree, top, right, update);
		break;
	}
	set_black(tree->root);
}

void rbtree_insert_at(struct rbtree *tree, struct rbtree_node *node,
		      struct rbtree_node *parent, struct rbtree_node **link,
		      void (*update)(struct rbtree_node *node))
{
	node->parent_and_color = (uintptr_t)parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
	if (update != NULL) {
		rbtree_propagate(node, update);
	}
	fix_red_pair(tree, node, update);
}

void rbtree_insert(struct rbtree *tree, struct rbtree_node *node,
		   bool (*less)(const struct rbtree_node *a,
				const struct rbtree_node *b),
		   void (*update)(struct rbtree_node *node))
{
	struct rbtree_node **link = &tree->root;
	struct rbtree_node *parent = NULL;

	if (*link == NULL) { /* alone, as on most run queues */
		node->parent_and_color = BLACK;
		node->left = NULL;
		node->right = NULL;
		*link = node;
		if (update != NULL) {
			update(node);
		}
		return;
	}
	while (*link != NULL) {
		parent = *link;
		link = less(node, parent) ? &parent->left : &parent->right;
	}
	rbtree_insert_at(tree, node, parent, link, update);
}

/*
 * Paths through `node`, a child of `parent`, lack one black node.  The node
 * may be NULL.
 */
static void fix_missing_black(struct rbtree *tree, struct rbtree_node *node,
			      struct rbtree_node *parent,
			      void (*update)(struct rbtree_node *node))
{
	while (parent != NULL && !is_red(node)) {
		bool right = node != parent->left;
		struct rbtree_node *sibling =
			right ? parent->left : parent->right;
		struct rbtree_node *near, *far;

		if (is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(tree, parent, !right, update);
			sibling = right ? parent->left : parent->right;
		}
		near = right ? sibling->right : sibling->left;
		far = right ? sibling->left : sibling->right;
		if (!is_red(near) && !is_red(far)) {
			set_red(sibling);
			node = parent;
			parent = rbtree_parent(node);
			continue;
		}
		if (!is_red(far)) {
			set_black(near);
			set_red(sibling);
			rotate(tree, sibling, right, update);
			far = sibling;
			sibling = near;
		}
		if (is_red(parent)) {
			set_red(sibling);
		} else {
			set_black(sibling);
		}
		set_black(parent);
		set_black(far);
		rotate(tree, parent, !right, update);
		return;
	}
	if (node != NULL) {
		set_black(node);
	}
}

/* `heir` takes the place, the colour and the children of `node`. */
static void take_place(struct rbtree *tree, struct rbtree_node *node,
		       struct rbtree_node *heir)
{
	*link_to(tree, node) = heir;
	heir->parent_and_color = node->parent_and_color;
	heir->left = node->left;
	heir->right = node->right;
	if (heir->left != NULL) {
		set_parent(heir->left, heir);
	}
	if (heir->right != NULL) {
		set_parent(heir->right, heir);
	}
}

/* Removes a node that has one child at most. */
static void unlink_node(struct rbtree *tree, struct rbtree_node *node,
			struct rbtree_node **child_out,
			struct rbtree_node **parent_out)
{
	struct rbtree_node *child =
		node->left != NULL ? node->left : node->right;
	struct rbtree_node *parent = rbtree_parent(node);

	*link_to(tree, node) = child;
	if (child != NULL) {
		set_parent(child, parent);
	}
	*child_out = child;
	*parent_out = parent;
}

static __attribute__((noinline)) void
erase_of_many(struct rbtree *tree, struct rbtree_node *node,
	      void (*update)(struct rbtree_node *node))
{
	struct rbtree_node *child, *parent;
	bool lost_black;

	if (node->left != NULL && node->right != NULL) {
		struct rbtree_node *heir = rbtree_next(node);

		lost_black = !is_red(heir);
		unlink_node(tree, heir, &child, &parent);
		take_place(tree, node, heir);
		if (parent == node) {
			parent = heir;
		}
	} else {
		lost_black = !is_red(node);
		unlink_node(tree, node, &child, &parent);
	}
	if (update != NULL) {
		rbtree_propagate(parent, update);
	}
	if (lost_black) {
		fix_missing_black(tree, child, parent, update);
	}
}

void rbtree_erase(struct rbtree *tree, struct rbtree_node *node,
		  void (*update)(struct rbtree_node *node))
{
	if (tree->root == node && node->left == NULL && node->right == NULL) {
		tree->root = NULL;
	} else {
		erase_of_many(tree, node, update);
	}
	rbtree_node_init(node);
}

void rbtree_replace(struct rbtree *tree, struct rbtree_node *old_node,
		    struct rbtree_node *new_node,
		    void (*update)(struct rbtree_node *node))
{
	take_place(tree, old_node, new_node);
	rbtree_node_init(old_node);
	if (update != NULL) {
		rbtree_propagate(new_node, update);
	}
}

static struct rbtree_node *leftmost(struct rbtree_node *node)
{
	while (node != NULL && node->left != NULL) {
		node = node->left;
	}
	return node;
}

static struct rbtree_node *rightmost(struct rbtree_node *node)
{
	while (node != NULL && node->right != NULL) {
		node = node->right;
	}
	return node;
}

struct rbtree_node *rbtree_first(const struct rbtree *tree)
{
	return leftmost(tree->root);
}

struct rbtree_node *rbtree_last(const struct rbtree *tree)
{
	return rightmost(tree->root);
}

struct rbtree_node *rbtree_next(const struct rbtree_node *node)
{
	struct rbtree_node *parent;

	if (node->right != NULL) {
		return leftmost(node->right);
	}
	while ((parent = rbtree_parent(node)) != NULL &&
	       parent->right == node) {
		node = parent;
	}
	return parent;
}

struct rbtree_node *rbtree_prev(const struct rbtree_node *node)
{
	struct rbtree_node *parent;

	if (node->left != NULL) {
		return rightmost(node->left);
	}
	while ((parent = rbtree_parent(node)) != NULL && parent->left == node) {
		node = parent;
	}
	return parent;
}

/* The first node of the subtree in postorder: down, left when possible. */
static struct rbtree_node *deepest(struct rbtree_node *node)
{
	while (node->left != NULL || node->right != NULL) {
		node = node->left != NULL ? node->left : node->right;
	}
	return node;
}

struct rbtree_node *rbtree_first_postorder(const struct rbtree *tree)
{
	return tree->root == NULL ? NULL : deepest(tree->root);
}

struct rbtree_node *rbtree_next_postorder(const struct rbtree_node *node)
{
	struct rbtree_node *parent = rbtree_parent(node);

	if (parent != NULL && parent->left == node && parent->right != NULL) {
		return deepest(parent->right);
	}
	return parent;
}

/*
 * The tree is walked in postorder; the black height of the path up to each
 * node with a missing child must be the same everywhere, (3).
 */
bool rbtree_is_valid(const struct rbtree *tree)
{
	const struct rbtree_node *node, *up;
	size_t height, expected = 0;

	if (tree->root == NULL) {
		return true;
	}
	if (is_red(tree->root) || rbtree_parent(tree->root) != NULL) {
		return false;
	}
	for (node = rbtree_first_postorder(tree); node != NULL;
	     node = rbtree_next_postorder(node)) {
		if (is_red(node) &&
		    (is_red(node->left) || is_red(node->right))) {
			return false;
		}
		if ((node->left != NULL && rbtree_parent(node->left) != node) ||
		    (node->right != NULL &&
		     rbtree_parent(node->right) != node)) {
			return false;
		}
		if (node->left != NULL && node->right != NULL) {
			continue;
		}
		height = 0;
		for (up = node; up != NULL; up = rbtree_parent(up)) {
			height += !is_red(up);
		}
		if (expected != 0 && height != expected) {
			return false;
		}
		expected = height;
	}
	return true;
}
