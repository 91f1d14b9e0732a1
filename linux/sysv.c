/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Ids, keys and permissions of System V IPC.  The object's lock comes before
 * the table's.
 */
#include "sysv.h"

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <time/clock.h>
#include <uapi/errno.h>

#define SIZE_FIRST   16
#define SEQUENCE_MAX 0xffff

int64_t sysv_now(void)
{
	return (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);
}

/* --- permissions
 * ---------------------------------------------------------------------
 */

int sysv_check(struct sysv_object *object, unsigned access)
{
	struct credentials own;
	unsigned granted;

	credentials_current(&own);
	if (own.euid == object->uid || own.euid == object->cuid) {
		granted = object->mode >> 6;
	} else if (own.egid == object->gid || own.egid == object->cgid ||
		   credentials_in_group(&own, object->gid)) {
		granted = object->mode >> 3;
	} else {
		granted = object->mode;
	}
	return (access & ~granted & 7) == 0 ||
			       credentials_capable(CREDENTIALS_CAP_IPC_OWNER)
		       ? 0
		       : -EACCES;
}

int sysv_check_owner(struct sysv_object *object)
{
	struct credentials own;

	credentials_current(&own);
	return own.euid == object->uid || own.euid == object->cuid ||
			       credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)
		       ? 0
		       : -EPERM;
}

void sysv_fill_perm(struct sysv_object *object, struct uapi_ipc_perm *perm)
{
	memset(perm, 0, sizeof(*perm));
	perm->key = object->key;
	perm->uid = object->uid;
	perm->gid = object->gid;
	perm->cuid = object->cuid;
	perm->cgid = object->cgid;
	perm->mode = object->mode;
	perm->seq = (uint16_t)(object->id >> SYSV_SLOT_BITS);
}

void sysv_set_perm(struct sysv_object *object, const struct uapi_ipc_perm *perm)
{
	object->uid = perm->uid;
	object->gid = perm->gid;
	object->mode = (object->mode & ~0777u) | (perm->mode & 0777u);
	object->change_time = sysv_now();
}

/* --- the table
 * -------------------------------------------------------------------------
 */

static struct sysv_object *find_key_locked(struct sysv_table *table, int key)
{
	for (unsigned i = 0; i < table->size; i++) {
		if (table->slots[i] != NULL && table->slots[i]->key == key) {
			return table->slots[i];
		}
	}
	return NULL;
}

static void init_object(struct sysv_object *object, int key, int flags)
{
	struct credentials own;

	credentials_current(&own);
	refcount_init(&object->refs);
	spinlock_init(&object->lock, "sysv.object");
	object->key = key;
	object->uid = own.euid;
	object->cuid = own.euid;
	object->gid = own.egid;
	object->cgid = own.egid;
	object->mode = (uint32_t)flags & 0777u;
	object->change_time = sysv_now();
}

/* A slot for the object: 0, 1 (the table must grow first), -ENOSPC. */
static int insert_locked(struct sysv_table *table, struct sysv_object *object)
{
	if (table->count >= table->limit) {
		return -ENOSPC;
	}
	for (unsigned i = 0; i < table->size; i++) {
		if (table->slots[i] == NULL) {
			object->id =
				(int)(table->sequence << SYSV_SLOT_BITS | i);
			table->sequence = (table->sequence + 1) & SEQUENCE_MAX;
			table->slots[i] = object;
			table->count++;
			return 0;
		}
	}
	return 1;
}

static int grow(struct sysv_table *table)
{
	unsigned size = MAX(2 * table->size, (unsigned)SIZE_FIRST);
	struct sysv_object **slots = kcalloc(size, sizeof(*slots));
	struct sysv_object **old = slots;

	if (slots == NULL) {
		return -ENOMEM;
	}
	spin_lock(&table->lock);
	if (size > table->size) {
		old = table->slots;
		if (old != NULL) {
			memcpy(slots, old, table->size * sizeof(*slots));
		}
		table->slots = slots;
		table->size = size;
	}
	spin_unlock(&table->lock);
	kfree(old);
	return 0;
}

