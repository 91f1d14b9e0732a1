/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The lock checker; see lockdep.h.
 *
 * Each CPU has a list of the spinlock classes it holds, each thread one of its
 * sleeping locks.  Locks are released in any order.  Lists are bounded by
 * LOCKDEP_DEPTH_MAX; deeper nesting is a bug of its own.  The per-CPU list is
 * changed with interrupts disabled.
 */
#include <sync/lockdep.h>

#include <stddef.h>
#include <stdint.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <sched/thread.h>

#define CACHE_SIZE 64

struct lock_class {
	const char *name;
	int rank;
	bool nested; /* several of the class at a time, in a defined order */
};

/* The third column is for readers. */
#define LOCK_CLASS(rank, name, why)	   {name, rank, false},
#define LOCK_CLASS_NESTED(rank, name, why) {name, rank, true},
static const struct lock_class classes[] = {
#include "lock_order.def"
};
#undef LOCK_CLASS
#undef LOCK_CLASS_NESTED

struct lockdep_cpu {
	unsigned count;
	const char *held[LOCKDEP_DEPTH_MAX];
	const char *cache_key[CACHE_SIZE];
	const struct lock_class *cache_value[CACHE_SIZE];
};

static PERCPU_DEFINE(struct lockdep_cpu, lockdep_cpu);

void lockdep_cpu_init(void)
{
	percpu(lockdep_cpu) = (struct lockdep_cpu){0};
}

/* NULL for classes outside the table.  Interrupts disabled. */
static const struct lock_class *find_class(const char *name)
{
	struct lockdep_cpu *cpu = &percpu(lockdep_cpu);
	unsigned slot = (unsigned)((uintptr_t)name >> 3) % CACHE_SIZE;
	const struct lock_class *found = NULL;

	if (name == NULL) {
		return NULL;
	}
	if (cpu->cache_key[slot] == name) {
		return cpu->cache_value[slot];
	}
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(classes[i].name, name) == 0) {
			found = &classes[i];
			break;
		}
	}
	cpu->cache_key[slot] = name;
	cpu->cache_value[slot] = found;
	return found;
}

static void check_order(const struct lock_class *wanted,
			const char *const *held, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct lock_class *have = find_class(held[i]);

		if (have == NULL || wanted->rank > have->rank ||
		    (wanted == have && wanted->nested)) {
			continue;
		}
		panic("lock order: %s (%d) taken while %s (%d) is held",
		      wanted->name, wanted->rank, have->name, have->rank);
	}
}

static void check_all_held(const char *class)
{
	const struct lockdep_cpu *cpu = &percpu(lockdep_cpu);
	const struct thread *thread = thread_current();
	const struct lock_class *wanted = find_class(class);

	if (wanted == NULL) {
		return;
	}
	check_order(wanted, cpu->held, cpu->count);
	if (thread != NULL) {
		check_order(wanted, thread->lockdep.classes,
			    thread->lockdep.count);
	}
}

/* The newest entry of the class goes; entries behind it move up. */
static void forget(const char **held, unsigned *count, const char *class)
{
	for (unsigned i = *count; i-- > 0;) {
		if (held[i] != class) {
			continue;
		}
		for (unsigned k = i + 1; k < *count; k++) {
			held[k - 1] = held[k];
		}
		(*count)--;
		return;
	}
	panic("lock %s released but not held", class != NULL ? class : "?");
}

void lockdep_spin_acquired(const char *class)
{
	struct lockdep_cpu *cpu = &percpu(lockdep_cpu);

	check_all_held(class);
	if (cpu->count == LOCKDEP_DEPTH_MAX) {
		panic("%u spinlocks held", cpu->count);
	}
	cpu->held[cpu->count++] = class;
}

void lockdep_spin_released(const char *class)
{
	struct lockdep_cpu *cpu = &percpu(lockdep_cpu);

	forget(cpu->held, &cpu->count, class);
}

void lockdep_sleeping_acquired(const char *class)
{
	unsigned long irq = cpu_irq_save();
	struct lockdep_thread *held = &thread_current()->lockdep;

	check_all_held(class);
	if (held->count == LOCKDEP_DEPTH_MAX) {
		panic("%u sleeping locks held", held->count);
	}
	held->classes[held->count++] = class;
	cpu_irq_restore(irq);
}

void lockdep_sleeping_released(const char *class)
{
	struct lockdep_thread *held = &thread_current()->lockdep;

	forget(held->classes, &held->count, class);
}

void lockdep_check_none_held(void)
{
	unsigned long irq = cpu_irq_save();
	const struct lockdep_cpu *cpu = &percpu(lockdep_cpu);

	if (cpu->count != 0) {
		const char *class = cpu->held[cpu->count - 1];

		panic("switch with spinlock %s held",
		      class != NULL ? class : "?");
	}
	cpu_irq_restore(irq);
}

void lockdep_check_can_sleep(void)
{
	lockdep_check_none_held();
}
