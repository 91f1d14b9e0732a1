/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * semctl(2).  The sets and their locks: sysv_sem.h.
 */
#include "sysv_sem.h"

#include <linux/syscall.h>

#include <asm/syscall.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/errno.h>

/* struct semid64_ds in words: the times are padded on some architectures. */
#define DS_PERM_WORDS  6
#define DS_CHANGE_TIME (DS_PERM_WORDS + (SYSCALL_SEM_TIMES_PADDED ? 2 : 1))
#define DS_COUNT       (DS_CHANGE_TIME + (SYSCALL_SEM_TIMES_PADDED ? 2 : 1))
#define DS_WORDS       (DS_COUNT + 3)

static long put_ds(struct sem_set *set, void USER *to)
{
	uint64_t words[DS_WORDS] = {0};
	struct uapi_ipc_perm perm;

	spin_lock(&set->base.lock);
	sysv_fill_perm(&set->base, &perm);
	words[DS_PERM_WORDS] = (uint64_t)set->operation_time;
	words[DS_CHANGE_TIME] = (uint64_t)set->base.change_time;
	words[DS_COUNT] = set->count;
	spin_unlock(&set->base.lock);
	memcpy(words, &perm, sizeof(perm));
	return user_copy_out(to, words, sizeof(words));
}

static long set_value(struct sem_set *set, unsigned number, int value)
{
	if (value < 0 || value > SEM_VALUE_MAX) {
		return -ERANGE;
	}
	spin_lock(&set->base.lock);
	sem_undo_clear(set, number, 1);
	set->semaphores[number].value = (uint16_t)value;
	set->semaphores[number].pid = process_current()->pid;
	set->base.change_time = sysv_now();
	spin_unlock(&set->base.lock);
	wait_queue_wake_all(&set->changed);
	return 0;
}

static long set_all(struct sem_set *set, const void USER *from)
{
	uint16_t *values = kcalloc(set->count, sizeof(*values));
	long result = 0;

	if (values == NULL) {
		return -ENOMEM;
	}
	if (user_copy_in(values, from, set->count * sizeof(*values)) < 0) {
		result = -EFAULT;
	}
	for (unsigned i = 0; i < set->count && result == 0; i++) {
		result = values[i] > SEM_VALUE_MAX ? -ERANGE : 0;
	}
	if (result == 0) {
		spin_lock(&set->base.lock);
		sem_undo_clear(set, 0, set->count);
		for (unsigned i = 0; i < set->count; i++) {
			set->semaphores[i].value = values[i];
			set->semaphores[i].pid = process_current()->pid;
		}
		set->base.change_time = sysv_now();
		spin_unlock(&set->base.lock);
		wait_queue_wake_all(&set->changed);
	}
	kfree(values);
	return result;
}

static long get_all(struct sem_set *set, void USER *to)
{
	uint16_t *values = kcalloc(set->count, sizeof(*values));
	long result;

	if (values == NULL) {
		return -ENOMEM;
	}
	spin_lock(&set->base.lock);
	for (unsigned i = 0; i < set->count; i++) {
		values[i] = set->semaphores[i].value;
	}
	spin_unlock(&set->base.lock);
	result = user_copy_out(to, values, set->count * sizeof(*values));
	kfree(values);
	return result;
}

static long remove_set(struct sem_set *set)
{
	int err = sysv_check_owner(&set->base);
	bool first = false;

	if (err < 0) {
		return err;
	}
	spin_lock(&set->base.lock);
	if (!set->base.removed) {
		sysv_remove(&sem_table, &set->base);
		first = true;
	}
	spin_unlock(&set->base.lock);
	wait_queue_wake_all(&set->changed); /* they see that it is gone */
	if (first) {
		sysv_put(&set->base);
	}
	return 0;
}

