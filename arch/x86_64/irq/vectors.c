/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Device vectors and who handles them.
 *
 * A vector has a list of handlers: one for messages and edge lines, several
 * for a shared level line.  Lists are read by interrupts without a lock and
 * changed under `lock`; records are freed after a grace period.  The number of
 * vectors bounds the table, the number of devices the lists.
 */
#include <arch/irq.h>

#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <arch/trap.h>
#include <asm/firmware.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <mm/fail_alloc.h>
#include <mm/slab.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

#include "../smp/internal.h"
#include "internal.h"

#define MESSAGE_ADDRESS 0xfee00000u
#define NO_LINE		UINT32_MAX
#define VECTOR_COUNT	256

struct action {
	struct action *next;  /* [lock]; read by interrupts */
	irq_handler *handler; /* [I] */
	void *arg;	      /* [I] */
	struct rcu_head rcu;
};

struct vector {
	struct action *actions; /* [lock]; read by interrupts */
	uint32_t line;		/* [lock] NO_LINE: a message */
	bool level;		/* [lock] */
	bool used;		/* [lock] */
};

static struct vector vectors[VECTOR_COUNT];
static struct spinlock lock = SPINLOCK_INIT("irq");
static PERCPU_DEFINE(uint64_t, interrupt_count); /* [c] */

/* lock held; 0: none left.  From the middle so that classes of precedence
 * differ little. */
static unsigned find_free(void)
{
	for (unsigned i = VECTOR_DEVICE_FIRST; i <= VECTOR_DEVICE_LAST; i++) {
		if (!vectors[i].used) {
			return i;
		}
	}
	return 0;
}

static unsigned find_line(unsigned line)
{
	for (unsigned i = VECTOR_DEVICE_FIRST; i <= VECTOR_DEVICE_LAST; i++) {
		if (vectors[i].used && vectors[i].line == line) {
			return i;
		}
	}
	return 0;
}

static void add_action(struct vector *vector, struct action *action)
{
	action->next = vector->actions;
	__atomic_store_n(&vector->actions, action, __ATOMIC_RELEASE);
}

static struct action *new_action(irq_handler *handler, void *arg)
{
	struct action *action = kmalloc(sizeof(*action));

	if (action != NULL) {
		*action = (struct action){.handler = handler, .arg = arg};
	}
	return action;
}

static int claim_line(unsigned line, bool level, bool active_low,
		      struct action *action)
{
	unsigned number = find_line(line);
	struct vector *vector;

	if (number != 0) {
		vector = &vectors[number];
		if (!level || !vector->level) {
			return -EBUSY;
		}
		add_action(vector, action);
		return 0;
	}
	number = find_free();
	if (number == 0) {
		return -ENOSPC;
	}
	vector = &vectors[number];
	*vector = (struct vector){.line = line, .level = level, .used = true};
	add_action(vector, action);
	if (ioapic_route(line, level, active_low, number,
			 percpu_of(cpu_local, 0).apic_id) < 0) {
		vector->used = false;
		vector->actions = NULL;
		return -EINVAL;
	}
	return 0;
}

int irq_request(unsigned line, bool level, irq_handler *handler, void *arg)
{
	struct action *action = new_action(handler, arg);
	unsigned long irq;
	int err;

	if (action == NULL) {
		return -ENOMEM;
	}
	irq = spin_lock_irqsave(&lock);
	err = claim_line(line, level, level && firmware_line_is_low(line),
			 action);
	spin_unlock_irqrestore(&lock, irq);
	if (err < 0) {
		kfree(action);
	}
	return err;
}

static void free_action(struct rcu_head *head)
{
	kfree(container_of(head, struct action, rcu));
}

static void remove_action(struct vector *vector, irq_handler *handler,
			  const void *arg)
{
	struct action **link = &vector->actions;

	for (; *link != NULL; link = &(*link)->next) {
		struct action *action = *link;

		if (action->handler == handler && action->arg == arg) {
			__atomic_store_n(link, action->next, __ATOMIC_RELEASE);
			rcu_call(&action->rcu, free_action);
			return;
		}
	}
}

