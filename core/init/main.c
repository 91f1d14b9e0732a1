/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From the architecture's entry to the first program.
 *
 * So far: memory, exceptions and the command line.  Threads, drivers and
 * filesystems are not built yet (docs/limits.md), so the machine says that it
 * cannot run the program, and ends.
 */
#include <arch/boot.h>
#include <arch/power.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <init/options.h>
#include <mm/frame.h>
#include <mm/slab.h>

static void log_memory(void)
{
	struct frame_stats stats;

	frame_stats(&stats);
	log_info("memory: %llu KiB, %llu KiB free",
		 (unsigned long long)(stats.total << (PAGE_SHIFT - 10)),
		 (unsigned long long)(stats.free << (PAGE_SHIFT - 10)));
}

_Noreturn void kernel_main(void)
{
	const char *const *environment = options()->env;
	struct command *commands;
	size_t count;
	int err;

	arch_init();
	frame_init();
	slab_init();
	options_parse();
	log_set_level(options()->verbose ? LOG_DEBUG : LOG_WARNING);
	log_memory();
	err = commands_parse(options()->program_line, environment, &commands,
			     &count);
	if (err < 0) {
		log_error("cannot parse the command line");
	} else if (count == 0) {
		log_error("the command line names no program: nothing to run");
	} else {
		log_error("%s: this kernel cannot run programs yet",
			  commands[0].argv[0]);
	}
	power_off();
}
