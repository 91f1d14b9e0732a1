/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * System V semaphores: sets, semop(2), undo; semctl(2) is in sysv_semctl.c.
 *
 * All operations of a call happen at once or not at all: they are tried under
 * the set's lock; who cannot go on sleeps on the set's queue and tries again
 * whenever a value changes.  SEM_UNDO keeps, per process and set, what the end
 * of the process is to take back.
 *
 * Bounded: sets by SEM_SETS_MAX, semaphores by SEM_PER_SET_MAX, operations by
 * SEM_PER_CALL_MAX, undo records by the sets.
 */
#include "sysv_sem.h"

#include <linux/syscall.h>

#include <asm/syscall.h>
#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <process/upcalls.h>
#include <sync/wait.h>
#include <uapi/errno.h>

#include "timespec.h"

#define FAST_OPS 16

/* What the process's end adds to the values.  Belongs to the process; also in
 * the set's list until the set goes. */
struct sem_undo {
	struct list_node process_link; /* [process: undo_lock] */
	struct list_node set_link;     /* [o] of the set */
	struct sem_set *set;	       /* [I] one reference */
	int pid;		       /* [I] */
	int16_t adjust[];	       /* [o] */
};

struct sysv_table sem_table = SYSV_TABLE(SEM_SETS_MAX);
/* Guards the lists of all processes: short, and only with SEM_UNDO. */
static struct spinlock undo_lock = SPINLOCK_INIT("sysv.undo");

static void free_set(struct sysv_object *object)
{
	kfree(sem_set_of(object));
}

static int create(void *arg, struct sysv_object **object_out)
{
	int count = *(const int *)arg;
	struct sem_set *set;

	if (count <= 0 || count > SEM_PER_SET_MAX) {
		return -EINVAL;
	}
	set = kzalloc(sizeof(*set) + (size_t)count * sizeof(struct semaphore));
	if (set == NULL) {
		return -ENOMEM;
	}
	wait_queue_init(&set->changed);
	list_init(&set->undos);
	set->count = (unsigned)count;
	set->base.free = free_set;
	*object_out = &set->base;
	return 0;
}

static int check(struct sysv_object *object, void *arg)
{
	int count = *(const int *)arg;

	return count > 0 && (unsigned)count > sem_set_of(object)->count
		       ? -EINVAL
		       : 0;
}

long sys_semget(int key, int count, int flags)
{
	const struct sysv_maker maker = {
		.create = create,
		.check = check,
		.arg = &count,
	};

	if (count < 0 || count > SEM_PER_SET_MAX) {
		return -EINVAL;
	}
	return sysv_get(&sem_table, key, flags, &maker);
}

/* --- undo
 * ------------------------------------------------------------------------------------
 */

static struct sem_undo *find_undo(struct process *process, struct sem_set *set)
{
	struct sem_undo *undo;
	struct sem_undo *found = NULL;

	spin_lock(&undo_lock);
	list_for_each (undo, &process->sem_undos, process_link) {
		if (undo->set == set) {
			found = undo;
			break;
		}
	}
	spin_unlock(&undo_lock);
	return found;
}

/* The process's record for the set, made at need.  NULL: no memory. */
static struct sem_undo *get_undo(struct sem_set *set)
{
	struct process *process = process_current();
	struct sem_undo *undo = find_undo(process, set);
	struct sem_undo *other;

	if (undo != NULL) {
		return undo;
	}
	undo = kzalloc(sizeof(*undo) + set->count * sizeof(int16_t));
	if (undo == NULL) {
		return NULL;
	}
	undo->set = set;
	undo->pid = process->pid;
	spin_lock(&set->base.lock);
	spin_lock(&undo_lock);
	list_for_each (other, &process->sem_undos, process_link) {
		if (other->set == set) {
			spin_unlock(&undo_lock);
			spin_unlock(&set->base.lock);
			kfree(undo); /* another thread was faster */
			return other;
		}
	}
	refcount_get(&set->base.refs);
	list_add_tail(&process->sem_undos, &undo->process_link);
	list_add_tail(&set->undos, &undo->set_link);
	spin_unlock(&undo_lock);
	spin_unlock(&set->base.lock);
	return undo;
}

