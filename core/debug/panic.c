/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The end after a kernel bug.
 *
 * The first panic reports; a panic inside the report only ends the machine.
 * Takes no lock: the holder may be the one that panicked.
 */
#include <debug/panic.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <arch/console.h>
#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/power.h>
#include <arch/smp.h>
#include <debug/log.h>
#include <debug/panic_sink.h>
#include <debug/symbols.h>
#include <lib/printf.h>

#define BACKTRACE_MAX 24

static bool panicking;			     /* [a] */
static log_sink *sink = early_console_write; /* [I] after boot */

log_sink *panic_sink(void)
{
	return sink;
}

void panic_set_sink(log_sink *new_sink)
{
	sink = new_sink;
}

static void print_backtrace(const struct trapframe *frame)
{
	uintptr_t pcs[BACKTRACE_MAX];
	unsigned count = frame_backtrace(frame, pcs, BACKTRACE_MAX);

	for (unsigned i = 0; i < count; i++) {
		uintptr_t offset;
		/* A return address may lie behind its function's end. */
		bool is_call = i > 0 || frame == NULL;
		const char *name =
			symbols_lookup(pcs[i] - (is_call ? 1 : 0), &offset);

		log_error("  [%2u] %016lx %s+0x%lx", i, (unsigned long)pcs[i],
			  name != NULL ? name : "?",
			  (unsigned long)offset + (is_call ? 1 : 0));
	}
}

static _Noreturn void report(const struct trapframe *frame, const char *format,
			     va_list args)
{
	char message[256];

	cpu_irq_disable();
	if (__atomic_exchange_n(&panicking, true, __ATOMIC_ACQ_REL)) {
		power_panic();
	}
	smp_stop_others();
	log_set_sink(panic_sink());
	kvsnprintf(message, sizeof(message), format, args);
	log_error("PANIC on CPU %u: %s", cpu_id(), message);
	if (frame != NULL) {
		frame_print(frame);
	}
	print_backtrace(frame);
	power_panic();
}

_Noreturn void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(NULL, format, args);
}

_Noreturn void panic_frame(const struct trapframe *frame, const char *format,
			   ...)
{
	va_list args;

	va_start(args, format);
	report(frame, format, args);
}
