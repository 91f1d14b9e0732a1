/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The dentry cache: names that were looked up, in one hash table.
 *
 * 1. Lookup (dentry_find) takes no lock: it walks a chain in a read section
 *    and takes a reference that fails on dying dentries.  Text, length and hash
 *    of a name are in a struct dentry_name that is never changed, only replaced
 *    (rename) and freed after a grace period.
 * 2. A rename or a growth of the table can lead a reader into another chain.
 *    Both make `sequence` odd while they work; a reader that saw it odd or
 *    changed looks again with the lock.
 * 3. All changes are made under dcache_lock: short stretches, no sleep.
 * 4. References: the holder's; the parent is referenced by each child; and a
 *    `cached` one that the cache itself owns, dropped by dentry_unhash().
 *    Filesystems with NAMES_CACHED and NAMES_RESIDENT get it, so such a dentry
 *    outlives its users; dcache_shrink() takes it from unused NAMES_CACHED
 *    ones, oldest first.  For NAMES_RESIDENT the dentries are the directory.
 * 5. Bounds: the table has at most TABLE_MAX buckets; unused cached dentries
 *    are limited by the memory of the machine (limit()).
 */
#include <fs/vfs/dentry_name.h>
#include <fs/vfs/internal.h>

#include <init/hooks.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define TABLE_FIRST 256
#define TABLE_MAX   65536
#define LIMIT_MIN   128
#define LIMIT_MAX   65536
#define SHRINK_STEP 32 /* dentries per dcache_shrink() on insertion */

struct table {
	struct rcu_head rcu;
	size_t size; /* power of two */
	struct dentry *buckets[];
};

static struct spinlock dcache_lock = SPINLOCK_INIT("dcache");
static uint32_t sequence;   /* [a] see 2 */
static struct table *table; /* [dcache_lock] published */
static size_t hashed_count; /* [dcache_lock] */
static struct list lru =
	LIST_INITIALIZER(lru); /* [dcache_lock] NAMES_CACHED ones */
static size_t lru_count;       /* [dcache_lock] */

/* --- creation and end -------------------------------------------------- */

static void set_name(struct dentry *dentry, struct dentry_name *name)
{
	name->hash = dentry_name_hash(dentry->parent, name->text, name->length);
	dentry->hash = name->hash;
	dentry->length = name->length;
	__atomic_store_n(&dentry->name, (const char *)name->text,
			 __ATOMIC_RELEASE);
}

struct dentry *dentry_create(struct dentry *parent,
			     struct superblock *superblock, const char *text,
			     size_t length, struct inode *inode)
{
	struct dentry *dentry = kmalloc(
		sizeof(*dentry) + sizeof(struct dentry_name) + length + 1);
	struct dentry_name *name;

	if (dentry == NULL) {
		return NULL;
	}
	memset(dentry, 0, sizeof(*dentry));
	name = (struct dentry_name *)(dentry + 1);
	dentry_name_fill(name, text, length);
	name->embedded = true;
	refcount_init(&dentry->refs);
	list_init(&dentry->children);
	dentry->superblock = superblock;
	dentry->inode = inode;
	dentry->unhashed = true;
	dentry->next_cookie = 2; /* "." and ".." come first */
	dentry->parent = parent == NULL ? dentry : parent;
	if (parent != NULL) {
		dentry_get(parent);
	}
	set_name(dentry, name);
	return dentry;
}

void dentry_get(struct dentry *dentry)
{
	refcount_get(&dentry->refs);
}

static void dentry_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct dentry, rcu));
}

static void unlink_locked(struct dentry *dentry);

/* The last reference is gone: returns the parent, whose reference falls to
 * the caller, or NULL. */
static struct dentry *dentry_free(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	spin_lock(&dcache_lock);
	if (!dentry->unhashed) {
		unlink_locked(dentry);
	}
	spin_unlock(&dcache_lock);
	if (dentry->inode != NULL) {
		inode_put(dentry->inode);
	}
	dentry_name_retire(dentry->name);
	rcu_call(&dentry->rcu, dentry_free_rcu);
	return parent == dentry ? NULL : parent;
}

void dentry_put(struct dentry *dentry)
{
	while (dentry != NULL && refcount_put(&dentry->refs)) {
		dentry = dentry_free(dentry);
	}
}

