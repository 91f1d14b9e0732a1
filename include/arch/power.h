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
