/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Entering a handler: the signal frame goes below the application's stack
 * pointer (and its red zone) or onto the alternate stack.
 *
 * The vector registers still hold the application's values; they are saved in
 * the thread's own area and copied from there.  Runs in the thread, interrupts
 * enabled; no locks.
 */
#include <arch/signal.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <arch/user.h>
#include <lib/align.h>
#include <lib/string.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "../cpu/vector.h"
#include "frame.h"

#define FLAGS_CLEARED 0x10500ul /* RF DF TF: as Linux enters handlers */

uint64_t arch_signal_frame_size(void)
{
	return sizeof(struct signal_frame) + FRAME_RED_ZONE + VECTOR_ALIGN +
	       vector_size() + sizeof(uint32_t) + 16;
}

static bool on_altstack(const struct thread_state_linux *own, uintptr_t sp)
{
	return (own->altstack_flags & UAPI_SS_AUTODISARM) == 0 &&
	       sp > own->altstack_base &&
	       sp - own->altstack_base <= own->altstack_size;
}

/* Where the frame's top goes; 0: the alternate stack would overflow. */
static uintptr_t stack_for(const struct trapframe *frame, unsigned long flags,
			   size_t size)
{
	const struct thread_state_linux *own = &thread_current()->linux;
	bool inside = on_altstack(own, frame->rsp);

	if ((flags & UAPI_SA_ONSTACK) != 0 && own->altstack_size != 0 &&
	    !inside) {
		return own->altstack_base + own->altstack_size;
	}
	if (inside && frame->rsp - FRAME_RED_ZONE - own->altstack_base < size) {
		return 0;
	}
	return frame->rsp - FRAME_RED_ZONE;
}

static int push_vectors(uintptr_t at)
{
	struct thread *thread = thread_current();
	size_t size = vector_size();
	bool extended = vector_features() != 0;
	struct xstate_note note = {
		.magic1 = XSTATE_MAGIC1,
		.extended_size = (uint32_t)(size + sizeof(uint32_t)),
		.features = vector_features(),
		.state_size = (uint32_t)size,
	};
	int err;

	vector_sync();
	err = user_copy_out((void *)at, thread->arch.vector_state, size);
	if (err < 0 || !extended) {
		return err;
	}
	err = user_copy_out((void *)(at + XSTATE_SW_OFFSET), &note,
			    sizeof(note));
	return err < 0 ? err : user_put_u32((void *)(at + size), XSTATE_MAGIC2);
}

static void fill_context(struct sigcontext_x86 *context,
			 const struct trapframe *f, uint64_t mask)
{
	const struct arch_thread *arch = &thread_current()->arch;

	*context = (struct sigcontext_x86){
		.r8 = f->r8,
		.r9 = f->r9,
		.r10 = f->r10,
		.r11 = f->r11,
		.r12 = f->r12,
		.r13 = f->r13,
		.r14 = f->r14,
		.r15 = f->r15,
		.rdi = f->rdi,
		.rsi = f->rsi,
		.rbp = f->rbp,
		.rbx = f->rbx,
		.rdx = f->rdx,
		.rax = f->rax,
		.rcx = f->rcx,
		.rsp = f->rsp,
		.rip = f->rip,
		.eflags = f->rflags,
		.cs = SELECTOR_APP_CODE | 3, /* what programs expect to see */
		.ss = SELECTOR_APP_DATA | 3,
		.err = arch->trap_error,
		.trapno = arch->trap_number,
		.oldmask = mask,
		.cr2 = arch->trap_address,
	};
}

static void fill_altstack(struct uapi_sigaltstack *stack, uintptr_t sp)
{
	const struct thread_state_linux *own = &thread_current()->linux;

	stack->sp = own->altstack_base;
	stack->size = own->altstack_size;
	stack->flags = own->altstack_size == 0 ? UAPI_SS_DISABLE
		       : on_altstack(own, sp)  ? UAPI_SS_ONSTACK
					       : 0;
	if ((own->altstack_flags & UAPI_SS_AUTODISARM) != 0) {
		stack->flags |= (int)UAPI_SS_AUTODISARM;
	}
}

int arch_signal_push(struct trapframe *frame,
		     const struct signal_delivery *delivery)
{
	uint64_t size = arch_signal_frame_size();
	uintptr_t top = stack_for(frame, delivery->action.flags, size);
	struct signal_frame image;
	uintptr_t vectors;
	uintptr_t at;

	if (top < size + USER_BASE || top > USER_END) {
		return -EFAULT;
	}
	vectors = ALIGN_DOWN(top - vector_size() - sizeof(uint32_t),
			     VECTOR_ALIGN);
	at = ALIGN_DOWN(vectors - sizeof(image), 16) - 8;
	memset(&image, 0, sizeof(image));
	image.restorer = delivery->action.restorer;
	image.info = delivery->info;
	image.ucontext.flags = UC_FLAG_SS | UC_FLAG_STRICT_SS |
			       (vector_features() != 0 ? UC_FLAG_XSTATE : 0);
	fill_altstack(&image.ucontext.stack, frame->rsp);
	fill_context(&image.ucontext.mcontext, frame, delivery->saved_mask);
	image.ucontext.mcontext.fpstate = vectors;
	image.ucontext.sigmask = delivery->saved_mask;
	if (push_vectors(vectors) < 0 ||
	    user_copy_out((void *)at, &image, sizeof(image)) < 0) {
		return -EFAULT;
	}
	frame->rdi = (uint64_t)delivery->info.signo;
	frame->rsi = at + offsetof(struct signal_frame, info);
	frame->rdx = at + offsetof(struct signal_frame, ucontext);
	frame->rax = 0;
	frame->rsp = at;
	frame->rip = delivery->action.handler;
	frame->rflags &= ~FLAGS_CLEARED;
	frame_end_syscall(frame);
	return 0;
}