/* --- hash table ------------------------------------------------------------
 */

static struct dentry **bucket_of(struct table *of, uint32_t hash)
{
	return &of->buckets[hash & (of->size - 1)];
}

static bool matches(const struct dentry *dentry, const struct dentry *parent,
		    uint32_t hash, const char *name, size_t length)
{
	const struct dentry_name *own = dentry_name_of(
		__atomic_load_n(&dentry->name, __ATOMIC_ACQUIRE));

	return own->hash == hash && own->length == length &&
	       READ_ONCE(dentry->parent) == parent &&
	       memcmp(own->text, name, length) == 0;
}

static struct dentry *find_in_chain(const struct dentry *parent, uint32_t hash,
				    const char *name, size_t length)
{
	struct table *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	struct dentry *dentry;

	if (now == NULL) {
		return NULL;
	}
	dentry = __atomic_load_n(bucket_of(now, hash), __ATOMIC_ACQUIRE);
	while (dentry != NULL) {
		if (matches(dentry, parent, hash, name, length) &&
		    refcount_try_get(&dentry->refs)) {
			return dentry;
		}
		dentry = __atomic_load_n(&dentry->hash_next, __ATOMIC_ACQUIRE);
	}
	return NULL;
}

struct dentry *dentry_find(struct dentry *parent, const char *name,
			   size_t length)
{
	uint32_t hash = dentry_name_hash(parent, name, length);
	uint32_t before = __atomic_load_n(&sequence, __ATOMIC_ACQUIRE);
	struct dentry *found;

	rcu_read_lock();
	found = find_in_chain(parent, hash, name, length);
	rcu_read_unlock();
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if ((before & 1) == 0 &&
	    __atomic_load_n(&sequence, __ATOMIC_RELAXED) == before) {
		return found;
	}
	if (found != NULL) {
		dentry_put(found);
	}
	spin_lock(&dcache_lock);
	found = find_in_chain(parent, hash, name, length);
	spin_unlock(&dcache_lock);
	return found;
}

static void sequence_begin(void)
{
	__atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void sequence_end(void)
{
	__atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELEASE);
}

static void chain_add(struct table *to, struct dentry *dentry)
{
	struct dentry **bucket = bucket_of(to, dentry->hash);

	__atomic_store_n(&dentry->hash_next, *bucket, __ATOMIC_RELAXED);
	__atomic_store_n(bucket, dentry, __ATOMIC_RELEASE);
}

/* The removed dentry keeps its next pointer: readers on it go on. */
static void chain_remove(struct dentry *dentry)
{
	struct dentry **link = bucket_of(table, dentry->hash);

	while (*link != dentry) {
		link = &(*link)->hash_next;
	}
	__atomic_store_n(link, dentry->hash_next, __ATOMIC_RELEASE);
}

static void table_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct table, rcu));
}

static struct table *table_create(size_t size)
{
	struct table *fresh =
		kzalloc(sizeof(*fresh) + size * sizeof(fresh->buckets[0]));

	if (fresh != NULL) {
		fresh->size = size;
	}
	return fresh;
}

/* Doubles the table (or makes the first); without memory it stays.  False:
 * there is none at all. */
static bool table_grow(void)
{
	struct table *old = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	struct table *fresh =
		table_create(old == NULL ? TABLE_FIRST : old->size * 2);

	if (fresh == NULL) {
		return old != NULL;
	}
	spin_lock(&dcache_lock);
	if (table != old) { /* somebody else did it */
		spin_unlock(&dcache_lock);
		kfree(fresh);
		return true;
	}
	sequence_begin();
	for (size_t i = 0; old != NULL && i < old->size; i++) {
		struct dentry *dentry = old->buckets[i];

		while (dentry != NULL) {
			struct dentry *next = dentry->hash_next;

			chain_add(fresh, dentry);
			dentry = next;
		}
	}
	__atomic_store_n(&table, fresh, __ATOMIC_RELEASE);
	sequence_end();
	spin_unlock(&dcache_lock);
	if (old != NULL) {
		rcu_call(&old->rcu, table_free_rcu);
	}
	return true;
}

/* --- membership
 * --------------------------------------------------------------- */

