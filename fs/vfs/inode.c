/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Inodes: references, the table of those in use, times, writers against
 * running programs.
 *
 * An inode lives while a dentry, an open file or the filesystem refers to it;
 * unused ones stay as long as the dentry cache keeps a name of theirs.  The
 * table (for filesystems whose names lead to numbers) holds no reference: the
 * last put takes the inode out under superblock->inode_lock, and a lookup that
 * meets a dying one treats it as absent.
 */
#include <vfs/inode.h>

#include <arch/percpu.h>
#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <time/clock.h>
#include <uapi/errno.h>

#define BUCKETS	     256
#define ATIME_MAX_NS (24ull * 3600 * NSEC_PER_SEC) /* relatime's rule */
#define ATIME_LOOK   256 /* reads per look at the clock */

static PERCPU_DEFINE(uint32_t, atime_calls);

void inode_init(struct inode *inode, struct superblock *superblock,
		uint32_t mode)
{
	memset(inode, 0, sizeof(*inode));
	inode->superblock = superblock;
	inode->mode = mode;
	inode->link_count = 1;
	refcount_init(&inode->refs);
	mutex_init(&inode->lock, "inode");
	page_cache_init(&inode->cache, NULL, inode);
}

void inode_get(struct inode *inode)
{
	refcount_get(&inode->refs);
}

static void table_remove(struct inode *inode)
{
	struct superblock *superblock = inode->superblock;

	if (superblock->inode_buckets == NULL) {
		return;
	}
	spin_lock(&superblock->inode_lock);
	if (list_is_linked(&inode->hash_link)) {
		list_remove(&inode->hash_link);
	}
	spin_unlock(&superblock->inode_lock);
}

void inode_put(struct inode *inode)
{
	const struct superblock_ops *ops = inode->superblock->ops;

	if (!refcount_put(&inode->refs)) {
		return;
	}
	table_remove(inode);
	locks_free_inode(inode);
	if (inode->link_count == 0 && ops->evict != NULL) {
		ops->evict(inode);
	}
	page_cache_fini(&inode->cache);
	ops->free_inode(inode);
}

/* Reading changes the access time only where that tells something: relatime.
 * Whether it is a day old is asked now and then only: clocks cost. */
static void touch_atime(struct inode *inode)
{
	uint64_t atime = READ_ONCE(inode->atime_ns);

	if (inode->superblock->read_only) {
		return;
	}
	if (atime > READ_ONCE(inode->mtime_ns) &&
	    atime > READ_ONCE(inode->ctime_ns) &&
	    (++percpu(atime_calls) % ATIME_LOOK != 0 ||
	     clock_realtime_ns() - atime < ATIME_MAX_NS)) {
		return;
	}
	WRITE_ONCE(inode->atime_ns, clock_realtime_ns());
}

void inode_touch(struct inode *inode, unsigned what)
{
	uint64_t now;

	if ((what & INODE_ATIME) != 0) {
		touch_atime(inode);
	}
	if ((what & (INODE_MTIME | INODE_CTIME)) == 0) {
		return;
	}
	now = clock_realtime_ns();
	if ((what & INODE_MTIME) != 0) {
		WRITE_ONCE(inode->mtime_ns, now);
	}
	if ((what & INODE_CTIME) != 0) {
		WRITE_ONCE(inode->ctime_ns, now);
	}
}

/* --- by number ---------------------------------------------------------- */

static struct list *bucket_of(struct superblock *superblock, uint64_t number)
{
	uint64_t hash = number * 0x9e3779b97f4a7c15ull;

	return &superblock->inode_buckets[hash >> 56];
}

static struct inode *find_locked(struct superblock *superblock, uint64_t number)
{
	struct inode *inode;

	list_for_each (inode, bucket_of(superblock, number), hash_link) {
		if (inode->number == number && refcount_try_get(&inode->refs)) {
			return inode;
		}
	}
	return NULL;
}

struct inode *inode_cache_find(struct superblock *superblock, uint64_t number)
{
	struct inode *inode;

	if (__atomic_load_n(&superblock->inode_buckets, __ATOMIC_ACQUIRE) ==
	    NULL) {
		return NULL;
	}
	spin_lock(&superblock->inode_lock);
	inode = find_locked(superblock, number);
	spin_unlock(&superblock->inode_lock);
	return inode;
}

static int make_buckets(struct superblock *superblock)
{
	struct list *buckets;
	struct list *none = NULL;

	if (__atomic_load_n(&superblock->inode_buckets, __ATOMIC_ACQUIRE) !=
	    NULL) {
		return 0;
	}
	buckets = kmalloc(BUCKETS * sizeof(*buckets));
	if (buckets == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		list_init(&buckets[i]);
	}
	if (!__atomic_compare_exchange_n(&superblock->inode_buckets, &none,
					 buckets, false, __ATOMIC_RELEASE,
					 __ATOMIC_RELAXED)) {
		kfree(buckets);
	}
	return 0;
}

int inode_cache_insert(struct inode *inode, struct inode **existing_out)
{
	struct superblock *superblock = inode->superblock;
	struct inode *existing;
	int err = make_buckets(superblock);

	*existing_out = NULL;
	if (err < 0) {
		return err;
	}
	spin_lock(&superblock->inode_lock);
	existing = find_locked(superblock, inode->number);
	if (existing == NULL) {
		list_add_head(bucket_of(superblock, inode->number),
			      &inode->hash_link);
	}
	spin_unlock(&superblock->inode_lock);
	*existing_out = existing;
	return 0;
}

/* --- writers ------------------------------------------------------------- */

/* Moves write_count by `step` unless it has the other sign. */
static int change_writers(struct inode *inode, int step)
{
	int32_t count = __atomic_load_n(&inode->write_count, __ATOMIC_RELAXED);

	do {
		if ((step > 0 && count < 0) || (step < 0 && count > 0)) {
			return -ETXTBSY;
		}
	} while (!__atomic_compare_exchange_n(
		&inode->write_count, &count, count + step, true,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return 0;
}

int inode_get_write(struct inode *inode)
{
	return change_writers(inode, 1);
}

void inode_put_write(struct inode *inode)
{
	__atomic_fetch_sub(&inode->write_count, 1, __ATOMIC_ACQ_REL);
}

int inode_deny_write(struct inode *inode)
{
	return change_writers(inode, -1);
}

void inode_allow_write(struct inode *inode)
{
	__atomic_fetch_add(&inode->write_count, 1, __ATOMIC_ACQ_REL);
}
