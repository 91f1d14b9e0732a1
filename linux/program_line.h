/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The programs to run: the files of /init in the order of their names, then the
 * program line, each with its runscript commands replaced by the commands of
 * their files (include/init/options.h has the grammar of a line).
 */
#include <stddef.h>

#include <init/options.h>

struct started_command {
	struct command command;
	const char *const *environment; /* stays for ever */
};

struct program_list {
	struct started_command *commands;
	size_t count;
	const char *const *environment; /* as the last script left it */
};

/*
 * Reads them all; what goes wrong is logged.  `environment` stays for ever.
 * 0; -EINVAL (not a line, an unknown option), -ELOOP (scripts in scripts),
 * -EFBIG, -ENOMEM, -ENOENT ... (files).
 */
int program_line_read(const char *const *environment,
		      struct program_list *list_out);
