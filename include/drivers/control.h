/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The control channel to the launcher, on the second serial port.
 *
 *	frame = type (u8), length (u16, little endian, <= 4096), payload
 *
 * guest to host: 'R' ready (u8 version), 'L' log text, 'N' the same for the
 * user (since version 3), 'E' standard error, 'C' credit (u32 bytes of standard
 * input consumed), 'X' end (u32 wait status), 'P' panic text.
 * host to guest: 'I' standard input (at most CONTROL_WINDOW bytes beyond the
 * credit), 'Z' its end, 'S' signal (u8), 'W' window size (u16 rows, columns).
 *
 * Sessions: further programs, started while the machine runs (since version 2,
 * 'm' since 3; linux/session.h).  Lower-case types; the first byte of each
 * payload is the session's number, chosen by the host, below
 * CONTROL_SESSION_MAX:
 *
 * host to guest: 'n' new (u8 flags, u16 rows, columns, u16 number of arguments,
 * of variables, then strings with their zeros: folder, arguments, variables);
 * one at a time, until 'c' or 'f' came.  'm' more of it (u8 flags, bytes): the
 * piece before had CONTROL_NEW_MORE and 'a' came; CONTROL_REQUEST_MAX bytes in
 * all.  'i' input, within the credit; 'z' its end; 's' signal (u8); 'w' window
 * (u16 rows, columns); 'c' credit (u32 bytes of output consumed); 'q' nobody
 * listens any more.
 * guest to host: 'a' the piece was taken; 'c' credit (u32; the first says that
 * the program was started), 'o' output (u8 1 or 2, bytes; at most
 * CONTROL_OUTPUT_WINDOW beyond the credit), 'x' end (u32 wait status), 'f' not
 * started (u32 errno).  After 'x' and 'f' the number is free.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define CONTROL_FRAME_MAX 4096
#define CONTROL_HEADER	  3
#define CONTROL_WINDOW	  65536
#define CONTROL_VERSION	  3

#define CONTROL_SESSION_MAX   8
#define CONTROL_INPUT_WINDOW  8192
#define CONTROL_OUTPUT_WINDOW 32768
#define CONTROL_OUTPUT_MAX    1024 /* bytes of output in a frame */
#define CONTROL_NEW_TERMINAL  (1u << 0)
#define CONTROL_NEW_MORE      (1u << 1) /* a piece follows */
#define CONTROL_REQUEST_MAX   (128u << 10)

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

/*
 * Sends a frame: a small head (the numbers, at most 8 bytes) and a body of at
 * most CONTROL_OUTPUT_MAX bytes.  Waits for room; threads only.
 */
void control_send(char type, const void *head, size_t head_size,
		  const void *body, size_t size);

/* Reports the wait status of the application; polled, before power_off(). */
void control_report_exit(uint32_t wait_status);

/* What the host's 'S' and 'W' frames do: set by the room that knows the
 * programs.  Called in interrupt context. */
void control_set_handlers(void (*signal)(int signal),
			  void (*window)(unsigned rows, unsigned columns));

/* Gets the whole frames of lower-case type, at most CONTROL_FRAME_MAX bytes.
 * Called in interrupt context, with the port locked: must not send. */
void control_set_session_handler(void (*handler)(char type,
						 const uint8_t *payload,
						 size_t length));
