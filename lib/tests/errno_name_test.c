/* SPDX-License-Identifier: BSD-3-Clause */

/* Error names and the bounded copy. */
#include <lib/errno_name.h>

#include <string.h>

#include <debug/unit_test.h>
#include <lib/string.h>

TEST(errno_name, signs_and_bounds)
{
	EXPECT(strcmp(errno_name(-2), "ENOENT") == 0);
	EXPECT(strcmp(errno_name(11), "EAGAIN") == 0);
	EXPECT(strcmp(errno_name(-100000), "unknown error") == 0);
	EXPECT(strcmp(errno_name(0), "unknown error") == 0);
}

TEST(string_copy, truncates_and_terminates)
{
	char buf[4] = "zzz";

	EXPECT_EQ(string_copy(buf, "abcdef", sizeof(buf)), 6);
	EXPECT(strcmp(buf, "abc") == 0);
	EXPECT_EQ(string_copy(buf, "", sizeof(buf)), 0);
	EXPECT(buf[0] == '\0');
}
