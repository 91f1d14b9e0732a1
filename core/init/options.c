/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The kernel command line.
 *
 * The boot loader's string is copied once and cut into pieces in place; the
 * options point into the copy, which stays.  Leading words that begin with
 * "-" are ours; the first other word begins the programs.  Words of the form
 * virtio_mmio.device=... are taken out wherever they stand.
 *
 * Written once on the boot CPU, immutable afterwards: no lock.  The tables
 * are bounded by OPTIONS_*_MAX; more is an error.
 */
#include <init/options.h>

#include <arch/boot.h>
#include <arch/console.h>
#include <arch/power.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "options_parse.h"
#include "usage.h"

static struct options parsed;

const struct options *options(void)
{
	return &parsed;
}

static void print(const char *text)
{
	early_console_write(text, strlen(text));
}

void options_parse(void)
{
	const char *given = boot_info()->cmdline;
	char message[128];
	char *line = kstrdup(given != NULL ? given : "");
	char *copy = line != NULL ? kstrdup(line) : NULL;

	if (copy == NULL) {
		panic("no memory for the command line");
	}
	if (options_parse_line(copy, &parsed, message, sizeof(message)) < 0) {
		print(message);
		print("\n");
		print(options_usage);
		power_off();
	}
	parsed.line = line;
	if (parsed.help) {
		print(options_usage);
		power_off();
	}
}
