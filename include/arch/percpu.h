/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Per-CPU variables.
 *
 * PERCPU_DEFINE() places the boot CPU's copy into the section .percpu; each
 * further CPU gets a copy of that section when it is brought up.  percpu() is
 * this CPU's lvalue: it stays valid only while the caller cannot be moved,
 * that is between two points where kernel code may block.  percpu_of() is
 * another CPU's: what it names must be atomic or have its own lock.
 *
 * <asm/percpu.h> gives  uintptr_t percpu_offset(void)  (this CPU's copy minus
 * the master copy) and  uintptr_t percpu_offset_of(unsigned cpu).
 */
#include <stdint.h>

#include <asm/percpu.h>

#define PERCPU_DEFINE(type, name)                                              \
	__attribute__((section(".percpu"), used)) __typeof__(type) name
#define PERCPU_DECLARE(type, name) extern __typeof__(type) name

#define percpu(name)                                                           \
	(*(__typeof__(name) *)((uintptr_t) & (name) + percpu_offset()))
#define percpu_of(name, cpu)                                                   \
	(*(__typeof__(name) *)((uintptr_t) & (name) + percpu_offset_of(cpu)))
