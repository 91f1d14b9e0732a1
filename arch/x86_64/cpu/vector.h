/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Areas for the vector registers: see vector.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t vector_size(void);
uint64_t vector_features(void); /* XCR0, 0: FXSAVE */
void *vector_create(void);	/* initial state; NULL: no memory */
void vector_destroy(void *area);
void vector_save(void *area);
void vector_load(const void *area);
uint32_t vector_mxcsr_mask(void); /* bits that MXCSR has */
unsigned vector_float_conditions(bool simd);
