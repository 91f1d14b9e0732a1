/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * panic(): a kernel bug.  Prints the message, the registers and a symbolised
 * backtrace, stops the other CPUs and ends the VM with its distinct status.
 *
 * ASSERT() is for invariants in the debug kernel, VERIFY() for those that are
 * always checked.  Nothing that an application, disk, device or network can
 * cause may reach either.  No side effects in conditions.
 */
#include <generated/config.h>
#include <lib/compiler.h>

struct trapframe;

_Noreturn void panic(const char *format, ...) PRINTF_LIKE(1, 2);
_Noreturn void panic_frame(const struct trapframe *frame, const char *format,
			   ...) PRINTF_LIKE(2, 3);

#define VERIFY(condition)                                                      \
	do {                                                                   \
		if (unlikely(!(condition))) {                                  \
			panic("%s:%d: %s", __FILE__, __LINE__, #condition);    \
		}                                                              \
	} while (0)

#define ASSERT(condition)                                                      \
	do {                                                                   \
		if (CONFIG_DEBUG && unlikely(!(condition))) {                  \
			panic("%s:%d: %s", __FILE__, __LINE__, #condition);    \
		}                                                              \
	} while (0)
