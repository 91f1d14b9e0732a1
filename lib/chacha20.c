/* SPDX-License-Identifier: BSD-3-Clause */

/* ChaCha20, RFC 8439 section 2.  Words are little-endian in memory. */
#include <lib/chacha20.h>

#include <lib/secret.h>
#include <lib/string.h>

#define DOUBLE_ROUNDS 10
#define COUNTER_WORD  12

static uint32_t load_le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_le32(uint8_t *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		bytes[i] = (uint8_t)(value >> (8 * i));
	}
}

static uint32_t rotate(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

static void quarter_round(uint32_t w[16], unsigned a, unsigned b, unsigned c,
			  unsigned d)
{
	w[a] += w[b];
	w[d] = rotate(w[d] ^ w[a], 16);
	w[c] += w[d];
	w[b] = rotate(w[b] ^ w[c], 12);
	w[a] += w[b];
	w[d] = rotate(w[d] ^ w[a], 8);
	w[c] += w[d];
	w[b] = rotate(w[b] ^ w[c], 7);
}

void chacha20_init(struct chacha20 *state, const uint8_t key[CHACHA20_KEY_SIZE],
		   const uint8_t nonce[CHACHA20_NONCE_SIZE], uint32_t counter)
{
	static const uint8_t constants[] = "expand 32-byte k";

	for (unsigned i = 0; i < 4; i++) {
		state->words[i] = load_le32(constants + 4 * i);
	}
	for (unsigned i = 0; i < 8; i++) {
		state->words[4 + i] = load_le32(key + 4 * i);
	}
	state->words[COUNTER_WORD] = counter;
	for (unsigned i = 0; i < 3; i++) {
		state->words[13 + i] = load_le32(nonce + 4 * i);
	}
}

void chacha20_block(struct chacha20 *state,
		    uint8_t block_out[CHACHA20_BLOCK_SIZE])
{
	uint32_t w[16];

	memcpy(w, state->words, sizeof(w));
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
		for (unsigned column = 0; column < 4; column++) {
			quarter_round(w, column, column + 4, column + 8,
				      column + 12);
		}
		for (unsigned diagonal = 0; diagonal < 4; diagonal++) {
			quarter_round(w, diagonal, (diagonal + 1) % 4 + 4,
				      (diagonal + 2) % 4 + 8,
				      (diagonal + 3) % 4 + 12);
		}
	}
	for (unsigned i = 0; i < 16; i++) {
		store_le32(block_out + 4 * i, w[i] + state->words[i]);
	}
	state->words[COUNTER_WORD]++;
	secret_clear(w, sizeof(w));
}
