/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Replacing the program of the current process.
 */
#include <stddef.h>

#include <lib/types.h>

struct file;
struct trapframe;

/* Argument and environment strings, copied in, with their count and size;
 * loader/args.c.  Bounded by RLIMIT_STACK / 4 and 6 MiB. */
struct exec_args;

int exec_args_from_kernel(const char *const *argv, const char *const *envp,
			  struct exec_args **args_out);
int exec_args_from_user(const void *argv, const void *envp,
			struct exec_args **args_out);
void exec_args_free(struct exec_args *args);

/*
 * Loads the program (ELF, #! script) into a fresh address space of the current
 * process, ends its other threads, resets signals, closes close-on-exec
 * files.  On success *frame starts the program; the caller returns to it or
 * calls context_enter_app().  Before the point of no return errors leave the
 * old program intact: -ENOENT, -EACCES, -ENOEXEC, -ELOOP, -E2BIG, -ENOMEM,
 * -ETXTBSY, -ELIBBAD, -EIO; after it, the process dies with SIGKILL.
 */
int exec_program(int dir_fd, const char *path, unsigned walk_flags,
		 struct exec_args *args, struct trapframe *frame);
