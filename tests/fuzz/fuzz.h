/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A fuzz target: a parser of the kernel that is given arbitrary bytes.  It must
 * return; ASan and UBSan judge.  Registered by section, so a target is one
 * file.
 */
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name;
	const char *const *seeds; /* files, NULL at the end */
	void (*run)(const uint8_t *data, size_t size);
};

#define FUZZ_TARGET(id, seed_files, function)                                  \
	static const struct fuzz_target fuzz_target_##id = {#id, seed_files,   \
							    function};         \
	static const struct fuzz_target *const fuzz_pointer_##id               \
		__attribute__((used, section("fuzz_targets"))) =               \
			&fuzz_target_##id
