/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Programs that the kernel itself starts: those of the command line, and those
 * of sessions.  Each is a process without parent, leader of a session.
 */
#include <stdbool.h>

struct file;
struct process;

#define PROGRAM_NOT_FOUND      127
#define PROGRAM_NOT_EXECUTABLE 126

struct program {
	/* All strings stay until the program runs. */
	const char *const *argv;
	const char *const *environment;
	const char *folder;	 /* working directory; NULL: the root */
	struct file *streams[3]; /* references are taken */
	bool search;		 /* argv[0] without "/" is looked up in PATH */
	void *memory;		 /* kfree'd when the strings are not needed */
	/*
	 * Why the program could not be executed; valid once the process has
	 * ended.  NULL: that is logged.
	 */
	int *error_out;
};

/*
 * Starts it; the terminal behind streams[0] becomes its controlling terminal.
 * One reference to the process for the caller, who must process_wait() for it.
 * The status of a program that cannot be executed is PROGRAM_NOT_*.  On failure
 * `memory` stays the caller's: -ENOENT, -ENOTDIR ... (folder), -ENOMEM,
 * -EAGAIN.
 */
int program_start(const struct program *program, struct process **process_out);

/* The status of an error of exec, as a shell's. */
int program_exit_code(int err);
