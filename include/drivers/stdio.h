/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Standard input, output and error of the first program.
 */

struct file;

/*
 * Opens the three streams as --stdio= and --control= say: the terminal, or
 * pipe-like streams to the launcher.  One reference each.  0 or -ENOMEM,
 * -ENODEV (no serial port).
 */
int stdio_open(struct file *files_out[3]);

/* Everything written has left the machine.  Before power_off(). */
void stdio_flush(void);
