/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Memory with secrets: keys, random state, passwords.  Any context. */
#include <stdbool.h>
#include <stddef.h>

/* Clears memory; never left out as a store that nobody reads. */
void secret_clear(void *memory, size_t size);

/* The time it takes does not depend on the contents. */
bool secret_is_equal(const void *a, const void *b, size_t size);
