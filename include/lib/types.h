/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Scalar types beyond stdint. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;

/* A physical address: wrapped, so that it cannot be mixed with a pointer. */
typedef struct {
	uint64_t value;
} paddr_t;
