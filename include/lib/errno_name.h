/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* "ENOENT" for -2 or 2; "unknown error" for what Linux does not define. */
const char *errno_name(long error);
