/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The names of the system: uname(2), /proc/version, /proc/sys/kernel.
 *
 * Programs decide by the release what a kernel can do, so it is the number of
 * the Linux whose system calls this one has.  Thread context; no sleep.
 */
#include <stddef.h>

#define UTS_SYSNAME "Linux"
#define UTS_RELEASE "6.6.0-linnet"
#define UTS_VERSION "#1 SMP"

#define UTS_NAME_MAX 64 /* without the NUL */

/* Copy at most `size` bytes with the NUL; return the length of the name. */
size_t uts_hostname(char *buf, size_t size);
size_t uts_domainname(char *buf, size_t size);

/* 0, or -EINVAL (longer than UTS_NAME_MAX).  Need not be NUL-terminated. */
int uts_set_hostname(const char *name, size_t length);
int uts_set_domainname(const char *name, size_t length);