static void apply_undo(struct sem_set *set, struct sem_undo *undo)
{
	spin_lock(&set->base.lock);
	list_remove(&undo->set_link);
	for (unsigned i = 0; i < set->count && !set->base.removed; i++) {
		struct semaphore *semaphore = &set->semaphores[i];
		int value = semaphore->value + undo->adjust[i];

		if (undo->adjust[i] == 0) {
			continue;
		}
		value = value < 0		? 0
			: value > SEM_VALUE_MAX ? SEM_VALUE_MAX
						: value;
		semaphore->value = (uint16_t)value;
		semaphore->pid = undo->pid;
		set->operation_time = sysv_now();
	}
	spin_unlock(&set->base.lock);
	wait_queue_wake_all(&set->changed);
}

void sem_exit_process(struct process *process)
{
	struct sem_undo *undo;

	for (;;) {
		spin_lock(&undo_lock);
		undo = list_first(&process->sem_undos, struct sem_undo,
				  process_link);
		if (undo != NULL) {
			list_remove(&undo->process_link);
		}
		spin_unlock(&undo_lock);
		if (undo == NULL) {
			return;
		}
		apply_undo(undo->set, undo);
		sysv_put(&undo->set->base);
		kfree(undo);
	}
}

void sem_undo_clear(struct sem_set *set, unsigned from, unsigned count)
{
	struct sem_undo *undo;

	list_for_each (undo, &set->undos, set_link) {
		memset(&undo->adjust[from], 0, count * sizeof(int16_t));
	}
}

/* --- semop
 * --------------------------------------------------------------------------------------
 */

enum trial {
	TRIAL_DONE,
	TRIAL_MORE, /* blocked: waits for an increase */
	TRIAL_ZERO, /* blocked: waits for zero */
};

static void take_back(struct sem_set *set, const struct uapi_sembuf *ops,
		      unsigned count, struct sem_undo *undo)
{
	for (unsigned i = count; i-- > 0;) {
		struct semaphore *semaphore = &set->semaphores[ops[i].number];

		semaphore->value =
			(uint16_t)(semaphore->value - ops[i].operation);
		if ((ops[i].flags & UAPI_SEM_UNDO) != 0) {
			undo->adjust[ops[i].number] =
				(int16_t)(undo->adjust[ops[i].number] +
					  ops[i].operation);
		}
	}
}

/* Set locked.  All or nothing: enum trial, -ERANGE, -EAGAIN; *blocked_out is
 * the operation that could not be done. */
static int try_all(struct sem_set *set, const struct uapi_sembuf *ops,
		   unsigned count, struct sem_undo *undo, unsigned *blocked_out)
{
	int result = TRIAL_DONE;
	unsigned i;

	for (i = 0; i < count; i++) {
		const struct uapi_sembuf *op = &ops[i];
		struct semaphore *semaphore = &set->semaphores[op->number];
		int value = semaphore->value + op->operation;
		int adjust = 0;

		if (op->operation == 0 && semaphore->value != 0) {
			result = TRIAL_ZERO;
			break;
		}
		if (value < 0) {
			result = TRIAL_MORE;
			break;
		}
		if ((op->flags & UAPI_SEM_UNDO) != 0) {
			adjust = undo->adjust[op->number] - op->operation;
		}
		if (value > SEM_VALUE_MAX || adjust > SEM_VALUE_MAX ||
		    adjust < -SEM_VALUE_MAX - 1) {
			result = -ERANGE;
			break;
		}
		semaphore->value = (uint16_t)value;
		if ((op->flags & UAPI_SEM_UNDO) != 0) {
			undo->adjust[op->number] = (int16_t)adjust;
		}
	}
	*blocked_out = i;
	if (result != TRIAL_DONE) {
		take_back(set, ops, i, undo);
		if (result > 0 && (ops[i].flags & UAPI_IPC_NOWAIT) != 0) {
			result = -EAGAIN;
		}
	}
	return result;
}

static void count_sleeper(struct sem_set *set, unsigned number, int kind,
			  int change)
{
	struct semaphore *semaphore = &set->semaphores[number];
	uint16_t *count = kind == TRIAL_ZERO ? &semaphore->waits_zero
					     : &semaphore->waits_more;

	*count = (uint16_t)(*count + change);
}

