/* SPDX-License-Identifier: BSD-3-Clause */

/* Signal names. */
#include <lib/signal_name.h>

#include <string.h>

#include <debug/unit_test.h>

TEST(signal_name, bounds)
{
	EXPECT(strcmp(signal_name(1), "SIGHUP") == 0);
	EXPECT(strcmp(signal_name(11), "SIGSEGV") == 0);
	EXPECT(strcmp(signal_name(31), "SIGSYS") == 0);
	EXPECT(strcmp(signal_name(32), "SIGRTMIN") == 0);
	EXPECT(strcmp(signal_name(64), "SIGRTMIN") == 0);
	EXPECT(strcmp(signal_name(0), "unknown signal") == 0);
	EXPECT(strcmp(signal_name(65), "unknown signal") == 0);
	EXPECT(strcmp(signal_name(-1), "unknown signal") == 0);
}

TEST(signal_name, every_number_has_one)
{
	for (int signal = 1; signal < 32; signal++) {
		EXPECT(strncmp(signal_name(signal), "SIG", 3) == 0);
	}
}
