/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Pipes and FIFOs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;
struct pipe;

#define PIPE_ATOMIC_SIZE  4096 /* PIPE_BUF */
#define PIPE_DEFAULT_SIZE 65536
#define PIPE_MAX_SIZE	  1048576 /* without CAP_SYS_RESOURCE */

/* pipe2(2): files_out[0] to read, [1] to write, one reference each.  flags:
 * UAPI_O_NONBLOCK, UAPI_O_DIRECT (packets).  0, -ENFILE, -ENOMEM. */
int pipe_create(unsigned flags, struct file *files_out[2]);

/* The pipe behind a file, or NULL: neither pipe nor FIFO. */
struct pipe *pipe_of(const struct file *file);

/* F_GETPIPE_SZ, F_SETPIPE_SZ: the size in bytes, or -EINVAL, -EPERM, -EBUSY
 * (more is in it), -ENOMEM. */
long pipe_get_size(struct pipe *pipe);
long pipe_set_size(struct pipe *pipe, size_t size);
