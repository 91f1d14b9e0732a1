/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Boot phases with their times, printed by --bootchart.  Boot CPU.  Calls that
 * do nothing without CONFIG_BOOTCHART.
 */
#include <generated/config.h>

#if CONFIG_BOOTCHART

/* Marks the end of a phase; at most BOOTCHART_MAX (32), later ones are lost. */
void bootchart_mark(const char *phase);

/* Prints "\t<name>: X.XXms, (+Y.YYms)" lines. */
void bootchart_print(void);

#else

static inline void bootchart_mark(const char *phase)
{
	(void)phase;
}

static inline void bootchart_print(void)
{
}

#endif
