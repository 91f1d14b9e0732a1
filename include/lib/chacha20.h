/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * ChaCha20 (RFC 8439): the key stream only, for the random generator.  The
 * caller locks.
 */
#include <stdint.h>

#define CHACHA20_KEY_SIZE   32
#define CHACHA20_NONCE_SIZE 12
#define CHACHA20_BLOCK_SIZE 64

struct chacha20 {
	uint32_t words[16]; /* constants, key, block counter, nonce */
};

void chacha20_init(struct chacha20 *state, const uint8_t key[CHACHA20_KEY_SIZE],
		   const uint8_t nonce[CHACHA20_NONCE_SIZE], uint32_t counter);

/*
 * The next block of key stream.  One key and nonce give 2^32 blocks; then
 * they repeat: change the key before.
 */
void chacha20_block(struct chacha20 *state,
		    uint8_t block_out[CHACHA20_BLOCK_SIZE]);
