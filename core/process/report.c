/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What is said when a program dies of a fault: signal, registers, and the
 * mappings that its code addresses lie in, so that the offset can be looked
 * up in the program or library.  The first line is for the user, the rest for
 * whoever reads the log.
 *
 * The chain of frame pointers is the application's: it is read with checked
 * copies, upwards only, REPORT_DEPTH links at most.  Thread context.
 */
#include "internal.h"

#include <arch/frame.h>
#include <arch/mmu.h>
#include <arch/user.h>
#include <debug/log.h>
#include <lib/signal_name.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/vm_object.h>
#include <sched/thread.h>

#define REPORT_DEPTH 16
#define NAME_SIZE    128

/* "path+offset" of a code address; the offset is that in the file. */
static void report_place(struct address_space *space, const char *what,
			 uintptr_t address)
{
	char name[NAME_SIZE] = "anonymous memory";
	const struct vma *vma;
	uint64_t offset = 0;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, address);
	if (vma == NULL || vma->start > address) {
		string_copy(name, "no mapping", sizeof(name));
	} else {
		offset = address - vma->start + vma->offset * PAGE_SIZE;
		if (vma->object != NULL && vma->object->ops->name != NULL) {
			vma->object->ops->name(vma->object, name, sizeof(name));
		} else {
			offset = address - vma->start;
		}
	}
	rwlock_read_unlock(&space->lock);
	log_error("  %s %016lx %s+0x%llx", what, (unsigned long)address, name,
		  (unsigned long long)offset);
}

void report_fatal_signal(const struct trapframe *frame, int signal,
			 const struct uapi_siginfo *info)
{
	struct thread *thread = thread_current();
	struct address_space *space = thread->address_space;
	uintptr_t fp = frame_fp(frame);

	log_notice("%s[%d]: killed by signal %d, %s (code %d, address %016lx)",
		   thread->name, thread->tid, signal, signal_name(signal),
		   info->code, info->fault.addr);
	frame_print(frame);
	if (space == NULL) {
		return;
	}
	report_place(space, "at  ", frame_pc(frame));
	for (unsigned i = 0; i < REPORT_DEPTH; i++) {
		uint64_t record[2];

		if (fp % sizeof(uint64_t) != 0 ||
		    user_copy_in(record, (const void *)fp, sizeof(record)) <
			    0 ||
		    record[1] == 0) {
			break;
		}
		report_place(space, "from", record[1]);
		if (record[0] <= fp) {
			break;
		}
		fp = record[0];
	}
}
