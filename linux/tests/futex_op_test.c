/* SPDX-License-Identifier: BSD-3-Clause */
#include <debug/unit_test.h>

#include "../futex.h"
#include <uapi/errno.h>

TEST(futex_op, decodes_signed_operands)
{
	struct futex_op op;

	/* ADD -1, wake when the old value was > 5 */
	EXPECT_EQ(futex_op_decode(&op, 1u << 28 | 4u << 24 | 0xfffu << 12 | 5),
		  0);
	EXPECT_EQ(op.operation, UAPI_FUTEX_OP_ADD);
	EXPECT_EQ(op.operand, -1);
	EXPECT_EQ(op.comparand, 5);
	EXPECT(futex_op_compare(&op, 6));
	EXPECT(!futex_op_compare(&op, 5));
	EXPECT(!futex_op_compare(&op, 0xffffffff)); /* signed */
}

TEST(futex_op, shift_makes_a_bit)
{
	struct futex_op op;

	EXPECT_EQ(futex_op_decode(&op, 10u << 28 | 31u << 12), 0);
	EXPECT_EQ(op.operation, UAPI_FUTEX_OP_OR);
	EXPECT_EQ(op.operand, INT32_MIN);
}

TEST(futex_op, unknown_programs)
{
	struct futex_op op;

	EXPECT_EQ(futex_op_decode(&op, 5u << 28), -ENOSYS);
	EXPECT_EQ(futex_op_decode(&op, 6u << 24), -ENOSYS);
}
