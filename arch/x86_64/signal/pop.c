/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Leaving a handler: rt_sigreturn takes everything back from the frame.
 *
 * Nothing in the frame is trusted: segments and privileged flags stay ours, the
 * vector state is checked as XRSTOR would (SDM volume 1, 13.8.1), since a
 * fault of that instruction would be the kernel's.  The new state is read
 * straight into the thread's area, which nobody else writes once its registers
 * have been dropped: there is nothing that could fail for want of memory.
 */
#include <arch/signal.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/user.h>
#include <lib/string.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "../cpu/vector.h"
#include "frame.h"

/* CF PF AF ZF SF TF DF OF AC */
#define FLAGS_APP 0x40dd5ul

struct xsave_header {
	uint64_t present;   /* XSTATE_BV */
	uint64_t compacted; /* XCOMP_BV */
	uint64_t reserved[6];
};
_Static_assert(sizeof(struct xsave_header) == XSAVE_HEADER_SIZE, "SDM 1, 13.4");

static void limit_mxcsr(uint8_t *area)
{
	uint32_t mxcsr;
	uint32_t mask = vector_mxcsr_mask();

	memcpy(&mxcsr, area + MXCSR_FIELD, sizeof(mxcsr));
	mxcsr &= mask;
	memcpy(area + MXCSR_FIELD, &mxcsr, sizeof(mxcsr));
}

/* True when the application's note promises a whole XSAVE area of ours. */
static bool is_extended(const uint8_t *area, uintptr_t at)
{
	struct xstate_note note;
	uint32_t magic2;

	memcpy(&note, area + XSTATE_SW_OFFSET, sizeof(note));
	return vector_features() != 0 && note.magic1 == XSTATE_MAGIC1 &&
	       note.state_size == vector_size() &&
	       user_get_u32(&magic2, (void *)(at + note.state_size)) == 0 &&
	       magic2 == XSTATE_MAGIC2;
}

static int check_header(uint8_t *area)
{
	struct xsave_header header;

	memcpy(&header, area + FXSAVE_SIZE, sizeof(header));
	header.present &= vector_features();
	header.compacted = 0;
	memset(header.reserved, 0, sizeof(header.reserved));
	memcpy(area + FXSAVE_SIZE, &header, sizeof(header));
	return 0;
}

/* Only the legacy part was given: x87 and SSE. */
static void legacy_header(uint8_t *area)
{
	struct xsave_header header = {.present = 3};

	if (vector_features() != 0) {
		memcpy(area + FXSAVE_SIZE, &header, sizeof(header));
	}
}

static int read_vectors(uint8_t *area, uintptr_t at)
{
	int err;

	if (at == 0) {
		return 0; /* fresh: the initial state */
	}
	err = user_copy_in(area, (void *)at, FXSAVE_SIZE);
	if (err < 0) {
		return err;
	}
	if (is_extended(area, at)) {
		err = user_copy_in(area + FXSAVE_SIZE,
				   (void *)(at + FXSAVE_SIZE),
				   vector_size() - FXSAVE_SIZE);
		if (err == 0) {
			err = check_header(area);
		}
	} else {
		legacy_header(area);
	}
	limit_mxcsr(area);
	return err;
}

static int restore_vectors(uintptr_t at)
{
	void *area = thread_current()->arch.vector_state;
	int err;

	vector_drop();
	vector_reset(area);
	err = read_vectors(area, at);
	if (err < 0) {
		vector_reset(area); /* what was read may be half a state */
	}
	vector_trap(); /* not at the next use: see vector_owner.c, 1 */
	return err;
}

static void restore_registers(struct trapframe *f,
			      const struct sigcontext_x86 *context)
{
	f->r8 = context->r8;
	f->r9 = context->r9;
	f->r10 = context->r10;
	f->r11 = context->r11;
	f->r12 = context->r12;
	f->r13 = context->r13;
	f->r14 = context->r14;
	f->r15 = context->r15;
	f->rdi = context->rdi;
	f->rsi = context->rsi;
	f->rbp = context->rbp;
	f->rbx = context->rbx;
	f->rdx = context->rdx;
	f->rax = context->rax;
	f->rcx = context->rcx;
	f->rsp = context->rsp;
	f->rip = context->rip;
	f->rflags = (f->rflags & ~FLAGS_APP) | (context->eflags & FLAGS_APP);
}

static void restore_altstack(const struct uapi_sigaltstack *stack)
{
	struct thread_state_linux *own = &thread_current()->linux;
	unsigned flags = (unsigned)stack->flags;

	if ((flags & UAPI_SS_AUTODISARM) != 0 && own->altstack_size == 0) {
		own->altstack_base = stack->sp;
		own->altstack_size = stack->size;
		own->altstack_flags = UAPI_SS_AUTODISARM;
	}
}

int arch_signal_pop(struct trapframe *frame, uint64_t *mask_out)
{
	struct ucontext_x86 context;
	uintptr_t at = frame->rsp - sizeof(uint64_t) +
		       offsetof(struct signal_frame, ucontext);

	if (user_copy_in(&context, (void *)at, sizeof(context)) < 0 ||
	    context.mcontext.rip >= USER_END ||
	    restore_vectors(context.mcontext.fpstate) < 0) {
		return -EFAULT;
	}
	restore_registers(frame, &context.mcontext);
	restore_altstack(&context.stack);
	frame_end_syscall(frame);
	*mask_out = context.sigmask;
	return 0;
}