static void child_add(struct dentry *dentry)
{
	if (dentry->inode != NULL && dentry->parent != dentry) {
		dentry->cookie = dentry->parent->next_cookie++;
		list_add_tail(&dentry->parent->children, &dentry->child_link);
	}
}

static void child_remove(struct dentry *dentry)
{
	if (list_is_linked(&dentry->child_link)) {
		list_remove(&dentry->child_link);
	}
}

static size_t limit(void)
{
	static size_t value; /* constant once computed */
	struct frame_stats stats;

	if (value == 0) {
		frame_stats(&stats);
		value = MIN(MAX(stats.total / 16, (uint64_t)LIMIT_MIN),
			    (uint64_t)LIMIT_MAX);
	}
	return value;
}

static void link_locked(struct dentry *dentry)
{
	enum superblock_names names = dentry->superblock->names;

	dentry->unhashed = false;
	if (names != NAMES_WHILE_USED) {
		dentry->cached = true;
		refcount_get(&dentry->refs);
	}
	if (names == NAMES_CACHED) {
		list_add_tail(&lru, &dentry->lru_link);
		lru_count++;
	}
	child_add(dentry);
	chain_add(table, dentry);
	hashed_count++;
}

/* Leaves the reference of `cached` to the caller. */
static void unlink_locked(struct dentry *dentry)
{
	chain_remove(dentry);
	child_remove(dentry);
	if (list_is_linked(&dentry->lru_link)) {
		list_remove(&dentry->lru_link);
		lru_count--;
	}
	dentry->unhashed = true;
	hashed_count--;
}

void dentry_hash(struct dentry *dentry)
{
	struct table *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	bool crowded;

	if ((now == NULL ||
	     (hashed_count > now->size && now->size < TABLE_MAX)) &&
	    !table_grow()) {
		return; /* no memory: it works, uncached */
	}
	spin_lock(&dcache_lock);
	link_locked(dentry);
	crowded = lru_count > limit();
	spin_unlock(&dcache_lock);
	if (crowded) {
		dcache_shrink(SHRINK_STEP);
	}
}

void dentry_unhash(struct dentry *dentry)
{
	bool cached = false;

	spin_lock(&dcache_lock);
	if (!dentry->unhashed) {
		unlink_locked(dentry);
		cached = dentry->cached;
		dentry->cached = false;
	}
	spin_unlock(&dcache_lock);
	if (cached) {
		dentry_put(dentry);
	}
}

void dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	__atomic_store_n(&dentry->inode, inode, __ATOMIC_RELEASE);
	if (!dentry->unhashed) {
		child_add(dentry);
	}
	spin_unlock(&dcache_lock);
	if (dentry->unhashed) {
		dentry_hash(dentry);
	}
}

/* --- rename
 * ------------------------------------------------------------------- */

/* Under the lock, in an odd sequence.  The old parent's reference falls to the
 * caller. */
static void place_locked(struct dentry *dentry, struct dentry *parent,
			 struct dentry_name *name)
{
	chain_remove(dentry);
	child_remove(dentry);
	WRITE_ONCE(dentry->parent, parent);
	set_name(dentry, name);
	child_add(dentry);
	chain_add(table, dentry);
}

void dentry_move(struct dentry *dentry, struct dentry *new_parent,
		 struct dentry_name *name)
{
	struct dentry *old_parent;
	const char *old_name;

	dentry_get(new_parent);
	spin_lock(&dcache_lock);
	old_parent = dentry->parent;
	old_name = dentry->name;
	sequence_begin();
	if (dentry->unhashed) { /* it was found without memory for a table */
		dentry->parent = new_parent;
		set_name(dentry, name);
	} else {
		place_locked(dentry, new_parent, name);
	}
	sequence_end();
	spin_unlock(&dcache_lock);
	dentry_name_retire(old_name);
	dentry_put(old_parent);
}

/* Embedded names cannot change owner, hence the fresh texts. */
void dentry_swap(struct dentry *a, struct dentry *b, struct dentry_name *for_a,
		 struct dentry_name *for_b)
{
	struct dentry *parent_a;
	struct dentry *parent_b;
	const char *name_a;
	const char *name_b;

