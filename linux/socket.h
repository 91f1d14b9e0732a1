/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the socket calls share: socket.c, socket_message.c, socket_control.c. */
#include <arch/user.h>
#include <net/socket.h>
#include <uapi/socket.h>
#include <vfs/file.h>

/* The socket of a descriptor; the reference is the caller's on success.
 * -EBADF, -ENOTSOCK. */
int socket_get(int fd, struct file_ref *ref_out, struct socket **socket_out);

/* An address in: -EINVAL (length), -EFAULT. */
int socket_copy_address(struct socket_address *address, const void USER *from,
			unsigned length);
/* An address out, cut to the room that *length says, which becomes the full
 * length.  to NULL: nothing.  -EFAULT, -EINVAL. */
int socket_put_address(void USER *to, void USER *length,
		       const struct socket_address *address);

/* Control messages in: files are referenced.  -EINVAL, -EBADF, -EPERM, -EFAULT,
 * -ENOMEM; then nothing is kept. */
int socket_copy_control(struct socket_control *control, uint64_t from,
			uint64_t length);
/*
 * Control messages out, as many as fit: *length becomes what was used,
 * MSG_CTRUNC is set in *flags when something did not.  Files become
 * descriptors; what is left of them is put.
 */
void socket_put_control(const struct socket *socket,
			struct socket_control *control, uint64_t to,
			uint64_t *length, unsigned call_flags, unsigned *flags);
