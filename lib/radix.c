/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Radix tree.
 *
 *	root (shift 6)		slots[i]: the subtree of the indices whose
 *	  |  \			bits 6..11 are i
 *	leaf  leaf (shift 0)	slots[i]: the item of index ...i
 *
 * Invariants, true whenever the owner's lock is free:
 *  (1) A node has at least one slot in use; `count` is their number.
 *  (2) Bit i of marks[m] in a leaf: the item has mark m; above: some item of
 *      that subtree has it.
 *  (3) The root is a leaf, or has a slot in use besides slot 0 (otherwise the
 *      tree would be one level too high).
 *
 * Readers without the lock see a node only after all of it was written: it
 * is filled first and then stored with release order into its parent's slot.
 * They hold no place in the tree but go down from the root again for each
 * subtree that they leave, so nothing that is erased can lead them astray.
 */
#include <lib/radix.h>

#include <lib/align.h>
#include <uapi/errno.h>

#define SLOT_MASK  (RADIX_FANOUT - 1)
#define LEVELS_MAX ((64 + RADIX_SHIFT - 1) / RADIX_SHIFT)
#define SHIFT_MAX  ((LEVELS_MAX - 1) * RADIX_SHIFT)

struct radix_node {
	uint8_t shift; /* [I] 0: the slots are items */
	uint8_t count; /* slots in use */
	uint64_t marks[RADIX_MARK_COUNT];
	void *slots[RADIX_FANOUT]; /* [a] struct radix_node or item */
};

/* The way down to a leaf: path[0] is the root. */
struct path {
	struct radix_node *nodes[LEVELS_MAX];
	unsigned slots[LEVELS_MAX];
	unsigned length;
};

static unsigned slot_of(const struct radix_node *node, uint64_t index)
{
	return (unsigned)(index >> node->shift) & SLOT_MASK;
}

static void *load_slot(const struct radix_node *node, unsigned slot)
{
	return __atomic_load_n(&node->slots[slot], __ATOMIC_ACQUIRE);
}

static void store_slot(struct radix_node *node, unsigned slot, void *value)
{
	__atomic_store_n(&node->slots[slot], value, __ATOMIC_RELEASE);
}

static struct radix_node *load_root(const struct radix_tree *tree)
{
	return __atomic_load_n(&tree->root, __ATOMIC_ACQUIRE);
}

static void store_root(struct radix_tree *tree, struct radix_node *root)
{
	__atomic_store_n(&tree->root, root, __ATOMIC_RELEASE);
}

/* The largest offset inside what the node covers. */
static uint64_t range_mask(const struct radix_node *node)
{
	return node->shift == SHIFT_MAX
		       ? UINT64_MAX
		       : (UINT64_C(1) << (node->shift + RADIX_SHIFT)) - 1;
}

static struct radix_node *node_create(const struct radix_tree *tree,
				      unsigned shift)
{
	struct radix_node *node = tree->memory->alloc(sizeof(*node));

	if (node != NULL) {
		node->shift = (uint8_t)shift;
	}
	return node;
}

static void node_free(const struct radix_tree *tree, struct radix_node *node)
{
	tree->memory->free(node, sizeof(*node));
}

void radix_init(struct radix_tree *tree, const struct radix_memory *memory)
{
	tree->root = NULL;
	tree->memory = memory;
}

/* Recursion: at most LEVELS_MAX deep. */
static void free_subtree(const struct radix_tree *tree, struct radix_node *node)
{
	for (unsigned i = 0; node->shift > 0 && i < RADIX_FANOUT; i++) {
		if (node->slots[i] != NULL) {
			free_subtree(tree, node->slots[i]);
		}
	}
	node_free(tree, node);
}

void radix_fini(struct radix_tree *tree)
{
	struct radix_node *root = tree->root;

	store_root(tree, NULL);
	if (root != NULL) {
		free_subtree(tree, root);
	}
}

bool radix_is_empty(const struct radix_tree *tree)
{
	return load_root(tree) == NULL;
}

/* Takes levels off until (3) holds. */
static void shrink(struct radix_tree *tree)
{
	struct radix_node *root = tree->root;

	while (root->shift > 0 && root->count == 1 && root->slots[0] != NULL) {
		store_root(tree, root->slots[0]);
		node_free(tree, root);
		root = tree->root;
	}
}

