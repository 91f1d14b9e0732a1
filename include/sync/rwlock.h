/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Reader-writer lock: sleeping; nobody starves.
 *
 * Thread context only; a reader must not take it again (a waiting writer
 * would block it for ever).
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <sync/annotations.h>
#include <sync/spinlock.h>

struct thread;

struct LOCK_TYPE rwlock {
	int32_t state;	      /* [a] -1 writer, n > 0 readers, 0 free */
	uint32_t waiting;     /* [a] sleepers; written under lock */
	bool hungry;	      /* [a] the first sleeper goes first */
	struct thread *owner; /* the writer, for asserts */
	struct spinlock lock; /* guards waiters */
	struct list waiters;  /* [lock] struct rwlock_waiter */
	const char *class;    /* [I] */
};

void rwlock_init(struct rwlock *rw, const char *class);
void rwlock_read_lock(struct rwlock *rw) ACQUIRES_READ(*rw);
bool rwlock_read_trylock(struct rwlock *rw) NO_THREAD_SAFETY;
void rwlock_read_unlock(struct rwlock *rw) RELEASES_READ(*rw);
void rwlock_write_lock(struct rwlock *rw) ACQUIRES(*rw);
bool rwlock_write_trylock(struct rwlock *rw) TRY_ACQUIRES(true, *rw);
void rwlock_write_unlock(struct rwlock *rw) RELEASES(*rw);
void rwlock_downgrade(struct rwlock *rw) NO_THREAD_SAFETY;

bool rwlock_is_write_held(const struct rwlock *rw);
