/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What sysv_sem.c (semget, semop, undo) and sysv_semctl.c share.
 *
 * Key: [I] immutable, [o] lock of the set's base object.
 */
#include "sysv.h"

#include <lib/compiler.h>
#include <lib/list.h>
#include <sync/wait.h>

#define SEM_SETS_MAX	 32000
#define SEM_PER_SET_MAX	 32000
#define SEM_PER_CALL_MAX 500
#define SEM_VALUE_MAX	 32767

struct semaphore {
	uint16_t value;
	uint16_t waits_more; /* sleepers for an increase */
	uint16_t waits_zero;
	int pid; /* of the last operation */
};

struct sem_set {
	struct sysv_object base;
	struct wait_queue changed;
	struct list undos;	       /* [o] struct sem_undo */
	int64_t operation_time;	       /* [o] */
	unsigned count;		       /* [I] */
	struct semaphore semaphores[]; /* [o] */
};

extern struct sysv_table sem_table;

static inline struct sem_set *sem_set_of(struct sysv_object *object)
{
	return container_of(object, struct sem_set, base);
}

/* Set locked: SETVAL and SETALL forget what was to be undone. */
void sem_undo_clear(struct sem_set *set, unsigned from, unsigned count);