/* Puts levels on until the root covers the index. */
static int grow(struct radix_tree *tree, uint64_t index)
{
	while (index > range_mask(tree->root)) {
		struct radix_node *old = tree->root;
		struct radix_node *root =
			node_create(tree, old->shift + RADIX_SHIFT);

		if (root == NULL) {
			return -ENOMEM;
		}
		for (unsigned m = 0; m < RADIX_MARK_COUNT; m++) {
			root->marks[m] = old->marks[m] != 0;
		}
		root->slots[0] = old;
		root->count = 1;
		store_root(tree, root);
	}
	return 0;
}

/*
 * Makes the nodes from `shift` down to the leaf that holds just the item.
 * NULL when there is no memory.
 */
static struct radix_node *make_branch(const struct radix_tree *tree,
				      unsigned shift, uint64_t index,
				      void *item)
{
	void *below = item;

	for (unsigned s = 0; s <= shift; s += RADIX_SHIFT) {
		struct radix_node *node = node_create(tree, s);

		if (node == NULL) {
			if (s > 0) {
				free_subtree(tree, below);
			}
			return NULL;
		}
		node->slots[slot_of(node, index)] = below;
		node->count = 1;
		below = node;
	}
	return below;
}

static int insert_below(struct radix_tree *tree, uint64_t index, void *item)
{
	struct radix_node *node = tree->root;
	unsigned slot = slot_of(node, index);
	void *value = item;

	while (node->shift > 0 && node->slots[slot] != NULL) {
		node = node->slots[slot];
		slot = slot_of(node, index);
	}
	if (node->slots[slot] != NULL) {
		return -EEXIST;
	}
	if (node->shift > 0) {
		value = make_branch(tree, node->shift - RADIX_SHIFT, index,
				    item);
		if (value == NULL) {
			return -ENOMEM;
		}
	}
	node->count++;
	store_slot(node, slot, value);
	return 0;
}

int radix_insert(struct radix_tree *tree, uint64_t index, void *item)
{
	int err;

	if (tree->root == NULL) {
		unsigned bits = index == 0 ? 0 : log2_floor(index);
		struct radix_node *root = make_branch(
			tree, bits / RADIX_SHIFT * RADIX_SHIFT, index, item);

		if (root == NULL) {
			return -ENOMEM;
		}
		store_root(tree, root);
		return 0;
	}
	err = grow(tree, index);
	if (err == 0) {
		err = insert_below(tree, index, item);
	}
	if (err < 0) {
		shrink(tree);
	}
	return err;
}

/* Fills in the path to the index; false when there is no item. */
static bool find_path(const struct radix_tree *tree, uint64_t index,
		      struct path *path)
{
	struct radix_node *node = tree->root;

	path->length = 0;
	if (node == NULL || index > range_mask(node)) {
		return false;
	}
	for (;;) {
		unsigned slot = slot_of(node, index);

		path->nodes[path->length] = node;
		path->slots[path->length++] = slot;
		if (node->slots[slot] == NULL) {
			return false;
		}
		if (node->shift == 0) {
			return true;
		}
		node = node->slots[slot];
	}
}

void *radix_replace(struct radix_tree *tree, uint64_t index, void *item)
{
	struct path path;
	struct radix_node *leaf;
	unsigned slot;
	void *old;

	if (!find_path(tree, index, &path)) {
		return NULL;
	}
	leaf = path.nodes[path.length - 1];
	slot = path.slots[path.length - 1];
	old = leaf->slots[slot];
	store_slot(leaf, slot, item);
	return old;
}

static void clear_mark(const struct path *path, unsigned mark)
{
	for (unsigned i = path->length; i-- > 0;) {
		struct radix_node *node = path->nodes[i];

		node->marks[mark] &= ~(UINT64_C(1) << path->slots[i]);
		if (node->marks[mark] != 0) {
			return;
		}
	}
}

/* Empties the leaf's slot; nodes that become empty are unlinked and freed. */
static void remove_slot(struct radix_tree *tree, const struct path *path)
{
	unsigned i = path->length - 1;
	unsigned freed = path->length;

	/* Also in a leaf that is freed: readers may still look at it. */
	store_slot(path->nodes[i], path->slots[i], NULL);
	while (i > 0 && path->nodes[i]->count == 1) {
		freed = i--;
	}
	if (i == 0 && path->nodes[0]->count == 1) {
		freed = 0;
		store_root(tree, NULL);
	} else {
		path->nodes[i]->count--;
		store_slot(path->nodes[i], path->slots[i], NULL);
		shrink(tree);
	}
	for (; freed < path->length; freed++) {
		node_free(tree, path->nodes[freed]);
	}
}

