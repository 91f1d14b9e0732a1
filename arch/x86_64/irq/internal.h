/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What apic.c, ioapic.c and vectors.c share with the rest of arch/x86_64. */
#include <stdbool.h>
#include <stdint.h>

/*
 * Vectors: 32 .. 0xef for devices, then what the kernel sends itself.  A
 * higher number has precedence (SDM 3, 11.8.3).
 */
#define VECTOR_DEVICE_FIRST 32
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_RESCHEDULE   0xf0
#define VECTOR_CALL	    0xf1
#define VECTOR_TIMER	    0xf2
#define VECTOR_STOP	    0xf3
#define VECTOR_SPURIOUS	    0xff

/* apic.c: before vectors.c, for the clock.  The local APIC of the calling CPU.
 */
int apic_init(void);	  /* boot CPU: finds and maps it, then: */
void apic_cpu_init(void); /* each CPU */
uint32_t apic_id(void);
void apic_eoi(void);
void apic_send(uint32_t apic, unsigned vector);
void apic_send_all_others(unsigned vector);
void apic_start_others(uint8_t page); /* INIT, then STARTUP at page * 4096 */
void apic_timer_set(uint32_t count);  /* one shot; 0 stops */
void apic_timer_mode_deadline(void);
uint32_t apic_timer_count(void);

/* ioapic.c: -EINVAL when there is no such line. */
int ioapic_init(void);
int ioapic_route(unsigned line, bool level, bool active_low, unsigned vector,
		 uint32_t apic);
int ioapic_mask(unsigned line);

/* vectors.c */
void irq_init(void);
void irq_dispatch(unsigned vector);