void irq_release(unsigned line, irq_handler *handler, void *arg)
{
	unsigned long irq = spin_lock_irqsave(&lock);
	unsigned number = find_line(line);

	if (number != 0) {
		remove_action(&vectors[number], handler, arg);
		if (vectors[number].actions == NULL) {
			ioapic_mask(line);
			vectors[number].used = false;
		}
	}
	spin_unlock_irqrestore(&lock, irq);
}

unsigned irq_of_isa(unsigned isa_line)
{
	return isa_line < FIRMWARE_ISA_COUNT
		       ? firmware_cpus()->isa_lines[isa_line]
		       : isa_line;
}

/* A CPU that has not started yet has no APIC id for us, and would lose what is
 * sent to it. */
static uint32_t message_target(unsigned cpu)
{
	return percpu_of(cpu_local, cpumask_has(smp_online(), cpu) ? cpu : 0)
		.apic_id;
}

int irq_message_request(unsigned cpu, irq_handler *handler, void *arg,
			struct irq_message *message_out)
{
	struct action *action = new_action(handler, arg);
	unsigned long irq;
	unsigned number;

	if (action == NULL) {
		return -ENOSPC;
	}
	irq = spin_lock_irqsave(&lock);
	number = find_free();
	if (number != 0) {
		vectors[number] =
			(struct vector){.line = NO_LINE, .used = true};
		add_action(&vectors[number], action);
	}
	spin_unlock_irqrestore(&lock, irq);
	if (number == 0) {
		kfree(action);
		return -ENOSPC;
	}
	message_out->address =
		MESSAGE_ADDRESS | (uint64_t)(message_target(cpu) & 0xff) << 12;
	message_out->data = number;
	return (int)number;
}

void irq_message_release(int vector)
{
	unsigned long irq = spin_lock_irqsave(&lock);
	struct action *action = vectors[vector].actions;

	remove_action(&vectors[vector], action->handler, action->arg);
	vectors[vector].used = false;
	spin_unlock_irqrestore(&lock, irq);
}

uint64_t irq_count(unsigned cpu)
{
	return __atomic_load_n(&percpu_of(interrupt_count, cpu),
			       __ATOMIC_RELAXED);
}

static void run_actions(unsigned number)
{
	const struct action *action =
		__atomic_load_n(&vectors[number].actions, __ATOMIC_ACQUIRE);

	rcu_read_lock();
	while (action != NULL) {
		action->handler(action->arg);
		action = __atomic_load_n(&action->next, __ATOMIC_ACQUIRE);
	}
	rcu_read_unlock();
}

static void dispatch(unsigned vector)
{
	switch (vector) {
	case VECTOR_SPURIOUS:
		return; /* has no end-of-interrupt: SDM 3, 11.9 */
	case VECTOR_RESCHEDULE:
		apic_eoi();
		sched_ipi();
		return;
	case VECTOR_CALL:
		apic_eoi();
		smp_run_calls();
		return;
	case VECTOR_TIMER:
		apic_eoi();
		timer_interrupt();
		return;
	case VECTOR_STOP:
		smp_stop_self();
	default:
		run_actions(vector);
		apic_eoi();
		return;
	}
}

void irq_dispatch(unsigned vector)
{
	bool armed = fail_alloc_suspend();

	percpu(interrupt_count)++;
	dispatch(vector);
	fail_alloc_resume(armed);
}

/* The two 8259 of a PC must not raise vectors of exceptions: all masked. */
static void mask_legacy_controllers(void)
{
	port_write8(0x21, 0xff);
	port_write8(0xa1, 0xff);
}

void irq_init(void)
{
	mask_legacy_controllers();
	if (ioapic_init() < 0) {
		panic("no memory for the interrupt controllers");
	}
}
