/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Helpers of the tests on address spaces: the fake machine has page tables but
 * no MMU, so a "touch" is a fault and a look at the leaf. */
#include <stdbool.h>
#include <stdint.h>

#include <mm/address_space.h>
#include <mm/frame.h>

#include "../internal.h"

/* An empty space with mmap_top set. */
struct address_space *space_fresh(void);

/* Destroys it; reports a failure unless all frames came back. */
void space_finish(struct address_space *space, uint64_t free_before);

uint64_t free_frames(void);

/* 0 or the error of the fault; -EFAULT without a mapping. */
int touch(struct address_space *space, uintptr_t addr, unsigned flags);

/* The leaf at addr and its level. */
pte_t leaf(struct address_space *space, uintptr_t addr, unsigned *level_out);
unsigned leaf_prot(struct address_space *space, uintptr_t addr);

/* Number of VMAs, after checking order, gaps and tree rules. */
unsigned check_tree(struct address_space *space);

void put_byte(struct address_space *space, uintptr_t addr, uint8_t value);
int get_byte(struct address_space *space, uintptr_t addr); /* or -1 */
