/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Looks addresses up in the table that scripts/gen_symbols.py makes (its
 * layout is described there).  The table is constant: no locks.
 */
#include <debug/symbols.h>

#include <lib/string.h>

#define NAMES_PER_START 16

extern const uint64_t symbols_base;
extern const uint32_t symbols_size;
extern const uint32_t symbols_count;
extern const uint32_t symbols_offsets[];
extern const uint32_t symbols_name_starts[];
extern const char symbols_names[];

/* The last function that starts at or before the offset; count is not 0. */
static uint32_t find(uint64_t offset)
{
	uint32_t low = 0;
	uint32_t high = symbols_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_offsets[middle] <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

const char *symbols_lookup(uintptr_t address, uintptr_t *offset_out)
{
	uint64_t offset = address - symbols_base;
	const char *name;
	uint32_t number;

	*offset_out = 0;
	if (address < symbols_base || offset >= symbols_size) {
		return NULL;
	}
	number = find(offset);
	name = symbols_names + symbols_name_starts[number / NAMES_PER_START];
	for (uint32_t i = 0; i < number % NAMES_PER_START; i++) {
		name += strlen(name) + 1;
	}
	*offset_out = offset - symbols_offsets[number];
	return name;
}
