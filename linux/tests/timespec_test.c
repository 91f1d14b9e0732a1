/* SPDX-License-Identifier: BSD-3-Clause */
#include <debug/unit_test.h>

#include "../timespec.h"

TEST(timespec, validity)
{
	struct uapi_timespec time = {.sec = 0, .nsec = 999999999};

	EXPECT(timespec_is_valid(&time));
	time.nsec = 1000000000;
	EXPECT(!timespec_is_valid(&time));
	time.nsec = -1;
	EXPECT(!timespec_is_valid(&time));
	time = (struct uapi_timespec){.sec = -1};
	EXPECT(!timespec_is_valid(&time));
}

TEST(timespec, far_times_are_cut)
{
	struct uapi_timespec time = {.sec = INT64_MAX, .nsec = 999999999};

	EXPECT(timespec_to_ns(&time) == TIME_NS_MAX);
	time.sec = 9223372035;
	EXPECT(timespec_to_ns(&time) == 9223372035999999999ull);
	EXPECT(deadline_after(UINT64_MAX) == TIME_NS_MAX);
}

TEST(timespec, there_and_back)
{
	uint64_t ns = 1234567890123456789ull;
	struct uapi_timespec time = timespec_from_ns(ns);
	struct uapi_timeval value = timeval_from_ns(ns);

	EXPECT(timespec_to_ns(&time) == ns);
	EXPECT(timeval_to_ns(&value) == ns - ns % 1000);
}
