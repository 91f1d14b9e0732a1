/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The early and last console: polled output of the first serial port.  Any
 * context, no locks: the log uses it before its driver runs and in a panic.
 */
#include <stddef.h>

void early_console_init(void);
void early_console_write(const char *text, size_t size);
