/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Exceptions and interrupts, called by entry.S with interrupts disabled.
 *
 * An exception of the application is a page fault to resolve or a signal; of
 * the kernel, a page fault at an application address in a user copy, or a bug.
 * Copies that must not sleep run with interrupts disabled: their faults go
 * to the fixup at once.
 */
#include <arch/trap.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <asm/trap.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#include "../cpu/vector.h"
#include "../irq/internal.h"

#define EXCEPTION_NMI	     2
#define EXCEPTION_NO_VECTORS 7
#define EXCEPTION_PAGE_FAULT 14
#define EXCEPTION_COUNT	     32
#define FAULT_PRESENT	     (1u << 0)
#define FAULT_WRITE	     (1u << 1)
#define FAULT_EXEC	     (1u << 4)

void trap_handle(struct trapframe *frame);

/* Where a faulting instruction of the kernel continues. */
struct fixup {
	uintptr_t at;
	uintptr_t to;
};
extern const struct fixup __start_extable[], __stop_extable[];
struct fixup_range {
	uintptr_t from; /* inclusive */
	uintptr_t end;	/* exclusive */
	uintptr_t to;
};
extern const struct fixup_range __start_extable_ranges[],
	__stop_extable_ranges[];

static const char *const exception_names[] = {
	"divide error",
	"debug",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range",
	"invalid opcode",
	"no coprocessor",
	"double fault",
	"coprocessor overrun",
	"invalid TSS",
	"segment not present",
	"stack segment",
	"general protection",
	"page fault",
	"reserved",
	"x87 floating point",
	"alignment check",
	"machine check",
	"SIMD floating point",
	"virtualization",
	"control protection",
};

/* What Linux sends; the code of 16 and 19 is in the vector state. */
struct trap_signal_row {
	uint8_t signal;
	int8_t code;
	bool has_address; /* of the instruction */
};

static const struct trap_signal_row trap_signals[EXCEPTION_COUNT] = {
	[0] = {UAPI_SIGFPE, UAPI_FPE_INTDIV, true},
	[1] = {UAPI_SIGTRAP, UAPI_TRAP_TRACE, true},
	[3] = {UAPI_SIGTRAP, -1, false},
	[4] = {UAPI_SIGSEGV, -1, false},
	[5] = {UAPI_SIGSEGV, -1, false},
	[6] = {UAPI_SIGILL, UAPI_ILL_ILLOPN, true},
	[10] = {UAPI_SIGSEGV, -1, false},
	[11] = {UAPI_SIGBUS, -1, false},
	[12] = {UAPI_SIGBUS, -1, false},
	[13] = {UAPI_SIGSEGV, -1, false},
	[16] = {UAPI_SIGFPE, 0, true},
	[17] = {UAPI_SIGBUS, UAPI_BUS_ADRALN, true},
	[19] = {UAPI_SIGFPE, 0, true},
};

static bool apply_fixup(struct trapframe *frame)
{
	for (const struct fixup *fixup = __start_extable;
	     fixup < __stop_extable; fixup++) {
		if (fixup->at == frame->rip) {
			frame->rip = fixup->to;
			return true;
		}
	}
	for (const struct fixup_range *range = __start_extable_ranges;
	     range < __stop_extable_ranges; range++) {
		if (frame->rip >= range->from && frame->rip < range->end) {
			frame->rip = range->to;
			return true;
		}
	}
	return false;
}

static _Noreturn void die(struct trapframe *frame)
{
	const char *name = frame->vector < ARRAY_SIZE(exception_names)
				   ? exception_names[frame->vector]
				   : "unknown exception";

	panic_frame(frame, "%s in the kernel", name);
}

static unsigned fault_flags(const struct trapframe *frame)
{
	return ((frame->error & FAULT_PRESENT) != 0 ? TRAP_FAULT_PRESENT : 0) |
	       ((frame->error & FAULT_WRITE) != 0 ? TRAP_FAULT_WRITE : 0) |
	       ((frame->error & FAULT_EXEC) != 0 ? TRAP_FAULT_EXEC : 0) |
	       (frame_is_app(frame) ? TRAP_FAULT_APP : 0);
}

/* Kept with the thread: the signal frame shows it. */
static void note_trap(const struct trapframe *frame, uintptr_t address)
{
	struct arch_thread *arch = &thread_current()->arch;

	arch->trap_number = (uint32_t)frame->vector;
	arch->trap_error = frame->error;
	arch->trap_address = address;
}

static void page_fault(struct trapframe *frame)
{
	uintptr_t address = fault_address();
	int signal = UAPI_SIGSEGV;
	int code = UAPI_SEGV_MAPERR;

	if (!frame_is_app(frame) &&
	    (address >= USER_END || (frame->rflags & RFLAGS_IF) == 0)) {
		if (address >= USER_END || !apply_fixup(frame)) {
			die(frame);
		}
		return;
	}
	cpu_irq_enable();
	if (address < USER_END &&
	    trap_page_fault(address, fault_flags(frame), &signal, &code) == 0) {
		return;
	}
	if (frame_is_app(frame)) {
		note_trap(frame, address);
		trap_signal(frame, signal, code, address, EXCEPTION_PAGE_FAULT,
			    frame->error);
	} else if (!apply_fixup(frame)) {
		die(frame);
	}
}

/* 16 and 19: the first unmasked condition of the vector state. */
static int float_code(unsigned vector)
{
	static const int codes[] = {UAPI_FPE_FLTINV, UAPI_FPE_FLTINV,
				    UAPI_FPE_FLTDIV, UAPI_FPE_FLTOVF,
				    UAPI_FPE_FLTUND, UAPI_FPE_FLTRES};
	unsigned pending = vector_float_conditions(vector == 19);

	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		if ((pending & 1u << i) != 0) {
			return codes[i];
		}
	}
	return UAPI_FPE_FLTINV;
}

static void app_exception(struct trapframe *frame)
{
	const struct trap_signal_row *row = &trap_signals[frame->vector];
	int code = row->code;

	if (row->signal == 0) {
		die(frame);
	}
	if (row->signal == UAPI_SIGFPE && code == 0) {
		code = float_code((unsigned)frame->vector);
	}
	note_trap(frame, thread_current()->arch.trap_address);
	cpu_irq_enable();
	trap_signal(frame, row->signal, code < 0 ? UAPI_SI_KERNEL : code,
		    row->has_address ? frame->rip : 0, (unsigned)frame->vector,
		    frame->error);
}

void trap_handle(struct trapframe *frame)
{
	if (frame->vector >= EXCEPTION_COUNT) {
		irq_dispatch((unsigned)frame->vector);
	} else if (frame->vector == EXCEPTION_PAGE_FAULT) {
		page_fault(frame);
	} else if (frame->vector == EXCEPTION_NO_VECTORS &&
		   frame_is_app(frame)) {
		cpu_irq_enable();
		vector_trap();
	} else if (frame_is_app(frame) && frame->vector != EXCEPTION_NMI) {
		app_exception(frame);
	} else if (!apply_fixup(frame)) {
		die(frame);
	}
}
