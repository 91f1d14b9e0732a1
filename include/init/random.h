/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The kernel's random generator: ChaCha20, per-CPU keys, fast key erasure.
 * Any context but NMI.  Seeded from RDRAND/RDSEED, the boot's timing and
 * virtio-rng; until 256 bits of seed have come, random_is_ready() is false.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void random_init(void);
void random_bytes(void *buffer, size_t size);
uint64_t random_u64(void);
/* Mixes in; `bits` of entropy credited. */
void random_add(const void *data, size_t size, unsigned bits);
bool random_is_ready(void);
/* Sleeps until ready: 0 or -EINTR. */
int random_wait(void);
