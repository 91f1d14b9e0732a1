/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Keys and buckets of futexes.
 *
 * A private word, and any word in private memory, is named by space and
 * address.  A word in a shared mapping is named by page cache (or object) and
 * offset.  The key holds no reference: who unmaps the memory in which others
 * still wait has only himself to blame for a wake-up that goes to one of them.
 *
 * The table is made once, at boot: 64 buckets per CPU, at most 4096.
 */
#include "futex.h"

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <init/hooks.h>
#include <lib/align.h>
#include <lib/hash.h>
#include <lib/minmax.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <mm/vm_object.h>
#include <process/process.h>
#include <uapi/errno.h>

#define BUCKETS_PER_CPU 64
#define BUCKETS_MAX	4096u

static struct futex_bucket *buckets; /* [I] after boot */
static unsigned bucket_bits;	     /* [I] after boot */

static int create_table(void)
{
	unsigned wanted = MIN(BUCKETS_PER_CPU * cpu_count(), BUCKETS_MAX);
	size_t count;

	bucket_bits = log2_ceil(wanted);
	count = (size_t)1 << bucket_bits;
	buckets = kcalloc(count, sizeof(*buckets));
	if (buckets == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		spinlock_init(&buckets[i].lock, "futex.bucket");
		list_init(&buckets[i].waiters);
		list_init(&buckets[i].pis);
	}
	return 0;
}
INIT_HOOK(futex, create_table, INIT_CORE);

/*
 * The mapping decides what names the word.  Without FUTEX_PRIVATE a word in
 * private memory is another one than with it, as on Linux: bit 0 of the offset
 * tells them apart.
 */
static int shared_key(struct futex_key *key, uintptr_t addr)
{
	struct address_space *space = thread_current()->address_space;
	struct vma *vma;
	int err = 0;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	if (vma == NULL || vma->start > addr) {
		err = -EFAULT;
	} else if ((vma->flags & VMA_SHARED) != 0 && vma->object != NULL) {
		key->object = vma->object->cache != NULL
				      ? (const void *)vma->object->cache
				      : vma->object;
		key->offset = vma->offset * PAGE_SIZE + (addr - vma->start);
	} else {
		key->offset |= 1;
	}
	rwlock_read_unlock(&space->lock);
	return err;
}

int futex_key(struct futex_key *key_out, const void USER *addr, bool shared)
{
	if (!IS_ALIGNED((uintptr_t)addr, sizeof(uint32_t))) {
		return -EINVAL;
	}
	if (!user_range_ok(addr, sizeof(uint32_t))) {
		return -EFAULT;
	}
	key_out->object = thread_current()->address_space;
	key_out->offset = (uintptr_t)addr;
	return shared ? shared_key(key_out, (uintptr_t)addr) : 0;
}

static struct futex_bucket *bucket_of(const struct futex_key *key)
{
	uint64_t hash = hash_u64((uintptr_t)key->object ^ key->offset >> 2,
				 bucket_bits);

	return &buckets[hash];
}

struct futex_bucket *
futex_lock_key(const struct futex_key *key) NO_THREAD_SAFETY
{
	struct futex_bucket *bucket = bucket_of(key);

	spin_lock(&bucket->lock);
	return bucket;
}

void futex_lock_keys(const struct futex_key *a, const struct futex_key *b,
		     struct futex_bucket **a_out,
		     struct futex_bucket **b_out) NO_THREAD_SAFETY
{
	struct futex_bucket *first = bucket_of(a);
	struct futex_bucket *second = bucket_of(b);

	*a_out = first;
	*b_out = second;
	if (first > second) {
		struct futex_bucket *swap = first;

		first = second;
		second = swap;
	}
	spin_lock(&first->lock);
	if (second != first) {
		spin_lock(&second->lock);
	}
}

void futex_unlock_buckets(struct futex_bucket *a,
			  struct futex_bucket *b) NO_THREAD_SAFETY
{
	spin_unlock(&a->lock);
	if (b != a) {
		spin_unlock(&b->lock);
	}
}

/* A fault with interrupts disabled is answered, not resolved. */
int futex_peek(uint32_t *value_out, const void USER *addr)
{
	unsigned long irq = cpu_irq_save();
	int err = user_get_u32(value_out, addr);

	cpu_irq_restore(irq);
	return err;
}

int futex_cmpxchg(void USER *addr, uint32_t expected, uint32_t desired,
		  uint32_t *old_out)
{
	unsigned long irq = cpu_irq_save();
	int err = user_cmpxchg_u32(addr, expected, desired, old_out);

	cpu_irq_restore(irq);
	return err;
}

int futex_fault_in(void USER *addr, bool write)
{
	uint32_t value;

	return write ? user_add_u32(addr, 0, &value)
		     : user_get_u32(&value, addr);
}

void futex_for_each_bucket(void (*func)(struct futex_bucket *bucket))
{
	for (size_t i = 0; i < (size_t)1 << bucket_bits; i++) {
		spin_lock(&buckets[i].lock);
		func(&buckets[i]);
		spin_unlock(&buckets[i].lock);
	}
}
