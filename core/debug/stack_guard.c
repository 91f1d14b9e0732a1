/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Called by compiled code that finds its stack guard overwritten.
 */
#include <debug/panic.h>

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
	panic("stack guard overwritten before the return to %p",
	      __builtin_return_address(0));
}
