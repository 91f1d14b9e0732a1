/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * SipHash-2-4: a short keyed hash for tables whose keys an attacker may
 * choose (file names, connections) and for sequence numbers and cookies.
 * Any context.
 */
#include <stddef.h>
#include <stdint.h>

/* 128 random bits; secret and constant as long as the hashes are compared. */
struct siphash_key {
	uint64_t words[2];
};

uint64_t siphash(const struct siphash_key *key, const void *data, size_t size);
