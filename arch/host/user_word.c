/* SPDX-License-Identifier: BSD-3-Clause */

/* Single values and atomic words of the application: plain memory here. */
#include <arch/user.h>

#include <uapi/errno.h>

int user_get_u8(uint8_t *value_out, const void USER *src)
{
	return user_copy_in(value_out, src, sizeof(*value_out));
}

int user_get_u16(uint16_t *value_out, const void USER *src)
{
	return user_copy_in(value_out, src, sizeof(*value_out));
}

int user_put_u8(void USER *dst, uint8_t value)
{
	return user_copy_out(dst, &value, sizeof(value));
}

int user_put_u16(void USER *dst, uint16_t value)
{
	return user_copy_out(dst, &value, sizeof(value));
}

int user_get_u32_nofault(uint32_t *value_out, const void USER *src)
{
	return user_copy_in(value_out, src, sizeof(*value_out));
}

int user_cmpxchg_u32(void USER *addr, uint32_t expected, uint32_t desired,
		     uint32_t *old_out)
{
	uint32_t *word = addr;

	if (!user_range_ok(addr, sizeof(*word))) {
		return -EFAULT;
	}
	__atomic_compare_exchange_n(word, &expected, desired, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	*old_out = expected;
	return 0;
}

#define WORD_OPERATION(name, builtin)                                          \
	int name(void USER *addr, uint32_t value, uint32_t *old_out)           \
	{                                                                      \
		if (!user_range_ok(addr, sizeof(value))) {                     \
			return -EFAULT;                                        \
		}                                                              \
		*old_out = builtin((uint32_t *)addr, value, __ATOMIC_SEQ_CST); \
		return 0;                                                      \
	}

WORD_OPERATION(user_xchg_u32, __atomic_exchange_n)
WORD_OPERATION(user_add_u32, __atomic_fetch_add)
WORD_OPERATION(user_or_u32, __atomic_fetch_or)
WORD_OPERATION(user_xor_u32, __atomic_fetch_xor)

int user_andn_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	if (!user_range_ok(addr, sizeof(value))) {
		return -EFAULT;
	}
	*old_out =
		__atomic_fetch_and((uint32_t *)addr, ~value, __ATOMIC_SEQ_CST);
	return 0;
}
