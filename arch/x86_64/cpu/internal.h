/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of this room share. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* descriptors.c: the interrupt table, once; then each CPU loads all tables
 * (its per-CPU area must work). */
bool descriptors_prepare(unsigned cpu); /* memory of another CPU's stacks */
void descriptors_init(void);
void descriptors_load(void);

/* percpu.c: makes gs work on the boot CPU. */
void percpu_boot_init(void);

/* features.c: control registers of the calling CPU. */
void features_init(void);

/* vector.c: size of the vector state, from CPUID; each CPU enables it. */
void vector_init(void);
void vector_cpu_init(void);

/* context.c: how the thread pointer is read and written. */
void context_arch_init(void);

/* cpu.c */
extern bool fast_strings;
