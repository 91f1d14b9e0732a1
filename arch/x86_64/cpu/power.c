/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The end of the machine: QEMU's isa-debug-exit, then ACPI where it is known,
 * then a reset through the keyboard controller, then a triple fault (which ends
 * QEMU with -no-reboot).
 */
#include <arch/power.h>

#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/smp.h>
#include <stddef.h>

#define DEBUG_EXIT_PORT	 0xf4
#define DEBUG_EXIT_DONE	 0x10 /* QEMU ends with (value << 1) | 1 */
#define DEBUG_EXIT_PANIC 0x11
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET	 0xfe

static void (*prepare_end)(void);  /* [I] */
static void (*handle_off)(void);   /* [a] */
static void (*handle_reset)(void); /* [a] */

void power_set_prepare(void (*prepare)(void))
{
	prepare_end = prepare;
}

void power_prepare(void)
{
	if (prepare_end != NULL) {
		prepare_end();
	}
}

void power_set_handlers(void (*off)(void), void (*reset)(void))
{
	handle_off = off;
	handle_reset = reset;
}

_Noreturn void power_reset(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = {0, 0};

	cpu_irq_disable();
	if (handle_reset != NULL) {
		handle_reset();
	}
	port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	__asm__ volatile("lidt %0; int3" : : "m"(no_idt));
	for (;;) {
		__asm__ volatile("hlt");
	}
}

_Noreturn void power_off(void)
{
	cpu_irq_disable();
	/* QEMU's exit takes the devices down while other CPUs run. */
	smp_stop_others();
	port_write32(DEBUG_EXIT_PORT, DEBUG_EXIT_DONE);
	if (handle_off != NULL) {
		handle_off();
	}
	power_reset();
}

_Noreturn void power_panic(void)
{
	cpu_irq_disable();
	port_write32(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}
