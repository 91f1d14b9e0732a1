/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The control channel to the launcher, on the second serial port.
 *
 *	frame = type (u8), length (u16, little endian, <= 4096), payload
 *
 * guest to host: 'R' ready (u8 version), 'L' log text, 'E' standard error,
 * 'C' credit (u32 bytes of standard input consumed), 'X' end (u32 wait status),
 * 'P' panic text.
 * host to guest: 'I' standard input (at most CONTROL_WINDOW bytes beyond the
 * credit), 'Z' its end, 'S' signal (u8), 'W' window size (u16 rows, columns).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define CONTROL_FRAME_MAX 4096
#define CONTROL_HEADER	  3
#define CONTROL_WINDOW	  65536
#define CONTROL_VERSION	  1

struct wait_queue;

/* Opens the channel and takes over the log.  0, -ENODEV, -ENOMEM. */
int control_start(void);
bool control_is_open(void);

/* Sends standard error; splits into frames.  Returns bytes sent, or -EINTR
 * when a signal came before the first. */
ssize_t control_write_error(const void *text, size_t size);

/*
 * Takes standard input that has arrived: bytes copied to buffer (kernel), 0
 * at its end, -EAGAIN when there is none yet.  control_input_queue() is woken
 * when that changes.
 */
ssize_t control_read_input(void *buffer, size_t size);
size_t control_input_available(bool *end_out);
struct wait_queue *control_input_queue(void);

/* Reports the wait status of the application; polled, before power_off(). */
void control_report_exit(uint32_t wait_status);

/* What the host's 'S' and 'W' frames do: set by the room that knows the
 * programs.  Called in interrupt context. */
void control_set_handlers(void (*signal)(int signal),
			  void (*window)(unsigned rows, unsigned columns));
