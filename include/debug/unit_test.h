/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Unit tests: TEST(suite, name) { ... } beside the code they test, collected
 * by the section unit_tests.  A failed expectation is reported and counted; the
 * test goes on.
 */
#include <stdbool.h>

struct unit_test {
	const char *suite;
	const char *name;
	void (*func)(void);
};

/* Reports and counts a failure of the running test. */
void unit_test_fail(const char *file, int line, const char *what,
		    long long left, long long right);

#define TEST(suite_name, test_name)                                            \
	static void test_##suite_name##_##test_name(void);                     \
	static const struct unit_test record_##suite_name##_##test_name        \
		__attribute__((section("unit_tests"), used,                    \
			       aligned(sizeof(void *)))) = {                   \
			#suite_name, #test_name,                               \
			test_##suite_name##_##test_name};                      \
	static void test_##suite_name##_##test_name(void)

#define EXPECT(condition)                                                      \
	do {                                                                   \
		if (!(condition)) {                                            \
			unit_test_fail(__FILE__, __LINE__, #condition, 0, 0);  \
		}                                                              \
	} while (0)

#define EXPECT_EQ(left, right)                                                 \
	do {                                                                   \
		long long left_ = (long long)(left);                           \
		long long right_ = (long long)(right);                         \
                                                                               \
		if (left_ != right_) {                                         \
			unit_test_fail(__FILE__, __LINE__,                     \
				       #left " == " #right, left_, right_);    \
		}                                                              \
	} while (0)
