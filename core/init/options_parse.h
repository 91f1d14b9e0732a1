/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

struct options;

/*
 * Parses a line in place: *options points into it afterwards.  Returns 0 or
 * -EINVAL with a message for the user.
 */
int options_parse_line(char *line, struct options *options, char *message,
		       size_t message_size);
