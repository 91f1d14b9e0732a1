/* SPDX-License-Identifier: BSD-3-Clause */

/* The published test vectors of ChaCha20, SipHash and the CRCs. */
#include <lib/chacha20.h>
#include <lib/crc32.h>
#include <lib/siphash.h>

#include <string.h>

#include <debug/unit_test.h>

/* RFC 8439, 2.3.2 */
TEST(hashes, chacha20)
{
	static const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a};
	static const uint8_t expected[8] = {0x10, 0xf1, 0xe7, 0xe4,
					    0xd1, 0x3b, 0x59, 0x15};
	uint8_t key[32];
	uint8_t block[64];
	struct chacha20 state;

	for (unsigned i = 0; i < sizeof(key); i++) {
		key[i] = (uint8_t)i;
	}
	chacha20_init(&state, key, nonce, 1);
	chacha20_block(&state, block);
	EXPECT_EQ(memcmp(block, expected, sizeof(expected)), 0);
}

/* The reference implementation's first vectors (SipHash-2-4, key 00..0f). */
TEST(hashes, siphash)
{
	struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	uint8_t data[15];

	for (unsigned i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)i;
	}
	EXPECT_EQ(siphash(&key, data, 15), 0xa129ca6149be45e5);
	EXPECT_EQ(siphash(&key, data, 0), 0x726fdb47dd0e0e31);
}

/* "123456789": the check value of both polynomials. */
TEST(hashes, crc32)
{
	EXPECT_EQ(crc32(0, "123456789", 9), 0xcbf43926);
	EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283);
	EXPECT_EQ(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}
