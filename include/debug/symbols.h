/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Names of kernel addresses, for backtraces and profiles.  The table is made
 * by scripts/gen_symbols.py and linked into the kernel with
 * CONFIG_KERNEL_SYMBOLS.  Any context, no locks.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * The function that the address lies in and the distance to its start.  NULL
 * (and offset 0) when it is in none, or in a kernel without the table.  The
 * name stays valid for ever.
 */
const char *symbols_lookup(uintptr_t address, uintptr_t *offset_out);
