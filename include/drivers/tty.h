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

#include <stdbool.h>
#include <stdint.h>

struct file;
struct process;
struct serial_port;

/*
 * Starts the terminal on a serial port and opens it three times for the first
 * program.  One reference each.  0, -ENOMEM, or the port's error.
 */
int tty_open_console(struct serial_port *port, struct file *files_out[3]);

/* The window of the console changed: programs get SIGWINCH.  Any context. */
void tty_set_console_window(unsigned rows, unsigned columns);

/*
 * A new pseudo terminal with this window; one reference each.  The slave has
 * no session: tty_claim().  The last put of the master hangs it up.  0,
 * -ENOSPC, -ENOMEM, -ENFILE.
 */
int tty_create_pair(unsigned rows, unsigned columns, struct file **master_out,
		    struct file **slave_out);

/*
 * The current process, leader of a new session, takes the terminal behind the
 * file as its controlling terminal and becomes its foreground.  No effect when
 * it is no terminal or belongs to a session already.
 */
void tty_claim(struct file *file);

/* The controlling terminal of a process, for /proc: false when it has none.
 * Sleeps. */
bool tty_describe(const struct process *process, uint64_t *device_out,
		  int *group_out);

/* The window of the pair changed: the slave's programs get SIGWINCH. */
void tty_set_pair_window(struct file *master, unsigned rows, unsigned columns);
