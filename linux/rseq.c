/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Restartable sequences: rseq(2).
 *
 * The application registers one area per thread.  The kernel keeps the CPU
 * number in it, and sends a thread that was preempted, moved or is about to
 * handle a signal inside a critical section to the section's abort address.
 * A malformed descriptor is the application's mistake: SIGSEGV, as on Linux.
 *
 * Runs in the thread itself, before its return to the application.
 */
#include <linux/syscall.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <lib/align.h>
#include <process/process.h>
#include <process/upcalls.h>
#include <uapi/errno.h>

#define RSEQ_FLAG_UNREGISTER 1
#define RSEQ_ALIGN	     32
#define RSEQ_SIZE_MIN	     32 /* the first version of the area */
#define RSEQ_SIZE_MAX	     4096
#define RSEQ_CPU_UNKNOWN     0xffffffffu /* RSEQ_CPU_ID_UNINITIALIZED */
#define SIGNATURE_SIZE	     4

/* Offsets in the application's struct rseq. */
#define AREA_CPU_START 0
#define AREA_CPU       4
#define AREA_SECTION   8
#define AREA_FLAGS     16
#define AREA_NODE      20
#define AREA_MM_CID    24

struct rseq_section {
	uint32_t version;
	uint32_t flags;
	uint64_t start;
	uint64_t length;
	uint64_t abort;
};

static int put_cpu(struct rseq_registration *rseq, uint32_t start, uint32_t cpu)
{
	uintptr_t area = rseq->area;

	/* cpu_id_start, cpu_id; node and concurrency id behind the flags. */
	uint32_t ids[2] = {start, cpu};
	uint32_t nodes[2] = {0, start};

	if (user_copy_out((void USER *)(area + AREA_CPU_START), ids,
			  sizeof(ids)) < 0 ||
	    user_copy_out((void USER *)(area + AREA_NODE), nodes,
			  sizeof(nodes)) < 0) {
		return -EFAULT;
	}
	rseq->cpu = cpu;
	return 0;
}

static long unregister(struct rseq_registration *rseq, uintptr_t area,
		       uint32_t size, uint32_t signature)
{
	if (rseq->area == 0 || rseq->area != area || rseq->size != size) {
		return -EINVAL;
	}
	if (rseq->signature != signature) {
		return -EPERM;
	}
	if (put_cpu(rseq, 0, RSEQ_CPU_UNKNOWN) < 0) {
		return -EFAULT;
	}
	rseq->area = 0;
	rseq->size = 0;
	return 0;
}

long sys_rseq(void USER *area, uint32_t size, int flags, uint32_t signature)
{
	struct thread *thread = thread_current();
	struct rseq_registration *rseq = &thread->linux.rseq;
	uintptr_t address = (uintptr_t)area;

	if ((flags & RSEQ_FLAG_UNREGISTER) != 0) {
		if ((flags & ~RSEQ_FLAG_UNREGISTER) != 0) {
			return -EINVAL;
		}
		return unregister(rseq, address, size, signature);
	}
	if (flags != 0) {
		return -EINVAL;
	}
	if (rseq->area != 0) {
		if (rseq->area != address || rseq->size != size) {
			return -EINVAL;
		}
		return rseq->signature != signature ? -EPERM : -EBUSY;
	}
	if (!IS_ALIGNED(address, RSEQ_ALIGN) || size < RSEQ_SIZE_MIN ||
	    size > RSEQ_SIZE_MAX) {
		return -EINVAL;
	}
	if (!user_range_ok(area, size)) {
		return -EFAULT;
	}
	rseq->area = address;
	rseq->size = size;
	rseq->signature = signature;
	rseq->cpu = RSEQ_CPU_UNKNOWN;
	if (address == 0 || put_cpu(rseq, cpu_id(), cpu_id()) < 0) {
		rseq->area = 0;
		return -EFAULT;
	}
	thread_add_work(thread, THREAD_WORK_RSEQ); /* may have moved since */
	return 0;
}

static bool section_is_valid(const struct rseq_section *section)
{
	return section->version == 0 && section->start < USER_END &&
	       section->length <= USER_END - section->start &&
	       section->abort < USER_END && section->abort >= SIGNATURE_SIZE &&
	       section->abort - section->start >= section->length;
}

/* 0, or -EFAULT: a bad address or descriptor. */
static int leave_section(struct rseq_registration *rseq,
			 struct trapframe *frame)
{
	uintptr_t link = rseq->area + AREA_SECTION;
	struct rseq_section section;
	uint32_t signature;
	uint64_t pointer;

	if (user_get_u64(&pointer, (const void USER *)link) < 0) {
		return -EFAULT;
	}
	if (pointer == 0) {
		return 0;
	}
	if (user_copy_in(&section, (const void USER *)pointer,
			 sizeof(section)) < 0 ||
	    !section_is_valid(&section) ||
	    user_get_u32(&signature, (const void USER *)(section.abort -
							 SIGNATURE_SIZE)) < 0 ||
	    signature != rseq->signature) {
		return -EFAULT;
	}
	if (user_put_u64((void USER *)link, 0) < 0) {
		return -EFAULT;
	}
	if (frame_pc(frame) - section.start < section.length) {
		frame_set_pc(frame, section.abort);
	}
	return 0;
}

void rseq_resume(struct trapframe *frame)
{
	struct rseq_registration *rseq = &thread_current()->linux.rseq;
	uint32_t cpu = cpu_id();

	if (rseq->area == 0) {
		return;
	}
	if (leave_section(rseq, frame) < 0 ||
	    (rseq->cpu != cpu && put_cpu(rseq, cpu, cpu) < 0)) {
		rseq->area = 0; /* or its next fault would end here again */
		signal_force(UAPI_SIGSEGV, NULL);
	}
	/* put_cpu() may have slept in a fault and moved. */
	if (rseq->area != 0 && rseq->cpu != cpu_id()) {
		thread_add_work(thread_current(), THREAD_WORK_RSEQ);
	}
}
