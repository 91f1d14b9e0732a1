/* SPDX-License-Identifier: BSD-3-Clause */

/* "#!" lines. */
#include "../../loader/internal.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char *const seeds[] = {"tests/fuzz/seeds/script", NULL};

static void run(const uint8_t *data, size_t size)
{
	struct script script;

	if (size > SCRIPT_LINE_MAX) {
		size = SCRIPT_LINE_MAX;
	}
	if (script_parse((const char *)data, size, &script) == 0 &&
	    (script.interpreter[0] == '\0' ||
	     strlen(script.interpreter) >= SCRIPT_LINE_MAX ||
	     strlen(script.argument) >= SCRIPT_LINE_MAX)) {
		abort();
	}
}

FUZZ_TARGET(script, seeds, run);
