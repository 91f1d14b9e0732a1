/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What shared memory, semaphores and message queues of System V have in
 * common: ids, keys, permissions.
 *
 * An id is a slot of the table and a sequence number above it, so an old id
 * does not name a new object.  Objects are counted: the table holds one
 * reference until IPC_RMID, each user one more.
 *
 * Key: [I] immutable, [t] table lock, [o] lock of the object.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/refcount.h>
#include <sync/spinlock.h>
#include <uapi/ipc.h>

#define SYSV_SLOT_BITS 15
#define SYSV_SLOTS_MAX (1u << SYSV_SLOT_BITS)

struct sysv_object {
	struct refcount refs;
	struct spinlock lock;
	int id;			       /* [I] */
	int key;		       /* [t] IPC_PRIVATE once removed */
	uint32_t uid, gid, cuid, cgid; /* [o] */
	uint32_t mode;		       /* [o] */
	bool removed;		       /* [o] */
	int64_t change_time;	       /* [o] seconds */
	void (*free)(struct sysv_object *object); /* [I] last reference */
};

struct sysv_table {
	struct spinlock lock;
	struct sysv_object **slots; /* [t] */
	unsigned size;		    /* [t] */
	unsigned count;		    /* [t] */
	unsigned limit;		    /* [I] at most SYSV_SLOTS_MAX */
	uint16_t sequence;	    /* [t] */
};

#define SYSV_TABLE(max)                                                        \
	{                                                                      \
		.lock = SPINLOCK_INIT("sysv.table"), .limit = (max)            \
	}

int64_t sysv_now(void);

/*
 * xxxget(): the object with the key, or a new one from create(arg), which
 * returns it or NULL and an errno.  check(object, arg) refuses an old one.
 * The id; -ENOENT, -EEXIST, -EACCES, -ENOSPC, -ENOMEM or what the functions
 * say.
 */
struct sysv_maker {
	int (*create)(void *arg, struct sysv_object **object_out);
	int (*check)(struct sysv_object *object, void *arg);
	void *arg;
};
long sysv_get(struct sysv_table *table, int key, int flags,
	      const struct sysv_maker *maker);

/* By id, referenced: NULL and -EINVAL or -EIDRM in *err_out. */
struct sysv_object *sysv_find(struct sysv_table *table, int id, int *err_out);
/* By slot, for the STAT commands of ipcs. */
struct sysv_object *sysv_find_slot(struct sysv_table *table, int slot);
/* Highest slot in use, 0 when none. */
int sysv_highest(struct sysv_table *table);
unsigned sysv_count(struct sysv_table *table);
void sysv_put(struct sysv_object *object);

/* `access` bits 4 read, 2 write: 0 or -EACCES. */
int sysv_check(struct sysv_object *object, unsigned access);
/* IPC_SET, IPC_RMID: 0 or -EPERM. */
int sysv_check_owner(struct sysv_object *object);

void sysv_fill_perm(struct sysv_object *object, struct uapi_ipc_perm *perm);
/* Object locked. */
void sysv_set_perm(struct sysv_object *object,
		   const struct uapi_ipc_perm *perm);

/* Out of the table; object locked.  sysv_put() the table's reference without
 * locks afterwards. */
void sysv_remove(struct sysv_table *table, struct sysv_object *object);
