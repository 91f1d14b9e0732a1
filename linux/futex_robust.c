/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Robust lists: the words that a thread holds when it leaves its program get
 * FUTEX_OWNER_DIED, and one waiter each is woken.
 *
 * The list is the application's memory and may be nonsense: every address is
 * checked, the length is bounded, a fault ends the walk.
 */
#include "futex.h"

#include <lib/align.h>
#include <process/process.h>
#include <process/upcalls.h>
#include <sched/sched.h>
#include <uapi/errno.h>

#define ENTRY_PI 1ul /* bit 0 of a link: the word has an owner's id */

/* False: the walk ends. */
static bool word_of_dead(uintptr_t address, uint32_t tid, bool pi, bool pending)
{
	uint32_t word;
	uint32_t next;
	uint32_t old;

	if (!IS_ALIGNED(address, sizeof(uint32_t)) ||
	    user_get_u32(&word, (const void USER *)address) < 0) {
		return false;
	}
	for (;;) {
		if ((word & UAPI_FUTEX_TID_MASK) != tid) {
			/* It was released, but the wake-up may be missing. */
			if (pending && !pi &&
			    (word & UAPI_FUTEX_TID_MASK) == 0) {
				futex_wake_address(address, 1);
			}
			return true;
		}
		next = (word & UAPI_FUTEX_WAITERS) | UAPI_FUTEX_OWNER_DIED;
		if (user_cmpxchg_u32((void USER *)address, word, next, &old) <
		    0) {
			return false;
		}
		if (old == word) {
			break;
		}
		word = old;
	}
	if (!pi && (word & UAPI_FUTEX_WAITERS) != 0) {
		futex_wake_address(address, 1);
	}
	return true;
}

static void walk(uintptr_t head_address, uint32_t tid)
{
	struct uapi_robust_list_head head;
	uintptr_t offset;
	uint64_t entry;
	uint64_t next;

	if (user_copy_in(&head, (const void USER *)head_address, sizeof(head)) <
	    0) {
		return;
	}
	offset = (uintptr_t)head.futex_offset;
	entry = head.next;
	for (unsigned i = 0;
	     i < UAPI_ROBUST_LIST_LIMIT && (entry & ~ENTRY_PI) != head_address;
	     i++) {
		bool read =
			user_get_u64(&next,
				     (const void USER *)(entry & ~ENTRY_PI)) ==
			0;

		/* The pending one comes last: it may be in the list as well. */
		if ((entry & ~ENTRY_PI) != (head.pending & ~ENTRY_PI) &&
		    !word_of_dead((entry & ~ENTRY_PI) + offset, tid,
				  (entry & ENTRY_PI) != 0, false)) {
			return;
		}
		if (!read) {
			return;
		}
		entry = next;
		sched_relax();
	}
	if ((head.pending & ~ENTRY_PI) != 0) {
		word_of_dead((head.pending & ~ENTRY_PI) + offset, tid,
			     (head.pending & ENTRY_PI) != 0, true);
	}
}

void futex_exit_thread(struct thread *thread)
{
	if (thread->linux.robust_list != 0 && thread->address_space != NULL) {
		walk(thread->linux.robust_list, (uint32_t)thread->tid);
	}
	futex_pi_exit(thread);
}
