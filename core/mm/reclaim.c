/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Making room: what frame_alloc() does instead of failing.
 *
 * In this order: clean page-cache pages, oldest first, with the shrinkers'
 * objects, free kernel stacks and empty slabs; then dirty pages are written and
 * taken; at last a process is ended (oom.c).  One thread works at a time, the
 * others wait for it and then try their luck: what it freed is theirs as well.
 *
 * Never hangs: each step either frees something or gives way to the next, and
 * the last one either ends a process or answers that there is none.
 */
#include <mm/reclaim.h>

#include <arch/cpu.h>
#include <debug/log.h>
#include <init/hooks.h>
#include <lib/minmax.h>
#include <mm/page_cache.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <sync/mutex.h>
#include <time/clock.h>

#include "internal.h"
#include "kstack.h"
#include "oom.h"
#include "writeback.h"

#define TARGET_MIN    64 /* frames for one round */
#define WAIT_ROUND_NS (5 * NSEC_PER_MSEC)
#define WAIT_ROUNDS   200 /* for a killed process to give its memory back */

static struct mutex reclaim_lock = MUTEX_INIT(reclaim_lock, "reclaim");
static struct spinlock shrinker_lock = SPINLOCK_INIT("shrinker");
static struct list shrinkers = LIST_INITIALIZER(shrinkers);

void shrinker_register(struct shrinker *shrinker)
{
	spin_lock(&shrinker_lock);
	list_add_tail(&shrinkers, &shrinker->link);
	spin_unlock(&shrinker_lock);
}

/* Entries are never removed, so the walk needs no lock. */
static size_t run_shrinkers(size_t target)
{
	struct shrinker *shrinker;
	size_t freed = 0;

	list_for_each (shrinker, &shrinkers, link) {
		freed += shrinker->shrink(target);
	}
	return freed;
}

size_t reclaim_now(size_t target)
{
	size_t freed = page_cache_reclaim(target);

	/* A dentry may take a file with all its pages along: not first. */
	if (freed < target) {
		freed += run_shrinkers(target);
		freed += kstack_shrink();
		freed += slab_shrink();
	}
	return freed;
}

/* The lock is held.  Something was freed, or may have been. */
static bool make_room(unsigned order, bool must)
{
	size_t target = (size_t)MAX((1ul << order) * 2, (size_t)TARGET_MIN);
	uint64_t before = frame_free_count();

	if (reclaim_now(target) != 0 && frame_free_count() > before) {
		return true;
	}
	if (writeback_hurry()) {
		page_cache_reclaim(target);
		return true;
	}
	/* A large block may be missing only because memory is scattered: not
	 * worth a life. */
	if (!must || order > 3) {
		return false;
	}
	return oom_kill();
}

static bool is_being_killed(void)
{
	const struct thread *thread = thread_current();

	return (__atomic_load_n(&thread->work, __ATOMIC_RELAXED) &
		THREAD_WORK_EXIT) != 0;
}

/* A process is on its way out: what it has will be free soon. */
static bool wait_for_victim(uint64_t before)
{
	for (unsigned i = 0; i < WAIT_ROUNDS && oom_is_pending(); i++) {
		thread_sleep_ns(WAIT_ROUND_NS);
		if (frame_free_count() > before + TARGET_MIN) {
			return true;
		}
	}
	return !oom_is_pending();
}

static bool reclaim_for_alloc(unsigned order, bool must)
{
	uint64_t before = frame_free_count();
	bool again;

	if (mutex_is_held(&reclaim_lock) || is_being_killed()) {
		return false;
	}
	mutex_lock(&reclaim_lock);
	/* Another thread may have made room while this one waited. */
	again = frame_free_count() > before + TARGET_MIN ||
		make_room(order, must && !oom_is_pending());
	mutex_unlock(&reclaim_lock);
	if (!again && oom_is_pending()) {
		again = !is_being_killed() && wait_for_victim(before);
	}
	return again;
}

static int reclaim_init(void)
{
	frame_set_reclaim(reclaim_for_alloc);
	address_space_gone_hook = oom_space_gone;
	return 0;
}

INIT_HOOK(reclaim, reclaim_init, INIT_CORE);