static long set_perm(struct sem_set *set, const void USER *from)
{
	struct uapi_ipc_perm perm; /* the first member of the struct */
	int err;

	if (user_copy_in(&perm, from, sizeof(perm)) < 0) {
		return -EFAULT;
	}
	err = sysv_check_owner(&set->base);
	if (err == 0) {
		spin_lock(&set->base.lock);
		sysv_set_perm(&set->base, &perm);
		spin_unlock(&set->base.lock);
	}
	return err;
}

/* Commands about one semaphore. */
static long control_one(struct sem_set *set, int number, int command, int value)
{
	struct semaphore *semaphore;
	int err = sysv_check(&set->base, command == UAPI_SEM_SETVAL ? 2 : 4);

	if (number < 0 || (unsigned)number >= set->count) {
		return -EINVAL;
	}
	if (err < 0) {
		return err;
	}
	semaphore = &set->semaphores[number];
	switch (command) {
	case UAPI_SEM_GETVAL:
		return semaphore->value;
	case UAPI_SEM_GETPID:
		return semaphore->pid;
	case UAPI_SEM_GETNCNT:
		return semaphore->waits_more;
	case UAPI_SEM_GETZCNT:
		return semaphore->waits_zero;
	default:
		return set_value(set, (unsigned)number, value);
	}
}

static long control(struct sem_set *set, int number, int command,
		    unsigned long arg)
{
	void USER *pointer = (void USER *)arg;
	long result = 0;

	switch (command) {
	case UAPI_IPC_RMID:
		return remove_set(set);
	case UAPI_IPC_SET:
		return set_perm(set, pointer);
	case UAPI_SEM_SETALL:
		result = sysv_check(&set->base, 2);
		return result < 0 ? result : set_all(set, pointer);
	case UAPI_SEM_GETALL:
		result = sysv_check(&set->base, 4);
		return result < 0 ? result : get_all(set, pointer);
	case UAPI_IPC_STAT:
	case UAPI_SEM_STAT:
		result = sysv_check(&set->base, 4);
		FALLTHROUGH;
	case UAPI_SEM_STAT_ANY:
		if (result == 0) {
			result = put_ds(set, pointer);
		}
		return result == 0 && command != UAPI_IPC_STAT ? set->base.id
							       : result;
	default:
		return control_one(set, number, command, (int)arg);
	}
}

static long put_info(void USER *to, bool usage)
{
	struct uapi_seminfo info = {
		.map = SEM_SETS_MAX * SEM_PER_SET_MAX,
		.ids = SEM_SETS_MAX,
		.all = SEM_SETS_MAX * SEM_PER_SET_MAX,
		.undo = SEM_SETS_MAX * SEM_PER_SET_MAX,
		.per_set = SEM_PER_SET_MAX,
		.per_call = SEM_PER_CALL_MAX,
		.undo_entries = SEM_PER_CALL_MAX,
		.undo_size = 20,
		.value_max = SEM_VALUE_MAX,
		.adjust_max = SEM_VALUE_MAX,
	};

	if (usage) {
		info.undo_size = (int32_t)sysv_count(&sem_table);
		info.adjust_max = 0;
	}
	return user_copy_out(to, &info, sizeof(info)) < 0
		       ? -EFAULT
		       : sysv_highest(&sem_table);
}

long sys_semctl(int id, int number, int command, unsigned long arg)
{
	struct sysv_object *object;
	int err = -EINVAL;
	long result;

	command &= ~UAPI_IPC_64;
	if (id < 0 || command < 0 || command > UAPI_SEM_STAT_ANY ||
	    (command > UAPI_IPC_INFO && command < UAPI_SEM_GETPID)) {
		return -EINVAL;
	}
	if (command == UAPI_IPC_INFO || command == UAPI_SEM_INFO) {
		return put_info((void USER *)arg, command == UAPI_SEM_INFO);
	}
	if (command == UAPI_SEM_STAT || command == UAPI_SEM_STAT_ANY) {
		object = sysv_find_slot(&sem_table, id);
	} else {
		object = sysv_find(&sem_table, id, &err);
	}
	if (object == NULL) {
		return err;
	}
	result = control(sem_set_of(object), number, command, arg);
	sysv_put(object);
	return result;
}
