/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Access to the application's memory: range checks around the faulting
 * primitives of copy.S.  Stateless.
 *
 * With --isolate and SMAP the window is opened (AC set) for the primitive only;
 * smap_enabled is written once at boot.
 */
#include <arch/user.h>

#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>

#include "internal.h"

size_t user_copy_raw(void *dst, const void *src, size_t size);
size_t user_zero_raw(void *dst, size_t size);
int user_cmpxchg_raw(void *addr, uint32_t expected, uint32_t desired,
		     uint32_t *old_out);
int user_xchg_raw(void *addr, uint32_t value, uint32_t *old_out);
int user_add_raw(void *addr, uint32_t value, uint32_t *old_out);

bool smap_enabled;

static inline void window_open(void)
{
	if (unlikely(smap_enabled)) {
		__asm__ volatile("stac" : : : "memory");
	}
}

static inline void window_close(void)
{
	if (unlikely(smap_enabled)) {
		__asm__ volatile("clac" : : : "memory");
	}
}

bool user_range_ok(const void USER *addr, size_t size)
{
	uintptr_t start = (uintptr_t)addr;

	return start <= USER_END && size <= USER_END - start;
}

size_t user_copy_in_partial(void *dst, const void USER *src, size_t size)
{
	size_t left;

	if (unlikely(!user_range_ok(src, size))) {
		return size;
	}
	window_open();
	left = user_copy_raw(dst, src, size);
	window_close();
	return left;
}

size_t user_copy_out_partial(void USER *dst, const void *src, size_t size)
{
	size_t left;

	if (unlikely(!user_range_ok(dst, size))) {
		return size;
	}
	window_open();
	left = user_copy_raw(dst, src, size);
	window_close();
	return left;
}

size_t user_zero_partial(void USER *dst, size_t size)
{
	size_t left;

	if (unlikely(!user_range_ok(dst, size))) {
		return size;
	}
	window_open();
	left = user_zero_raw(dst, size);
	window_close();
	return left;
}

int user_copy_in(void *dst, const void USER *src, size_t size)
{
	return user_copy_in_partial(dst, src, size) == 0 ? 0 : -EFAULT;
}

int user_copy_out(void USER *dst, const void *src, size_t size)
{
	return user_copy_out_partial(dst, src, size) == 0 ? 0 : -EFAULT;
}

int user_zero(void USER *dst, size_t size)
{
	return user_zero_partial(dst, size) == 0 ? 0 : -EFAULT;
}

/*
 * Piece by piece up to page ends, so that a string that ends just before a
 * bad page is fine.
 */
ssize_t user_copy_string(char *dst, const char USER *src, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uintptr_t at = (uintptr_t)src + done;
		size_t piece = MIN(size - done, PAGE_SIZE - at % PAGE_SIZE);
		size_t length;

		if (user_copy_in(dst + done, src + done, piece) < 0) {
			return -EFAULT;
		}
		length = strnlen(dst + done, piece);
		done += length;
		if (length < piece) {
			return (ssize_t)done;
		}
	}
	return -ENAMETOOLONG;
}

#define DEFINE_GET_PUT(bits)                                                   \
	int user_get_u##bits(uint##bits##_t *value_out, const void USER *src)  \
	{                                                                      \
		return user_copy_in(value_out, src, sizeof(*value_out));       \
	}                                                                      \
	int user_put_u##bits(void USER *dst, uint##bits##_t value)             \
	{                                                                      \
		return user_copy_out(dst, &value, sizeof(value));              \
	}

DEFINE_GET_PUT(8)
DEFINE_GET_PUT(16)
DEFINE_GET_PUT(32)
DEFINE_GET_PUT(64)

int user_cmpxchg_u32(void USER *addr, uint32_t expected, uint32_t desired,
		     uint32_t *old_out)
{
	int err;

	if (!user_range_ok(addr, sizeof(uint32_t))) {
		return -EFAULT;
	}
	window_open();
	err = user_cmpxchg_raw(addr, expected, desired, old_out);
	window_close();
	return err;
}

int user_xchg_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	int err;

	if (!user_range_ok(addr, sizeof(uint32_t))) {
		return -EFAULT;
	}
	window_open();
	err = user_xchg_raw(addr, value, old_out);
	window_close();
	return err;
}

int user_add_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	int err;

	if (!user_range_ok(addr, sizeof(uint32_t))) {
		return -EFAULT;
	}
	window_open();
	err = user_add_raw(addr, value, old_out);
	window_close();
	return err;
}

enum bit_operation { BIT_OR, BIT_ANDN, BIT_XOR };

static uint32_t combine(enum bit_operation operation, uint32_t old,
			uint32_t value)
{
	switch (operation) {
	case BIT_OR:
		return old | value;
	case BIT_ANDN:
		return old & ~value;
	case BIT_XOR:
		break;
	}
	return old ^ value;
}

/* A loop that another CPU can only restart by making progress itself. */
static int update(void USER *addr, uint32_t value, uint32_t *old_out,
		  enum bit_operation operation)
{
	uint32_t old;
	int err = user_get_u32(&old, addr);

	while (err == 0) {
		err = user_cmpxchg_u32(addr, old,
				       combine(operation, old, value), old_out);
		if (err == 0 && *old_out == old) {
			break;
		}
		old = *old_out;
	}
	return err;
}

int user_or_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	return update(addr, value, old_out, BIT_OR);
}

int user_andn_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	return update(addr, value, old_out, BIT_ANDN);
}

int user_xor_u32(void USER *addr, uint32_t value, uint32_t *old_out)
{
	return update(addr, value, old_out, BIT_XOR);
}
