/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The kernel command line, parsed (docs/howto and --help list the options).
 */
#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_ENV_MAX	  256
#define OPTIONS_MOUNT_MAX 16
#define OPTIONS_MMIO_MAX  32

struct options {
	bool help, verbose, bootchart, strace, isolate, nopci, noinit;
	bool control_com2; /* --control=com2 */
	bool stdio_pipe;   /* --stdio=pipe */
	bool nomount, noshutdown, norandom, power_off_on_abort;
	const char *rootfs;   /* "rofs", "ramfs" or NULL: find out */
	const char *cwd;      /* NULL: "/" */
	const char *redirect; /* --redirect=FILE or >>FILE */
	const char *console;
	const char *fail_alloc;		      /* --fail-alloc=N; NULL: off */
	const char *env[OPTIONS_ENV_MAX + 1]; /* NULL-terminated K=V */
	size_t env_count;
	const char *mounts[OPTIONS_MOUNT_MAX];
	size_t mount_count;
	const char *mmio_devices[OPTIONS_MMIO_MAX]; /* after the '=' */
	size_t mmio_device_count;
	unsigned long delay_us;
	const char *line;	  /* all of it, as the loader gave it */
	const char *program_line; /* the rest: programs and arguments */
};

/* Valid after options_parse() in kernel_main(). */
const struct options *options(void);

/* Parses boot_info()->cmdline.  On a bad option prints the usage text and
 * powers off; never returns then. */
void options_parse(void);

/* One program of the line, NULL-terminated words. */
enum command_end {
	COMMAND_WAIT,	    /* ';' or end of line */
	COMMAND_BACKGROUND, /* '&' */
	COMMAND_DETACHED,   /* '&!' */
	COMMAND_ABANDON,    /* '!' */
};
struct command {
	char **argv;
	size_t argc;
	enum command_end end;
};

/*
 * Splits a program line (words, quotes, escapes, $NAME, terminators) into
 * commands, allocated; free with commands_free().  0, -EINVAL, -ENOMEM.
 */
int commands_parse(const char *line, const char *const *env,
		   struct command **commands_out, size_t *count_out);
void commands_free(struct command *commands, size_t count);
