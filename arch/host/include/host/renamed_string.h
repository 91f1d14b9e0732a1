/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Included by force before lib/string.c and its test: on the build host the
 * names of C's string functions belong to the C library (and ASan), so the
 * kernel's get names of their own there.
 */
#include <stdio.h>
#include <string.h>

#define memcpy	kernel_memcpy
#define memmove kernel_memmove
#define memset	kernel_memset
#define memcmp	kernel_memcmp
#define memchr	kernel_memchr
#define strlen	kernel_strlen
#define strnlen kernel_strnlen
#define strcmp	kernel_strcmp
#define strncmp kernel_strncmp
#define strchr	kernel_strchr
#define strrchr kernel_strrchr
#define strstr	kernel_strstr
