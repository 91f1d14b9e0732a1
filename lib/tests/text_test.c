/* SPDX-License-Identifier: BSD-3-Clause */

/* Numbers and sizes from text, and byte rings. */
#include <lib/parse.h>
#include <lib/ring.h>

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>

TEST(parse, numbers)
{
	const char *end;
	uint64_t value;
	int64_t number;

	EXPECT_EQ(parse_u64("123x", 10, UINT64_MAX, &value, &end), 0);
	EXPECT_EQ(value, 123);
	EXPECT_EQ(*end, 'x');
	EXPECT(parse_u64("18446744073709551616", 10, UINT64_MAX, &value, &end) <
	       0);
	EXPECT(parse_u64("256", 10, 255, &value, &end) < 0);
	EXPECT(parse_u64("", 10, 255, &value, &end) < 0);
	EXPECT_EQ(parse_i64("-5", 10, -10, 10, &number, &end), 0);
	EXPECT_EQ(number, -5);
	EXPECT(parse_i64("-11", 10, -10, 10, &number, &end) < 0);
	EXPECT_EQ(parse_size("512K@0xfe", &value, &end), 0);
	EXPECT_EQ(value, 512 * 1024);
	EXPECT_EQ(*end, '@');
}

TEST(ring, wraps_and_never_overflows)
{
	uint8_t buffer[16];
	uint8_t out[32];
	const uint8_t *piece;
	struct ring ring;

	ring_init(&ring, buffer, sizeof(buffer));
	EXPECT_EQ(ring_write(&ring, "0123456789", 10), 10);
	EXPECT_EQ(ring_read(&ring, out, 8), 8);
	EXPECT_EQ(ring_write(&ring, "abcdefghijklmnopqrst", 20), 14);
	EXPECT_EQ(ring_room(&ring), 0);
	EXPECT(!ring_put(&ring, 'x'));
	EXPECT(ring_peek(&ring, &piece) > 0);
	EXPECT_EQ(piece[0], '8');
	EXPECT_EQ(ring_read(&ring, out, sizeof(out)), 16);
	EXPECT_EQ(memcmp(out, "89abcdefghijklmn", 16), 0);
	EXPECT(ring_is_empty(&ring));
}
