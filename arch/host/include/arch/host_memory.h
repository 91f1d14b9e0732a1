/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Physical memory and clock of the fake machine. */
#include <stdbool.h>
#include <stdint.h>

#define HOST_MEMORY_FRAMES 8192ul

/* A fresh machine: the arena is cleared, boot_info() names it in two ranges
 * with a hole between them. */
void host_memory_create(void);

extern uint64_t host_clock_ns; /* what arch_time_ns() says */
extern bool host_log_is_quiet; /* what log_*() say is dropped */
