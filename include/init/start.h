/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Upcall: linux/start.c mounts the filesystems, opens the standard streams and
 * runs the programs of the command line.  Runs in its own kernel thread after
 * the INIT_FILESYSTEM level; powers off at the end.
 */
void start_programs(void);
