/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * 16550 serial ports as byte pipes.
 *
 * Output goes through a bounded ring that is pumped into the FIFO at once as
 * far as the device takes it, and by interrupts for the rest.  Input is
 * handed to the receiver in interrupt context, byte by byte; a receiver
 * without room stops the port until serial_resume().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct serial_port;

#define SERIAL_RING_SIZE 8192 /* output; a power of two */

/* Takes one byte, or returns false: no room, keep it. */
typedef bool serial_receiver(void *arg, uint8_t byte);

/* The port with this number (0: COM1); NULL: no such device. */
struct serial_port *serial_port(unsigned number);

/* Starts interrupts; bytes go to the receiver.  0 or the error of the
 * interrupt allocation. */
int serial_start(struct serial_port *port, serial_receiver *receiver,
		 void *arg);

/* The receiver has room again.  Any context. */
void serial_resume(struct serial_port *port);

/*
 * Queues all of the text or, when the ring has no room for it, nothing (false);
 * size <= SERIAL_RING_SIZE.  Any context.
 */
bool serial_try_write(struct serial_port *port, const void *text, size_t size);

/* Waits for room as needed.  Returns 0 or -EINTR (nothing was written). */
int serial_write(struct serial_port *port, const void *text, size_t size);

/* Polls everything out, ring first.  Any context, also after a panic: takes
 * the lock only if it is free. */
void serial_write_polled(struct serial_port *port, const void *text,
			 size_t size);

/* Events for poll(): room in the ring. */
struct wait_queue *serial_write_queue(struct serial_port *port);
bool serial_can_write(const struct serial_port *port);
/* Bytes that the ring takes now: a hint without the lock. */
size_t serial_room(const struct serial_port *port);
