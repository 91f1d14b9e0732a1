/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * SipHash-2-4, from the paper of Aumasson and Bernstein (2012): four words of
 * state, two rounds for each 8 bytes, four at the end.
 */
#include <lib/siphash.h>

#define COMPRESSION_ROUNDS  2
#define FINALIZATION_ROUNDS 4

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void run_rounds(uint64_t v[4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void compress(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	run_rounds(v, COMPRESSION_ROUNDS);
	v[0] ^= word;
}

/* At most 8 bytes, little-endian; those that are missing count as 0. */
static uint64_t load_word(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++) {
		word |= (uint64_t)bytes[i] << (8 * i);
	}
	return word;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t rest = size % 8;
	uint64_t v[4] = {
		key->words[0] ^ UINT64_C(0x736f6d6570736575),
		key->words[1] ^ UINT64_C(0x646f72616e646f6d),
		key->words[0] ^ UINT64_C(0x6c7967656e657261),
		key->words[1] ^ UINT64_C(0x7465646279746573),
	};

	for (size_t i = 0; i < size - rest; i += 8) {
		compress(v, load_word(bytes + i, 8));
	}
	compress(v,
		 (uint64_t)size << 56 | load_word(bytes + size - rest, rest));
	v[2] ^= 0xff;
	run_rounds(v, FINALIZATION_ROUNDS);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
