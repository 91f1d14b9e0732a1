/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The kernel log.
 *
 * Levels: NOTICE - what happened to a program and its user must hear of, even
 * where nobody looks at the log; ERROR - something failed that the user asked
 * for; WARNING - odd, work goes on; INFO and DEBUG - with --verbose only, else
 * they cost a comparison.  Each call is one line, without newline, at most 512
 * bytes.  Any context.  Lines go to the control channel when there is one, else
 * to the console, and to a ring of 16 KiB that /dev/kmsg and a panic show.
 */
#include <stdarg.h>
#include <stdbool.h>

#include <lib/compiler.h>

enum log_level {
	LOG_NOTICE,
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
};

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_notice(...)	 log_write(LOG_NOTICE, __VA_ARGS__)
#define log_error(...)	 log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_if_shown(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_if_shown(LOG_DEBUG, __VA_ARGS__)
#define log_if_shown(level, ...)                                               \
	do {                                                                   \
		if ((level) <= log_max_level) {                                \
			log_write(level, __VA_ARGS__);                         \
		}                                                              \
	} while (0)

/* Most detailed level that is shown. */
void log_set_level(enum log_level level);
extern enum log_level log_max_level; /* read only */

/* Where finished lines go; text has its newline.  Called in any context. */
typedef void log_sink(const char *text, unsigned long size);
void log_set_sink(log_sink *sink);
/* Where notices go instead; NULL: to the same sink. */
void log_set_notice_sink(log_sink *sink);

/* Keeps lines (some 4 KiB) until the next log_set_sink(): the console belongs
 * to the program, and the channel for the log is not open yet.  Boot CPU. */
void log_hold(void);

/* Copies the newest `size` bytes of the ring; returns how many. */
unsigned long log_read(char *buffer, unsigned long size);
