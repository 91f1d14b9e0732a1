/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * 16550A UART (National Semiconductor PC16550D data sheet).
 *
 * Invariants, true when the lock is free:
 *  (1) tx_head - tx_tail <= SERIAL_RING_SIZE.
 *  (2) the ring is empty or the transmit interrupt is enabled (or the port is
 *      not started yet and everything is polled).
 *
 * Lock: port->lock, irq safe, innermost but for the wait queue's.
 */
#include <drivers/serial.h>

#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/irq.h>
#include <lib/compiler.h>
#include <sched/thread.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <uapi/errno.h>

#define UART_DATA 0 /* transmit and receive */
#define UART_IER  1 /* interrupt enable */
#define UART_FCR  2 /* FIFO control (write) */
#define UART_LCR  3 /* line control */
#define UART_MCR  4 /* modem control */
#define UART_LSR  5 /* line status */

#define IER_RECEIVE  0x01
#define IER_TRANSMIT 0x02
#define FCR_ENABLE   0x01
#define FCR_CLEAR    0x06
#define FCR_TRIGGER  0x80 /* at 8 bytes */
#define LCR_8N1	     0x03
#define MCR_DTR_RTS  0x03
#define MCR_OUT2     0x08 /* gates the interrupt line */
#define LSR_READY    0x01
#define LSR_EMPTY    0x20 /* transmit FIFO */
#define LSR_ABSENT   0xff

#define FIFO_SIZE	16
#define POLL_SPIN_LIMIT 1000000	 /* reads of LSR before a byte is given up */
#define LOCK_SPIN_LIMIT 50000000 /* longer than a full ring takes to drain */

struct serial_port {
	struct spinlock lock;
	uint16_t base;		   /* [I] */
	uint8_t isa_line;	   /* [I] */
	bool present;		   /* [I] after serial_port() */
	bool started;		   /* [lock] */
	bool lock_lost;		   /* [a] its holder was stopped for good */
	uint8_t ier;		   /* [lock] shadow of the register */
	uint32_t tx_head;	   /* [lock] bytes ever queued */
	uint32_t tx_tail;	   /* [lock] bytes ever sent */
	serial_receiver *receiver; /* [I] after start */
	void *receiver_arg;	   /* [I] */
	int held;		   /* [lock] a byte without room, -1: none */
	struct wait_queue tx_wait;
	uint8_t ring[SERIAL_RING_SIZE]; /* [lock] */
};

static const struct {
	uint16_t base;
	uint8_t isa_line;
} places[] = {{0x3f8, 4}, {0x2f8, 3}};

/* Filled by serial_port(): their rings are too large to be initialised data. */
static struct serial_port ports[ARRAY_SIZE(places)];

static uint8_t reg_read(const struct serial_port *port, unsigned reg)
{
	return port_read8((uint16_t)(port->base + reg));
}

static void reg_write(const struct serial_port *port, unsigned reg,
		      uint8_t value)
{
	port_write8((uint16_t)(port->base + reg), value);
}

struct serial_port *serial_port(unsigned number)
{
	struct serial_port *port;

	if (number >= ARRAY_SIZE(ports)) {
		return NULL;
	}
	port = &ports[number];
	if (port->base == 0) {
		spinlock_init(&port->lock, "serial");
		wait_queue_init(&port->tx_wait);
		port->held = -1;
		port->isa_line = places[number].isa_line;
		port->base = places[number].base;
	}
	if (!port->present && reg_read(port, UART_LSR) != LSR_ABSENT) {
		port->present = true;
	}
	return port->present ? port : NULL;
}

static void set_ier(struct serial_port *port, uint8_t ier)
{
	if (port->started && ier != port->ier) {
		port->ier = ier;
		reg_write(port, UART_IER, ier);
	}
}

/* Fills the FIFO from the ring as long as it empties at once.  Locked. */
static void pump(struct serial_port *port)
{
	while (port->tx_tail != port->tx_head &&
	       (reg_read(port, UART_LSR) & LSR_EMPTY) != 0) {
		for (unsigned i = 0;
		     i < FIFO_SIZE && port->tx_tail != port->tx_head; i++) {
			uint32_t at = port->tx_tail++ % SERIAL_RING_SIZE;

			reg_write(port, UART_DATA, port->ring[at]);
		}
	}
	set_ier(port, port->tx_tail != port->tx_head
			      ? port->ier | IER_TRANSMIT
			      : port->ier & (uint8_t)~IER_TRANSMIT); /* (2) */
}

/* Hands received bytes on until the receiver is full.  Locked. */
static void drain_receiver(struct serial_port *port)
{
	for (;;) {
		uint8_t byte;

		if (port->held >= 0) {
			byte = (uint8_t)port->held;
		} else if ((reg_read(port, UART_LSR) & LSR_READY) != 0) {
			byte = reg_read(port, UART_DATA);
		} else {
			break;
		}
		if (!port->receiver(port->receiver_arg, byte)) {
			port->held = byte;
			set_ier(port, port->ier & (uint8_t)~IER_RECEIVE);
			return;
		}
		port->held = -1;
	}
	set_ier(port, port->ier | IER_RECEIVE);
}

