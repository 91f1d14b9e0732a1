/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The kernel command line: options, then the program line.  Whatever it says,
 * the options point into the line and the commands can be freed.
 */
#include "../../core/init/options_parse.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <init/options.h>

#include "fuzz.h"

#define MESSAGE_SIZE 128

static const char *const seeds[] = {"tests/fuzz/seeds/command-line", NULL};

static char *line;
static size_t line_size;

static void require_inside(const char *text)
{
	if (text != NULL && (text < line || text > line + line_size)) {
		abort();
	}
}

static void check_options(const struct options *options)
{
	if (options->env_count > OPTIONS_ENV_MAX ||
	    options->env[options->env_count] != NULL ||
	    options->mount_count > OPTIONS_MOUNT_MAX ||
	    options->mmio_device_count > OPTIONS_MMIO_MAX) {
		abort();
	}
	for (size_t i = 0; i < options->env_count; i++) {
		require_inside(options->env[i]);
		if (strchr(options->env[i], '=') == NULL) {
			abort();
		}
	}
	for (size_t i = 0; i < options->mount_count; i++) {
		require_inside(options->mounts[i]);
	}
	require_inside(options->rootfs);
	require_inside(options->cwd);
	require_inside(options->redirect);
}

static void check_commands(const struct options *options)
{
	struct command *commands = NULL;
	size_t count = 0;

	if (commands_parse(options->program_line, options->env, &commands,
			   &count) < 0) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (commands[i].argc == 0 ||
		    commands[i].argv[commands[i].argc] != NULL) {
			abort();
		}
	}
	commands_free(commands, count);
}

static void run(const uint8_t *data, size_t size)
{
	struct options options = {0};
	char message[MESSAGE_SIZE] = "";

	line = malloc(size + 1);
	if (line == NULL) {
		exit(2);
	}
	memcpy(line, data, size);
	line[size] = '\0';
	line_size = size;
	if (options_parse_line(line, &options, message, sizeof(message)) == 0) {
		check_options(&options);
		check_commands(&options);
	} else if (message[0] == '\0') {
		abort();
	}
	free(line);
}

FUZZ_TARGET(command_line, seeds, run);
