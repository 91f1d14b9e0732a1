/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Areas for the vector registers: see vector.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

size_t vector_size(void);
uint64_t vector_features(void); /* XCR0, 0: FXSAVE */
void *vector_create(void);	/* initial state; NULL: no memory */
void vector_reset(void *area);	/* to the initial state */
void vector_destroy(void *area);
void vector_save(void *area);
void vector_load(const void *area);

/* vector_owner.c: see there.  Of the current thread, in thread context, unless
 * it says otherwise. */
/* in_syscall: what next does since it left its program.  irqs off */
void vector_switch(struct thread *prev, struct thread *next, bool in_syscall);
void vector_trap(void);		  /* first use: interrupts on */
void vector_sync(void);		  /* the memory area has the current values */
void *vector_replace(void *area); /* another area counts; returns the old one */
void vector_drop(void); /* its registers are not wanted: the area counts */

uint32_t vector_mxcsr_mask(void); /* bits that MXCSR has */
unsigned vector_float_conditions(bool simd);
