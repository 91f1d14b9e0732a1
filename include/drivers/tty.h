/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Terminals: line discipline between a device and programs.
 *
 * /dev/console and /dev/ttyS0 are the terminal on the first serial port,
 * /dev/tty the controlling terminal of whoever opens it, /dev/ptmx and
 * /dev/pts/N pseudo terminals.  Without --stdio=pipe the console is what the
 * first program's standard streams are.
 */

struct file;
struct serial_port;

/*
 * Starts the terminal on a serial port and opens it three times for the first
 * program.  One reference each.  0, -ENOMEM, or the port's error.
 */
int tty_open_console(struct serial_port *port, struct file *files_out[3]);

/*
 * The current process, leader of a new session, takes the console as its
 * controlling terminal and becomes its foreground.  No effect when the console
 * is not in use as a terminal or belongs to a session already.
 */
void tty_claim_console(void);

/* The window of the console changed: programs get SIGWINCH.  Any context. */
void tty_set_console_window(unsigned rows, unsigned columns);
