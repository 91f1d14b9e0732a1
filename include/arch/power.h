/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The end of the machine.  Any context; none returns.
 */

/* Reports the Linux wait status of the application and powers off. */
_Noreturn void power_off(void);

/* After a panic: ends QEMU with the distinct status, else halts for ever. */
_Noreturn void power_panic(void);

_Noreturn void power_reset(void);

/*
 * How this machine is switched off and reset, when a driver knows better than
 * the architecture (ACPI).  Both are called with interrupts disabled, after the
 * hypervisor's debug exit did not end the machine, and return if they fail.
 * NULL: unknown.  Boot CPU.
 */
void power_set_handlers(void (*off)(void), void (*reset)(void));
