/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of the early boot share. */
#include <lib/types.h>

/*
 * Takes one frame of the first GiB for good, zeroed, before the allocator
 * exists.  Panics when there is none: the machine is too small to boot.
 */
paddr_t boot_take_frame(void);

/* Final page tables: rights per segment, direct map of all RAM. */
void boot_map_memory(void);

_Noreturn void boot_main(uint64_t start_info);
