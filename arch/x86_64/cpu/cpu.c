/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Which CPU this is.  Only the boot CPU is started so far.
 */
#include <arch/cpu.h>

unsigned cpu_count(void)
{
	return 1;
}

unsigned cpu_id(void)
{
	return 0;
}
