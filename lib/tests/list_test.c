/* SPDX-License-Identifier: BSD-3-Clause */

/* Lists: order, removal while walking, link state. */
#include <lib/list.h>

#include <debug/unit_test.h>

struct item {
	int value;
	struct list_node link;
};

TEST(list, order_and_removal)
{
	struct list list = LIST_INITIALIZER(list);
	struct item items[4] = {
		{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
	struct item *item;
	struct item *next;
	int expected = 0;

	EXPECT(list_is_empty(&list));
	EXPECT(list_first(&list, struct item, link) == NULL);
	for (int i = 1; i < 4; i++) {
		list_add_tail(&list, &items[i].link);
	}
	list_add_head(&list, &items[0].link);
	list_for_each (item, &list, link) {
		EXPECT_EQ(item->value, expected++);
	}
	EXPECT_EQ(expected, 4);
	list_for_each_safe (item, next, &list, link) {
		if (item->value % 2 == 0) {
			list_remove(&item->link);
			EXPECT(!list_is_linked(&item->link));
		}
	}
	EXPECT_EQ(list_first(&list, struct item, link)->value, 1);
}
