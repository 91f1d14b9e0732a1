/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Physical memory of the fake machine: an arena of the C library. */
#define HOST_MEMORY_FRAMES 8192ul

/* A fresh machine: the arena is cleared, boot_info() names it in two ranges
 * with a hole between them. */
void host_memory_create(void);
