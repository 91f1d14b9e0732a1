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

/* From pvh.S and linux64.S, on the boot stack. */
_Noreturn void boot_main(uint64_t start_info);
_Noreturn void boot_main_linux(uint64_t boot_params);
