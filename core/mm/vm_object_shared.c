/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Shared anonymous memory: an object whose page cache is the only home of its
 * pages.  They live until the last mapping, or whoever else holds a reference,
 * is gone.
 */
#include <mm/vm_object.h>

#include <lib/compiler.h>
#include <lib/printf.h>
#include <lib/refcount.h>
#include <mm/page_cache.h>
#include <mm/slab.h>
#include <uapi/errno.h>

struct shared_object {
	struct vm_object object;
	struct refcount refs;
	struct page_cache cache;
	uint64_t number; /* [I] shown as inode */
};

static uint64_t last_number; /* [a] */

static struct shared_object *shared_of(struct vm_object *object)
{
	return container_of(object, struct shared_object, object);
}

static void shared_get(struct vm_object *object)
{
	refcount_get(&shared_of(object)->refs);
}

static void shared_put(struct vm_object *object)
{
	struct shared_object *shared = shared_of(object);

	if (refcount_put(&shared->refs)) {
		page_cache_fini(&shared->cache);
		kfree(shared);
	}
}

static size_t shared_name(struct vm_object *object, char *buf, size_t size)
{
	(void)object;
	return (size_t)ksnprintf(buf, size, "/dev/zero (deleted)");
}

static void shared_identity(struct vm_object *object, uint64_t *dev_out,
			    uint64_t *ino_out)
{
	*dev_out = 1;
	*ino_out = shared_of(object)->number;
}

static const struct vm_object_ops shared_ops = {
	.get = shared_get,
	.put = shared_put,
	.name = shared_name,
	.identity = shared_identity,
};

int vm_object_create_shared(size_t size, struct vm_object **object_out)
{
	struct shared_object *shared = kzalloc(sizeof(*shared));

	if (shared == NULL) {
		return -ENOMEM;
	}
	shared->object.ops = &shared_ops;
	shared->object.cache = &shared->cache;
	refcount_init(&shared->refs);
	page_cache_init(&shared->cache, NULL, shared);
	page_cache_set_size(&shared->cache, size);
	shared->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	*object_out = &shared->object;
	return 0;
}
