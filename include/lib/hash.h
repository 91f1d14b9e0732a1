/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Fast hashes for tables inside the kernel.  They spread ordinary keys well
 * but an attacker can find collisions: where others choose the keys, use
 * lib/siphash.h.
 */
#include <stddef.h>
#include <stdint.h>

/* 2^64 divided by the golden ratio, made odd. */
#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

/* The table slot of a number: `bits` bits, 1..64. */
static inline uint64_t hash_u64(uint64_t value, unsigned bits)
{
	value ^= value >> 32;
	return (value * HASH_MULTIPLIER) >> (64 - bits);
}

static inline uint64_t hash_pointer(const void *pointer, unsigned bits)
{
	return hash_u64((uintptr_t)pointer, bits);
}

/* Takes one more number into a running hash, which starts from anything. */
static inline uint64_t hash_add(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * HASH_MULTIPLIER;
	return hash ^ (hash >> 29);
}

/* Full 64-bit hashes; cut with hash_u64(). */
static inline uint64_t hash_bytes(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t hash = size;

	for (size_t i = 0; i < size; i++) {
		hash = hash_add(hash, bytes[i]);
	}
	return hash;
}

static inline uint64_t hash_string(const char *text)
{
	uint64_t hash = 0;

	for (; *text != '\0'; text++) {
		hash = hash_add(hash, (uint8_t)*text);
	}
	return hash;
}
