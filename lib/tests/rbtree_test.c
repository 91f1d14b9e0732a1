/* SPDX-License-Identifier: BSD-3-Clause */

/* Red-black trees: random insertions and removals against an array. */
#include <lib/rbtree.h>

#include <debug/unit_test.h>

#define COUNT 500

struct item {
	struct rbtree_node node;
	unsigned key;
	unsigned largest; /* of the subtree: augmented */
	bool in;
};

static struct item *item_of(const struct rbtree_node *node)
{
	return container_of((struct rbtree_node *)(uintptr_t)node, struct item,
			    node);
}

static bool key_less(const struct rbtree_node *a, const struct rbtree_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

static void update_largest(struct rbtree_node *node)
{
	struct item *item = item_of(node);

	item->largest = item->key;
	if (node->left != NULL &&
	    item_of(node->left)->largest > item->largest) {
		item->largest = item_of(node->left)->largest;
	}
	if (node->right != NULL &&
	    item_of(node->right)->largest > item->largest) {
		item->largest = item_of(node->right)->largest;
	}
}

static void check(const struct rbtree *tree, unsigned in_tree)
{
	const struct rbtree_node *node;
	unsigned seen = 0;
	unsigned last = 0;

	EXPECT(rbtree_is_valid(tree));
	rbtree_for_each (node, tree) {
		EXPECT(item_of(node)->key >= last);
		last = item_of(node)->key;
		seen++;
	}
	EXPECT_EQ(seen, in_tree);
	if (tree->root != NULL) {
		EXPECT_EQ(item_of(tree->root)->largest, last);
	}
}

TEST(rbtree, random_operations)
{
	static struct item items[COUNT];
	struct rbtree tree = RBTREE_INIT;
	unsigned state = 12345;
	unsigned in_tree = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		rbtree_node_init(&items[i].node);
		items[i].in = false;
	}
	for (unsigned round = 0; round < 8 * COUNT; round++) {
		struct item *item;

		state = state * 1103515245u + 12345u;
		item = &items[(state >> 8) % COUNT];
		if (item->in) {
			rbtree_erase(&tree, &item->node, update_largest);
			in_tree--;
		} else {
			item->key = (state >> 16) % 1000;
			rbtree_insert(&tree, &item->node, key_less,
				      update_largest);
			in_tree++;
		}
		item->in = !item->in;
		if (round % 64 == 0) {
			check(&tree, in_tree);
		}
	}
	check(&tree, in_tree);
}

TEST(rbtree, ends_and_replace)
{
	struct rbtree tree = RBTREE_INIT;
	struct item items[3] = {{.key = 1}, {.key = 2}, {.key = 3}};
	struct item other = {.key = 2};

	EXPECT(rbtree_first(&tree) == NULL);
	for (unsigned i = 0; i < 3; i++) {
		rbtree_insert(&tree, &items[i].node, key_less, NULL);
	}
	rbtree_replace(&tree, &items[1].node, &other.node, NULL);
	EXPECT(rbtree_next(rbtree_first(&tree)) == &other.node);
	EXPECT(rbtree_prev(rbtree_last(&tree)) == &other.node);
	EXPECT(rbtree_is_valid(&tree));
}