static void serial_interrupt(void *arg)
{
	struct serial_port *port = arg;
	uint32_t sent;

	spin_lock(&port->lock);
	drain_receiver(port);
	sent = port->tx_tail;
	pump(port);
	sent = port->tx_tail - sent;
	spin_unlock(&port->lock);
	if (sent != 0) {
		wait_queue_wake_all(&port->tx_wait);
	}
}

int serial_start(struct serial_port *port, serial_receiver *receiver, void *arg)
{
	unsigned long state;
	int err;

	port->receiver = receiver;
	port->receiver_arg = arg;
	reg_write(port, UART_LCR, LCR_8N1);
	reg_write(port, UART_FCR, FCR_ENABLE | FCR_CLEAR | FCR_TRIGGER);
	reg_write(port, UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	err = irq_request(irq_of_isa(port->isa_line), false, serial_interrupt,
			  port);
	if (err < 0) {
		return err;
	}
	state = spin_lock_irqsave(&port->lock);
	port->started = true;
	drain_receiver(port);
	pump(port);
	spin_unlock_irqrestore(&port->lock, state);
	return 0;
}

void serial_resume(struct serial_port *port)
{
	unsigned long state = spin_lock_irqsave(&port->lock);

	if (port->started) {
		drain_receiver(port);
	}
	spin_unlock_irqrestore(&port->lock, state);
}

static uint32_t room(const struct serial_port *port)
{
	return SERIAL_RING_SIZE - (port->tx_head - port->tx_tail);
}

/* Caller made sure that there is room.  Locked. */
static void enqueue(struct serial_port *port, const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		port->ring[port->tx_head++ % SERIAL_RING_SIZE] = text[i];
	}
}

bool serial_try_write(struct serial_port *port, const void *text, size_t size)
{
	unsigned long state = spin_lock_irqsave(&port->lock);
	bool fits = size <= room(port);

	if (fits) {
		enqueue(port, text, size);
		pump(port);
	}
	spin_unlock_irqrestore(&port->lock, state);
	return fits;
}

int serial_write(struct serial_port *port, const void *text, size_t size)
{
	struct waiter waiter;
	int err = 0;

	if (likely(serial_try_write(port, text, size))) {
		return 0;
	}
	/* Woken by serial_interrupt(); the ring is tested again after the
	 * waiter is queued, so a drain in between is seen. */
	waiter_init(&waiter, WAIT_INTERRUPTIBLE);
	wait_queue_add(&port->tx_wait, &waiter);
	for (;;) {
		thread_prepare_sleep(true);
		if (serial_try_write(port, text, size)) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(WAIT_FOREVER);
		if (err < 0) {
			break;
		}
	}
	wait_queue_remove(&port->tx_wait, &waiter);
	return err;
}

static void send_polled(struct serial_port *port, uint8_t byte)
{
	for (unsigned spins = 0; spins < POLL_SPIN_LIMIT; spins++) {
		if ((reg_read(port, UART_LSR) & LSR_EMPTY) != 0) {
			reg_write(port, UART_DATA, byte);
			return;
		}
		cpu_relax();
	}
}

/*
 * The lock, or false when its holder does not go on: a CPU that a panic has
 * stopped.  Writing without it is for then only: it mixes up what both write,
 * and the frames of the control channel must not be.
 */
static bool lock_or_give_up(struct serial_port *port)
{
	for (unsigned spins = 0; spins < LOCK_SPIN_LIMIT; spins++) {
		if (spin_trylock(&port->lock)) {
			return true;
		}
		if (READ_ONCE(port->lock_lost)) {
			return false;
		}
		cpu_relax();
	}
	WRITE_ONCE(port->lock_lost, true);
	return false;
}

void serial_write_polled(struct serial_port *port, const void *text,
			 size_t size)
{
	const uint8_t *bytes = text;
	unsigned long state = cpu_irq_save();
	bool locked = lock_or_give_up(port);

	while (port->tx_tail != port->tx_head) {
		send_polled(port,
			    port->ring[port->tx_tail++ % SERIAL_RING_SIZE]);
	}
	for (size_t i = 0; i < size; i++) {
		send_polled(port, bytes[i]);
	}
	if (locked) {
		spin_unlock(&port->lock);
	}
	cpu_irq_restore(state);
}

struct wait_queue *serial_write_queue(struct serial_port *port)
{
	return &port->tx_wait;
}

bool serial_can_write(const struct serial_port *port)
{
	return room(port) >= FIFO_SIZE;
}

size_t serial_room(const struct serial_port *port)
{
	return room(port);
}
