/* SPDX-License-Identifier: BSD-3-Clause */

/* Clearing and comparing secrets. */
#include <lib/secret.h>

#include <lib/string.h>

void secret_clear(void *memory, size_t size)
{
	memset(memory, 0, size);
	__asm__ volatile("" : : "r"(memory) : "memory");
}

bool secret_is_equal(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a;
	const unsigned char *y = b;
	unsigned char difference = 0;

	for (size_t i = 0; i < size; i++) {
		difference |= x[i] ^ y[i];
	}
	return difference == 0;
}
