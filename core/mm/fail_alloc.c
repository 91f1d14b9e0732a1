/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Allocations that fail on demand: include/mm/fail_alloc.h.
 *
 * A thread counts for itself, so what fails in a program of one thread is the
 * same each time.  With --verbose each failure is a line with its callers.
 */
#include <mm/fail_alloc.h>

#include <arch/frame.h>
#include <debug/log.h>
#include <debug/symbols.h>
#include <init/hooks.h>
#include <init/options.h>
#include <lib/parse.h>
#include <lib/printf.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define CALLERS_MAX  7
#define CALLERS_SKIP 2 /* this file and the allocator */

static bool on;		  /* [I] after boot */
static uint32_t interval; /* [I] after boot; 0: only when asked */

bool fail_alloc_is_on(void)
{
	return on;
}

static void tell(const struct thread *thread)
{
	uintptr_t pcs[CALLERS_MAX];
	unsigned count = frame_backtrace(NULL, pcs, CALLERS_MAX);
	char text[256] = "";
	size_t used = 0;

	for (unsigned i = CALLERS_SKIP; i < count && used < sizeof(text); i++) {
		uintptr_t offset;
		const char *name = symbols_lookup(pcs[i] - 1, &offset);

		used += (size_t)ksnprintf(text + used, sizeof(text) - used,
					  " %s", name != NULL ? name : "?");
	}
	log_info("fail-alloc: thread %d:%s", thread->tid, text);
}

bool fail_alloc_now(void)
{
	struct thread *thread = on ? thread_current() : NULL;
	struct fail_alloc *state;
	bool fails;

	if (thread == NULL || !thread->fail_alloc.armed) {
		return false;
	}
	state = &thread->fail_alloc;
	if (state->left != 0) {
		fails = --state->left == 0;
	} else {
		fails = interval != 0 && ++state->count % interval == 0;
	}
	if (fails) {
		state->armed = false; /* the line may not fail */
		tell(thread);
		state->armed = true;
	}
	return fails;
}

void fail_alloc_arm(void)
{
	thread_current()->fail_alloc.armed = true;
}

void fail_alloc_disarm(void)
{
	thread_current()->fail_alloc.armed = false;
}

bool fail_alloc_suspend_now(void)
{
	struct thread *thread = thread_current();
	bool armed = thread != NULL && thread->fail_alloc.armed;

	if (armed) {
		thread->fail_alloc.armed = false;
	}
	return armed;
}

void fail_alloc_resume_now(bool armed)
{
	if (armed) {
		thread_current()->fail_alloc.armed = true;
	}
}

static int fail_alloc_start(void)
{
	const char *value = options()->fail_alloc;
	int64_t number;

	if (value == NULL) {
		return 0;
	}
	if (parse_i64(value, 10, 0, INT32_MAX, &number, NULL) < 0) {
		log_error("--fail-alloc=%s: no number", value);
		return 0;
	}
	on = true;
	interval = (uint32_t)number;
	return 0;
}
INIT_HOOK(fail_alloc, fail_alloc_start, INIT_CORE);