/* The old object's id, or why it is not given. */
static long use_old(struct sysv_object *object, int flags,
		    const struct sysv_maker *maker)
{
	unsigned wanted = ((unsigned)flags >> 6 | (unsigned)flags >> 3 |
			   (unsigned)flags) &
			  7;
	int err = 0;

	if ((flags & UAPI_IPC_CREAT) != 0 && (flags & UAPI_IPC_EXCL) != 0) {
		return -EEXIST;
	}
	if (maker->check != NULL) {
		err = maker->check(object, maker->arg);
	}
	if (err == 0) {
		err = sysv_check(object, wanted);
	}
	return err < 0 ? err : object->id;
}

long sysv_get(struct sysv_table *table, int key, int flags,
	      const struct sysv_maker *maker)
{
	struct sysv_object *fresh = NULL;
	struct sysv_object *old = NULL;
	long result;

	for (;;) {
		result = 0;
		spin_lock(&table->lock);
		if (key != UAPI_IPC_PRIVATE) {
			old = find_key_locked(table, key);
		}
		if (old != NULL) {
			refcount_get(&old->refs);
		} else if (key != UAPI_IPC_PRIVATE &&
			   (flags & UAPI_IPC_CREAT) == 0) {
			result = -ENOENT;
		} else if (fresh != NULL) {
			result = insert_locked(table, fresh);
			if (result == 0) {
				result = fresh->id;
				spin_unlock(&table->lock);
				return result;
			}
		}
		spin_unlock(&table->lock);
		if (old != NULL || result < 0) {
			break;
		}
		result = fresh != NULL ? grow(table)
				       : maker->create(maker->arg, &fresh);
		if (result < 0) {
			break;
		}
		if (fresh->refs.count == 0) {
			init_object(fresh, key, flags);
		}
	}
	if (fresh != NULL) {
		sysv_put(fresh);
	}
	if (old != NULL) {
		result = use_old(old, flags, maker);
		sysv_put(old);
	}
	return result;
}

struct sysv_object *sysv_find(struct sysv_table *table, int id, int *err_out)
{
	struct sysv_object *object = NULL;
	unsigned slot = (unsigned)id & (SYSV_SLOTS_MAX - 1);

	*err_out = -EINVAL;
	if (id < 0) {
		return NULL;
	}
	spin_lock(&table->lock);
	if (slot < table->size && table->slots[slot] != NULL) {
		if (table->slots[slot]->id == id) {
			object = table->slots[slot];
			refcount_get(&object->refs);
			*err_out = 0;
		} else {
			*err_out = -EIDRM;
		}
	}
	spin_unlock(&table->lock);
	return object;
}

struct sysv_object *sysv_find_slot(struct sysv_table *table, int slot)
{
	struct sysv_object *object = NULL;

	spin_lock(&table->lock);
	if (slot >= 0 && (unsigned)slot < table->size) {
		object = table->slots[slot];
	}
	if (object != NULL) {
		refcount_get(&object->refs);
	}
	spin_unlock(&table->lock);
	return object;
}

int sysv_highest(struct sysv_table *table)
{
	int highest = 0;

	spin_lock(&table->lock);
	for (unsigned i = 0; i < table->size; i++) {
		if (table->slots[i] != NULL) {
			highest = (int)i;
		}
	}
	spin_unlock(&table->lock);
	return highest;
}

unsigned sysv_count(struct sysv_table *table)
{
	return __atomic_load_n(&table->count, __ATOMIC_RELAXED);
}

void sysv_put(struct sysv_object *object)
{
	if (refcount_put(&object->refs)) {
		object->free(object);
	}
}

void sysv_remove(struct sysv_table *table, struct sysv_object *object)
{
	object->removed = true;
	spin_lock(&table->lock);
	table->slots[(unsigned)object->id & (SYSV_SLOTS_MAX - 1)] = NULL;
	table->count--;
	object->key = UAPI_IPC_PRIVATE;
	spin_unlock(&table->lock);
}
