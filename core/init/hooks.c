/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Runs the registered init hooks of a level.
 *
 * The records lie in the section .init_hooks, in link order.  A level is run
 * once, on one CPU, in thread context (INIT_CORE: on the boot stack).
 */
#include <init/hooks.h>

#include <debug/log.h>
#include <lib/errno_name.h>

extern const struct init_hook __start_init_hooks[];
extern const struct init_hook __stop_init_hooks[];

void init_run_level(enum init_level level)
{
	for (const struct init_hook *hook = __start_init_hooks;
	     hook < __stop_init_hooks; hook++) {
		int err;

		if (hook->level != level) {
			continue;
		}
		log_debug("init: %s", hook->name);
		err = hook->func();
		if (err < 0) {
			log_error("init: %s: %s", hook->name, errno_name(err));
		}
	}
}
