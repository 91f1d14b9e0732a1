/* SPDX-License-Identifier: BSD-3-Clause */

/* Formatted output against the C library's, and its bounds. */
#include <lib/printf.h>

#include <stdio.h>
#include <string.h>

#include <debug/unit_test.h>

#define SAME(...)                                                              \
	do {                                                                   \
		char ours[128];                                                \
		char theirs[128];                                              \
                                                                               \
		EXPECT_EQ(ksnprintf(ours, sizeof(ours), __VA_ARGS__),          \
			  snprintf(theirs, sizeof(theirs), __VA_ARGS__));      \
		EXPECT(strcmp(ours, theirs) == 0);                             \
	} while (0)

TEST(printf, numbers)
{
	SAME("%d %i %u", -5, 0, 4000000000u);
	SAME("%ld %llu %zu", -1l, ~0ull, (size_t)7);
	SAME("[%8d] [%-8d] [%08d] [%+d]", 42, 42, -42, 42);
	SAME("%x %X %#x %016lx %o", 255, 255, 255, 0xdeadbeeful, 8);
	SAME("%.3d %.0d|%5.3d", 7, 0, 7);
	SAME("%lld", (long long)(-0x7fffffffffffffff - 1));
}

TEST(printf, text)
{
	SAME("%s|%10s|%-10s|%.2s", "abc", "abc", "abc", "abc");
	SAME("%*s|%-*s|%.*s", 6, "x", 6, "y", 1, "zz");
	SAME("%c%c%%", 'a', 'b');
	SAME("%p", (void *)0x1234);
}

TEST(printf, truncation)
{
	char buf[4];

	EXPECT_EQ(ksnprintf(buf, sizeof(buf), "%s", "abcdef"), 6);
	EXPECT(strcmp(buf, "abc") == 0);
	EXPECT_EQ(ksnprintf(NULL, 0, "%d", 12345), 5);
}
