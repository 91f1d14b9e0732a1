/* SPDX-License-Identifier: BSD-3-Clause */

/* Growing texts. */
#include <string.h>

#include <debug/unit_test.h>
#include <sched/cpumask.h>
#include <vfs/table_text.h>

static bool is(struct table_text *text, const char *wanted)
{
	bool same = text->length == strlen(wanted) &&
		    memcmp(text->buf, wanted, text->length) == 0;

	table_text_free(text);
	return same;
}

TEST(table, text_grows)
{
	struct table_text text = {.buf = NULL};

	for (int i = 0; i < 20000; i++) {
		table_text_add(&text, "%05d\n", i);
	}
	EXPECT(!text.failed);
	EXPECT_EQ(text.length, 120000);
	EXPECT(memcmp(text.buf + 6 * 12345, "12345\n", 6) == 0);
	table_text_free(&text);
	EXPECT_EQ(text.length, 0);
}

TEST(table, text_is_bounded)
{
	static char block[1 << 16];
	struct table_text text = {.buf = NULL};

	for (int i = 0; i < 100; i++) {
		table_text_put(&text, block, sizeof(block));
	}
	EXPECT(text.failed);
	EXPECT(text.length <= TABLE_TEXT_MAX);
	table_text_free(&text);
	EXPECT(!text.failed);
}

TEST(table, text_escapes_and_pads)
{
	struct table_text text = {.buf = NULL};

	table_text_put_escaped(&text, "a b\\c\n", 6);
	EXPECT(is(&text, "a\\040b\\134c\\012"));
	table_text_add(&text, "ab");
	table_text_pad(&text, 0, 5);
	table_text_add(&text, "c");
	EXPECT(is(&text, "ab   c"));
}

TEST(table, cpu_sets)
{
	struct table_text text = {.buf = NULL};
	struct cpumask mask;

	cpumask_clear(&mask);
	for (unsigned cpu = 0; cpu < 34; cpu++) {
		cpumask_add(&mask, cpu);
	}
	cpumask_remove(&mask, 5);
	table_text_cpulist(&text, &mask, 34);
	EXPECT(is(&text, "0-4,6-33"));
	table_text_cpumask(&text, &mask, 34);
	EXPECT(is(&text, "3,ffffffdf"));
	table_text_cpumask(&text, &mask, 5);
	EXPECT(is(&text, "1f"));
	table_text_cpumask(&text, &mask, 32);
	EXPECT(is(&text, "ffffffdf"));
	cpumask_clear(&mask);
	table_text_cpulist(&text, &mask, 34);
	EXPECT_EQ(text.length, 0);
	table_text_free(&text);
}