	spin_lock(&dcache_lock);
	parent_a = a->parent;
	parent_b = b->parent;
	name_a = a->name;
	name_b = b->name;
	sequence_begin();
	place_locked(a, parent_b, for_a);
	place_locked(b, parent_a, for_b);
	sequence_end();
	spin_unlock(&dcache_lock);
	dentry_name_retire(name_a);
	dentry_name_retire(name_b);
}

/* --- tree
 * ------------------------------------------------------------------------ */

bool dentry_is_below(const struct dentry *dentry, const struct dentry *ancestor)
{
	bool result = false;

	spin_lock(&dcache_lock);
	for (;;) {
		if (dentry == ancestor) {
			result = true;
			break;
		}
		if (dentry->parent == dentry) {
			break;
		}
		dentry = dentry->parent;
	}
	spin_unlock(&dcache_lock);
	return result;
}

uint32_t dcache_read_begin(void)
{
	return __atomic_load_n(&sequence, __ATOMIC_ACQUIRE);
}

bool dcache_read_retry(uint32_t start)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (start & 1) != 0 ||
	       __atomic_load_n(&sequence, __ATOMIC_RELAXED) != start;
}

bool dentry_has_children(struct dentry *dentry)
{
	return !list_is_empty(&dentry->children);
}

struct dentry *dentry_parent(struct dentry *dentry)
{
	struct dentry *parent;

	/* The child holds a reference to its parent until it moves; a moved
	 * one is noticed by looking again. */
	rcu_read_lock();
	for (;;) {
		parent = __atomic_load_n(&dentry->parent, __ATOMIC_ACQUIRE);
		if (!refcount_try_get(&parent->refs)) {
			continue;
		}
		if (READ_ONCE(dentry->parent) == parent) {
			break;
		}
		rcu_read_unlock();
		dentry_put(parent);
		rcu_read_lock();
	}
	rcu_read_unlock();
	return parent;
}

/* --- reclaim
 * ------------------------------------------------------------------- */

/* Takes the cache's reference if it is the only one. */
static bool take_last_locked(struct dentry *dentry)
{
	uint32_t one = 1;

	if (!__atomic_compare_exchange_n(&dentry->refs.count, &one, 0, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		return false;
	}
	unlink_locked(dentry);
	dentry->cached = false;
	return true;
}

size_t dcache_shrink(size_t target)
{
	size_t freed = 0;
	size_t scans = 2 * target + SHRINK_STEP; /* bounds the pass */

	spin_lock(&dcache_lock);
	while (freed < target && scans-- > 0) {
		struct dentry *dentry =
			list_first(&lru, struct dentry, lru_link);

		if (dentry == NULL) {
			break;
		}
		if (!take_last_locked(dentry)) {
			list_remove(&dentry->lru_link);
			list_add_tail(&lru, &dentry->lru_link);
			continue;
		}
		spin_unlock(&dcache_lock);
		dentry_put(dentry_free(dentry));
		freed++;
		spin_lock(&dcache_lock);
	}
	spin_unlock(&dcache_lock);
	return freed;
}

/* A dentry of this chain that only the cache holds. */
static struct dentry *take_unused(size_t bucket, struct superblock *superblock)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	dentry = table->buckets[bucket];
	while (dentry != NULL &&
	       (dentry->superblock != superblock || !dentry->cached ||
		!take_last_locked(dentry))) {
		dentry = dentry->hash_next;
	}
	spin_unlock(&dcache_lock);
	return dentry;
}

void dcache_drop_superblock(struct superblock *superblock)
{
	bool progress = true;

	/* A directory becomes unused after its children: one pass per level of
	 * the tree at most.  The table does not shrink. */
	while (progress && table != NULL) {
		progress = false;
		for (size_t i = 0; i < table->size; i++) {
			struct dentry *dentry;

			while ((dentry = take_unused(i, superblock)) != NULL) {
				dentry_put(dentry_free(dentry));
				progress = true;
			}
		}
	}
}

static struct shrinker shrinker = {.name = "dcache", .shrink = dcache_shrink};

static int register_shrinker(void)
{
	shrinker_register(&shrinker);
	return 0;
}
INIT_HOOK(dcache_shrinker, register_shrinker, INIT_CORE);
