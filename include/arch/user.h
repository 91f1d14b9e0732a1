/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Access to the application's memory.
 *
 * Every function checks that the whole range lies below USER_END, in both
 * privilege modes, and answers a fault with -EFAULT through the exception
 * table: a bad pointer never faults the kernel.  All may sleep (the access may
 * have to read a page from a file) unless named _nofault: those fail with
 * -EFAULT where a page is not present, and may be called with spinlocks held.
 * USER marks pointers into the application in prototypes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define USER

/* 0 or -EFAULT.  *_partial return the number of bytes NOT copied. */
int user_copy_in(void *dst, const void USER *src, size_t size);
int user_copy_out(void USER *dst, const void *src, size_t size);
size_t user_copy_in_partial(void *dst, const void USER *src, size_t size);
size_t user_copy_out_partial(void USER *dst, const void *src, size_t size);
int user_zero(void USER *dst, size_t size);
size_t user_zero_partial(void USER *dst, size_t size);

/*
 * Copies a string with its NUL.  Returns its length without the NUL,
 * -ENAMETOOLONG when no NUL within `size` bytes, or -EFAULT.
 */
ssize_t user_copy_string(char *dst, const char USER *src, size_t size);

int user_get_u8(uint8_t *value_out, const void USER *src);
int user_get_u16(uint16_t *value_out, const void USER *src);
int user_get_u32(uint32_t *value_out, const void USER *src);
int user_get_u64(uint64_t *value_out, const void USER *src);
int user_put_u8(void USER *dst, uint8_t value);
int user_put_u16(void USER *dst, uint16_t value);
int user_put_u32(void USER *dst, uint32_t value);
int user_put_u64(void USER *dst, uint64_t value);

int user_get_u32_nofault(uint32_t *value_out, const void USER *src);

/* Atomic operations on aligned 32-bit words, for futexes.  Old value out. */
int user_cmpxchg_u32(void USER *addr, uint32_t expected, uint32_t desired,
		     uint32_t *old_out);
int user_xchg_u32(void USER *addr, uint32_t value, uint32_t *old_out);
int user_add_u32(void USER *addr, uint32_t value, uint32_t *old_out);
int user_or_u32(void USER *addr, uint32_t value, uint32_t *old_out);
int user_andn_u32(void USER *addr, uint32_t value, uint32_t *old_out);
int user_xor_u32(void USER *addr, uint32_t value, uint32_t *old_out);

/* True when [addr, addr + size) lies in the application's part. */
bool user_range_ok(const void USER *addr, size_t size);
