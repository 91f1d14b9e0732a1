/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * memcpy and its kin by string instructions, which processors with ERMS (and
 * QEMU's translator) run at full width.  The direction flag is clear in the
 * kernel.
 */
#include <lib/string.h>

#include <stdint.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
	void *to = dst;

	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(src), "+c"(size)
			 :
			 : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t size)
{
	uint8_t *to = dst;
	const uint8_t *from = src;

	if ((uintptr_t)to - (uintptr_t)from >= size) {
		return memcpy(dst, src, size); /* forward is safe */
	}
	while (size > 0) {
		size--;
		to[size] = from[size];
	}
	return dst;
}

void *memset(void *dst, int byte, size_t size)
{
	void *to = dst;

	__asm__ volatile("rep stosb"
			 : "+D"(to), "+c"(size)
			 : "a"(byte)
			 : "memory");
	return dst;
}