void *radix_erase(struct radix_tree *tree, uint64_t index)
{
	struct path path;
	void *item;

	if (!find_path(tree, index, &path)) {
		return NULL;
	}
	for (unsigned m = 0; m < RADIX_MARK_COUNT; m++) {
		clear_mark(&path, m);
	}
	item = path.nodes[path.length - 1]->slots[path.slots[path.length - 1]];
	remove_slot(tree, &path);
	return item;
}

void *radix_lookup(const struct radix_tree *tree, uint64_t index)
{
	struct radix_node *node = load_root(tree);

	if (node == NULL || index > range_mask(node)) {
		return NULL;
	}
	while (node != NULL && node->shift > 0) {
		node = load_slot(node, slot_of(node, index));
	}
	return node == NULL ? NULL : load_slot(node, slot_of(node, index));
}

/*
 * What lies at or behind the slot of *index in the node, and the slot's
 * number; NULL when there is nothing.  mark < 0: marked or not.
 */
static void *next_in_node(const struct radix_node *node, unsigned *slot,
			  int mark)
{
	for (; *slot < RADIX_FANOUT; (*slot)++) {
		void *value = load_slot(node, *slot);

		if (value != NULL &&
		    (mark < 0 || ((node->marks[mark] >> *slot) & 1) != 0)) {
			return value;
		}
	}
	return NULL;
}

/*
 * One way down from the root.  Returns an item, or NULL with *index at the
 * first index behind the subtree that was left, 0 when that was the last.
 */
static void *next_below(const struct radix_node *node, uint64_t *index,
			int mark)
{
	for (;;) {
		unsigned first = slot_of(node, *index);
		unsigned slot = first;
		void *value = next_in_node(node, &slot, mark);

		if (value == NULL) {
			*index = (*index | range_mask(node)) + 1;
			return NULL;
		}
		if (slot != first) {
			*index = (*index & ~range_mask(node)) |
				 (uint64_t)slot << node->shift;
		}
		if (node->shift == 0) {
			return value;
		}
		node = value;
	}
}

static void *next(const struct radix_tree *tree, uint64_t *index, int mark)
{
	uint64_t at = *index;
	void *item;

	do {
		const struct radix_node *root = load_root(tree);

		if (root == NULL || at > range_mask(root)) {
			return NULL;
		}
		item = next_below(root, &at, mark);
	} while (item == NULL && at != 0);
	if (item != NULL) {
		*index = at;
	}
	return item;
}

void *radix_next(const struct radix_tree *tree, uint64_t *index)
{
	return next(tree, index, -1);
}

void *radix_next_marked(const struct radix_tree *tree, uint64_t *index,
			unsigned mark)
{
	return next(tree, index, (int)mark);
}

static size_t gang_lookup(const struct radix_tree *tree, uint64_t index,
			  void **items, uint64_t *indices, size_t count,
			  int mark)
{
	size_t found = 0;

	while (found < count) {
		items[found] = next(tree, &index, mark);
		if (items[found] == NULL) {
			break;
		}
		if (indices != NULL) {
			indices[found] = index;
		}
		found++;
		if (index++ == UINT64_MAX) {
			break;
		}
	}
	return found;
}

size_t radix_gang_lookup(const struct radix_tree *tree, uint64_t index,
			 void **items, uint64_t *indices, size_t count)
{
	return gang_lookup(tree, index, items, indices, count, -1);
}

size_t radix_gang_lookup_marked(const struct radix_tree *tree, uint64_t index,
				void **items, uint64_t *indices, size_t count,
				unsigned mark)
{
	return gang_lookup(tree, index, items, indices, count, (int)mark);
}

void radix_mark_set(struct radix_tree *tree, uint64_t index, unsigned mark)
{
	struct path path;

	if (!find_path(tree, index, &path)) {
		return;
	}
	for (unsigned i = 0; i < path.length; i++) {
		path.nodes[i]->marks[mark] |= UINT64_C(1) << path.slots[i];
	}
}

void radix_mark_clear(struct radix_tree *tree, uint64_t index, unsigned mark)
{
	struct path path;

	if (find_path(tree, index, &path)) {
		clear_mark(&path, mark);
	}
}

bool radix_mark_get(const struct radix_tree *tree, uint64_t index,
		    unsigned mark)
{
	struct path path;

	if (!find_path(tree, index, &path)) {
		return false;
	}
	return ((path.nodes[path.length - 1]->marks[mark] >>
		 path.slots[path.length - 1]) &
		1) != 0;
}

bool radix_is_marked(const struct radix_tree *tree, unsigned mark)
{
	return tree->root != NULL && tree->root->marks[mark] != 0;
}
