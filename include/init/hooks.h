/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Initialisation by registration: a const record in a linker section, run in
 * the order of the named levels; within a level in link order, so hooks of one
 * level must not depend on each other.  A hook returns 0 or a negative
 * errno, which is logged.
 */
#include <lib/compiler.h>

enum init_level {
	INIT_CORE,	 /* allocators, threads and clocks work; one CPU */
	INIT_BUS,	 /* bus scans, device discovery; one CPU */
	INIT_DRIVER,	 /* drivers probe */
	INIT_FILESYSTEM, /* filesystem types register */
	INIT_SERVICE,	 /* what needs files: nothing else follows */
	INIT_LEVEL_COUNT,
};

struct init_hook {
	const char *name;
	int (*func)(void);
	enum init_level level;
};

#define INIT_HOOK(hook_name, function, hook_level)                             \
	static const struct init_hook init_hook_##hook_name __attribute__((    \
		section(".init_hooks"), used, aligned(sizeof(void *)))) = {    \
		.name = #hook_name,                                            \
		.func = (function),                                            \
		.level = (hook_level),                                         \
	}

void init_run_level(enum init_level level);
