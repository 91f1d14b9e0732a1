/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The end of the machine.  Any context; none returns.
 */

/* Powers off. */
_Noreturn void power_off(void);

/* After a panic: ends QEMU with the distinct status, else halts for ever. */
_Noreturn void power_panic(void);

_Noreturn void power_reset(void);

/*
 * Thread context, before one of the two above: lets the driver that knows how
 * this machine ends read what it needs for it.  Several times does no harm;
 * not at all means that the architecture's own ways have to do.
 */
void power_prepare(void);

/* The driver's function for power_prepare(); it calls power_set_handlers().
 * Boot CPU. */
void power_set_prepare(void (*prepare)(void));

/*
 * How this machine is switched off and reset, when a driver knows better than
 * the architecture (ACPI).  Both are called with interrupts disabled, after the
 * hypervisor's debug exit did not end the machine, and return if they fail.
 * NULL: unknown.
 */
void power_set_handlers(void (*off)(void), void (*reset)(void));
