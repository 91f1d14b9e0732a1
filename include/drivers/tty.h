/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Terminals: line discipline between a device and programs.
 */

struct file;
struct serial_port;

/*
 * Starts the terminal on a serial port and opens it three times for the first
 * program.  One reference each.  0, -ENOMEM, or the port's error.
 */
int tty_open_console(struct serial_port *port, struct file *files_out[3]);
