/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Device interrupts.
 *
 * Handlers run with interrupts disabled on the CPU that got the interrupt;
 * they do not sleep, and use at most irq-saving spinlocks and wake-ups.
 */
#include <stdbool.h>
#include <stdint.h>

typedef void irq_handler(void *arg);

/*
 * Routes a wired interrupt line (ACPI global system interrupt) to a handler
 * and unmasks it.  `level` for level-triggered lines (PCI INTx, virtio-mmio
 * on some platforms), else edge.  Several handlers may share a level line.
 * Returns 0, -EINVAL (no such line), -EBUSY (edge line taken), -ENOMEM.
 */
int irq_request(unsigned line, bool level, irq_handler *handler, void *arg);
void irq_release(unsigned line, irq_handler *handler, void *arg);

/* ISA line 0..15 to global system interrupt (ACPI overrides). */
unsigned irq_of_isa(unsigned isa_line);

/* What a device writes to raise a message-signalled interrupt. */
struct irq_message {
	uint64_t address;
	uint32_t data;
};

/*
 * Allocates a vector for an MSI or MSI-X entry on the given CPU, on the boot
 * CPU as long as that one has not started.  Returns the vector number (for
 * irq_message_release()) or -ENOSPC.
 */
int irq_message_request(unsigned cpu, irq_handler *handler, void *arg,
			struct irq_message *message_out);
void irq_message_release(int vector);

/* Interrupts taken so far by a CPU, for /proc/stat. */
uint64_t irq_count(unsigned cpu);