static int operate(struct sem_set *set, const struct uapi_sembuf *ops,
		   unsigned count, struct sem_undo *undo, bool alters,
		   uint64_t deadline_ns)
{
	unsigned blocked;
	int sleep_err = 0;
	int result;

	spin_lock(&set->base.lock);
	for (;;) {
		if (set->base.removed) {
			result = -EIDRM;
			break;
		}
		result = try_all(set, ops, count, undo, &blocked);
		if (result <= 0) {
			break;
		}
		if (sleep_err < 0) {
			result = sleep_err == -ETIMEDOUT ? -EAGAIN : sleep_err;
			break;
		}
		count_sleeper(set, ops[blocked].number, result, 1);
		sleep_err = wait_queue_sleep(&set->changed, &set->base.lock,
					     WAIT_INTERRUPTIBLE, deadline_ns);
		count_sleeper(set, ops[blocked].number, result, -1);
	}
	for (unsigned i = 0; i < count && result == 0; i++) {
		set->semaphores[ops[i].number].pid = process_current()->pid;
	}
	if (result == 0) {
		set->operation_time = sysv_now();
	}
	spin_unlock(&set->base.lock);
	if (result == 0 && alters) {
		wait_queue_wake_all(&set->changed);
	}
	return result;
}

/* Looks the operations through: -EFBIG, or 0 and what they are. */
static int check_ops(const struct sem_set *set, const struct uapi_sembuf *ops,
		     unsigned count, bool *alters_out, bool *undo_out)
{
	*alters_out = false;
	*undo_out = false;
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].number >= set->count) {
			return -EFBIG;
		}
		*alters_out |= ops[i].operation != 0;
		*undo_out |= (ops[i].flags & UAPI_SEM_UNDO) != 0;
	}
	return 0;
}

static int operate_on(int id, const struct uapi_sembuf *ops, unsigned count,
		      uint64_t deadline_ns)
{
	struct sysv_object *object;
	struct sem_undo *undo = NULL;
	bool alters;
	bool undoes;
	int err;

	object = sysv_find(&sem_table, id, &err);
	if (object == NULL) {
		return err;
	}
	err = check_ops(sem_set_of(object), ops, count, &alters, &undoes);
	if (err == 0) {
		err = sysv_check(object, alters ? 2 : 4);
	}
	if (err == 0 && undoes) {
		undo = get_undo(sem_set_of(object));
		err = undo == NULL ? -ENOMEM : 0;
	}
	if (err == 0) {
		err = operate(sem_set_of(object), ops, count, undo, alters,
			      deadline_ns);
	}
	sysv_put(object);
	return err;
}

static long copy_and_operate(int id, const void USER *operations,
			     unsigned count, uint64_t deadline_ns)
{
	struct uapi_sembuf fast[FAST_OPS];
	struct uapi_sembuf *ops = fast;
	long result;

	if (count == 0 || id < 0) {
		return -EINVAL;
	}
	if (count > SEM_PER_CALL_MAX) {
		return -E2BIG;
	}
	if (count > FAST_OPS) {
		ops = kmalloc(count * sizeof(*ops));
		if (ops == NULL) {
			return -ENOMEM;
		}
	}
	result = user_copy_in(ops, operations, count * sizeof(*ops));
	if (result == 0) {
		result = operate_on(id, ops, count, deadline_ns);
	}
	if (ops != fast) {
		kfree(ops);
	}
	return result;
}

long sys_semop(int id, void USER *operations, unsigned count)
{
	return copy_and_operate(id, operations, count, WAIT_FOREVER);
}

long sys_semtimedop(int id, void USER *operations, unsigned count,
		    const void USER *timeout)
{
	uint64_t ns;
	int err;

	if (timeout == NULL) {
		return copy_and_operate(id, operations, count, WAIT_FOREVER);
	}
	err = timespec_get_ns(&ns, timeout);
	if (err < 0) {
		return err;
	}
	return copy_and_operate(id, operations, count, deadline_after(ns));
}
