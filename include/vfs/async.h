/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Signals when a file becomes ready: O_ASYNC, F_SETOWN, F_SETSIG (fcntl(2)).
 *
 * A file that can tell (file_ops->sends_sigio) and has O_ASYNC stands on its
 * own poll queues; each wake-up sends the owner SIGIO, or the signal chosen
 * with what happened in its siginfo.
 *
 * Thread context; may sleep.
 */
#include <stdbool.h>

struct file;

/* F_OWNER_*; pid 0: nobody.  -ESRCH, -EINVAL, -ENOMEM; -EPERM: somebody
 * else's group, without privileges. */
int file_async_set_owner(struct file *file, int type, int pid);
/* *pid_out 0: nobody, or it is gone. */
void file_async_get_owner(struct file *file, int *type_out, int *pid_out);
/* 0: SIGIO without details.  -EINVAL, -ENOMEM. */
int file_async_set_signal(struct file *file, unsigned long signal);
int file_async_get_signal(struct file *file);
/* O_ASYNC on or off, by the descriptor that siginfo names; the flag itself is
 * the caller's.  -ENOMEM. */
int file_async_enable(struct file *file, int fd, bool on);
/* The file goes: before its release. */
void file_async_release(struct file *file);
