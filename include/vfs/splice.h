/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Moving bytes between files inside the kernel.  Pages of the page cache go
 * into pipes by reference and out of them without a copy in between.
 *
 * All return the bytes moved (fewer than asked for at the end of a file, or
 * when something came in between), or an error when that is 0.  Positions NULL:
 * the file's own.  May sleep.
 */
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

struct file;
struct iov_iter;

#define UAPI_SPLICE_F_MOVE     1
#define UAPI_SPLICE_F_NONBLOCK 2
#define UAPI_SPLICE_F_MORE     4
#define UAPI_SPLICE_F_GIFT     8
#define UAPI_SPLICE_F_ALL      15

/* sendfile(2): -EBADF, -EINVAL (`in` is a stream, `out` appends), ... */
ssize_t splice_sendfile(struct file *out, struct file *in, int64_t *in_pos,
			size_t count);

/* splice(2): one of them is a pipe.  -EBADF, -EINVAL, -ESPIPE, -EAGAIN. */
ssize_t splice_splice(struct file *in, int64_t *in_pos, struct file *out,
		      int64_t *out_pos, size_t count, unsigned flags);

/* tee(2) between two pipes. */
ssize_t splice_tee(struct file *in, struct file *out, size_t count,
		   unsigned flags);

/* vmsplice(2): copies between the application and a pipe. */
ssize_t splice_vmsplice(struct file *pipe, struct iov_iter *iter,
			unsigned flags);

/* copy_file_range(2): two regular files.  -EBADF, -EISDIR, -EINVAL (kinds,
 * overlap), -EFBIG, -EOVERFLOW. */
ssize_t splice_copy_range(struct file *in, int64_t *in_pos, struct file *out,
			  int64_t *out_pos, size_t count);
