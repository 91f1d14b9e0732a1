/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Socket calls without messages: socket(2), bind(2), connect(2), accept(2),
 * getsockopt(2) ...  Families are behind net/socket.h.
 */
#include "socket.h"

#include <lib/minmax.h>
#include <lib/string.h>
#include <linux/syscall.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>

#define SOCKET_FLAGS	 (UAPI_SOCK_NONBLOCK | UAPI_SOCK_CLOEXEC)
#define OPTION_SIZE_MAX	 4096
#define OPTION_SIZE_FAST 64

int socket_get(int fd, struct file_ref *ref_out, struct socket **socket_out)
{
	*ref_out = fd_get(fd);
	if (ref_out->file == NULL) {
		return -EBADF;
	}
	*socket_out = socket_of(ref_out->file);
	if (*socket_out == NULL) {
		fd_put(*ref_out);
		return -ENOTSOCK;
	}
	return 0;
}

int socket_copy_address(struct socket_address *address, const void USER *from,
			unsigned length)
{
	if (length > SOCKET_ADDRESS_MAX) {
		return -EINVAL;
	}
	memset(address, 0, sizeof(*address));
	address->length = length;
	return user_copy_in(address->bytes, from, length);
}

int socket_put_address(void USER *to, void USER *length,
		       const struct socket_address *address)
{
	uint32_t room;

	if (to == NULL) {
		return 0;
	}
	if (user_get_u32(&room, length) < 0) {
		return -EFAULT;
	}
	if ((int32_t)room < 0) {
		return -EINVAL;
	}
	room = MIN(room, address->length);
	if (user_copy_out(to, address->bytes, room) < 0) {
		return -EFAULT;
	}
	return user_put_u32(length, address->length);
}

/* A file and a descriptor for the socket, which is released on failure. */
static long install(struct socket *socket, int flags)
{
	struct file *file;
	long fd = socket_open(socket, (unsigned)flags & UAPI_O_NONBLOCK, &file);

	if (fd < 0) {
		return fd;
	}
	fd = fd_install(file, 0, (flags & UAPI_SOCK_CLOEXEC) != 0);
	if (fd < 0) {
		file_put(file);
	}
	return fd;
}

static long create(int family, int type, int protocol,
		   struct socket **socket_out)
{
	if ((type & ~(UAPI_SOCK_TYPE_MASK | SOCKET_FLAGS)) != 0) {
		return -EINVAL;
	}
	type &= UAPI_SOCK_TYPE_MASK;
	if (family < 0 || family >= UAPI_AF_MAX) {
		return -EAFNOSUPPORT;
	}
	if (type == 0 || type >= UAPI_SOCK_MAX) {
		return -EINVAL;
	}
	return socket_create(family, type, protocol, socket_out);
}

long sys_socket(int family, int type, int protocol)
{
	struct socket *socket;
	long err = create(family, type, protocol, &socket);

	return err < 0 ? err : install(socket, type);
}

static long install_pair(struct socket *a, struct socket *b, int flags,
			 void USER *user_fds)
{
	int32_t fds[2];
	long fd = install(a, flags);

	if (fd < 0) {
		b->ops->release(b);
		return fd;
	}
	fds[0] = (int32_t)fd;
	fd = install(b, flags);
	if (fd < 0) {
		fd_close(fds[0]);
		return fd;
	}
	fds[1] = (int32_t)fd;
	if (user_copy_out(user_fds, fds, sizeof(fds)) < 0) {
		fd_close(fds[0]);
		fd_close(fds[1]);
		return -EFAULT;
	}
	return 0;
}

long sys_socketpair(int family, int type, int protocol, void USER *fds)
{
	struct socket *a;
	struct socket *b;
	long err = create(family, type, protocol, &a);

	if (err < 0) {
		return err;
	}
	err = create(family, type, protocol, &b);
	if (err < 0) {
		a->ops->release(a);
		return err;
	}
	err = a->ops->pair == NULL ? -EOPNOTSUPP : a->ops->pair(a, b);
	if (err < 0) {
		a->ops->release(a);
		b->ops->release(b);
		return err;
	}
	return install_pair(a, b, type, fds);
}

/* --- addresses
 * ------------------------------------------------------------------- */

long sys_bind(int fd, const void USER *user_address, unsigned length)
{
	struct socket_address address;
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	err = socket_copy_address(&address, user_address, length);
	if (err == 0) {
		err = socket->ops->bind == NULL
			      ? -EOPNOTSUPP
			      : socket->ops->bind(socket, &address);
	}
	fd_put(ref);
	return err;
}

static bool is_nonblocking(const struct file *file)
{
	return (READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0;
}

long sys_connect(int fd, const void USER *user_address, unsigned length)
{
	struct socket_address address;
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	err = socket_copy_address(&address, user_address, length);
	if (err == 0) {
		err = socket->ops->connect == NULL
			      ? -EOPNOTSUPP
			      : socket->ops->connect(socket, &address,
						     is_nonblocking(ref.file));
	}
	fd_put(ref);
	return err;
}

static long get_name(int fd, bool peer, void USER *to, void USER *length)
{
	struct socket_address address;
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	err = socket->ops->name == NULL
		      ? -EOPNOTSUPP
		      : socket->ops->name(socket, peer, &address);
	if (err == 0) {
		err = to == NULL ? -EFAULT
				 : socket_put_address(to, length, &address);
	}
	fd_put(ref);
	return err;
}

long sys_getsockname(int fd, void USER *address, void USER *length)
{
	return get_name(fd, false, address, length);
}

long sys_getpeername(int fd, void USER *address, void USER *length)
{
	return get_name(fd, true, address, length);
}

/* --- connections
 * ----------------------------------------------------------------- */

long sys_listen(int fd, int backlog)
{
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	err = socket->ops->listen == NULL
		      ? -EOPNOTSUPP
		      : socket->ops->listen(socket, (unsigned)backlog);
	fd_put(ref);
	return err;
}

/* The new connection gets its descriptor; its name goes out before that, so
 * that nothing has to be undone. */
static long give_connection(struct socket *connection, void USER *to,
			    void USER *length, int flags)
{
	struct socket_address address;
	long err = 0;

	if (to != NULL) {
		err = connection->ops->name(connection, true, &address);
		if (err == -ENOTCONN) {
			err = -ECONNABORTED;
		}
	}
	if (err == 0) {
		err = socket_put_address(to, length, &address);
	}
	if (err < 0) {
		connection->ops->release(connection);
		return err;
	}
	return install(connection, flags);
}

long sys_accept4(int fd, void USER *to, void USER *length, int flags)
{
	struct socket *connection;
	struct socket *socket;
	struct file_ref ref;
	long err;

	if ((flags & ~SOCKET_FLAGS) != 0) {
		return -EINVAL;
	}
	err = socket_get(fd, &ref, &socket);
	if (err < 0) {
		return err;
	}
	err = fd_make_room(); /* else a connection would be lost */
	if (err == 0) {
		err = socket->ops->accept == NULL
			      ? -EOPNOTSUPP
			      : socket->ops->accept(socket,
						    is_nonblocking(ref.file),
						    &connection);
	}
	fd_put(ref);
	return err < 0 ? err : give_connection(connection, to, length, flags);
}

long sys_accept(int fd, void USER *to, void USER *length)
{
	return sys_accept4(fd, to, length, 0);
}

long sys_shutdown(int fd, int how)
{
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	if (how < UAPI_SHUT_RD || how > UAPI_SHUT_RDWR) {
		err = -EINVAL;
	} else {
		err = socket->ops->shutdown == NULL
			      ? -EOPNOTSUPP
			      : socket->ops->shutdown(socket, how);
	}
	fd_put(ref);
	return err;
}

/* --- options
 * --------------------------------------------------------------------- */

static long set_option(struct socket *socket, int level, int option,
		       const void USER *from, size_t size)
{
	uint8_t fast[OPTION_SIZE_FAST];
	void *value = fast;
	long err;

	if (size > sizeof(fast)) {
		value = kmalloc(size);
		if (value == NULL) {
			return -ENOMEM;
		}
	}
	err = user_copy_in(value, from, size);
	if (err == 0) {
		err = socket_set_option(socket, level, option, value, size);
	}
	if (value != fast) {
		kfree(value);
	}
	return err;
}

long sys_setsockopt(int fd, int level, int option, const void USER *value,
		    unsigned length)
{
	struct socket *socket;
	struct file_ref ref;
	long err;

	if ((int)length < 0 || length > OPTION_SIZE_MAX) {
		return -EINVAL;
	}
	err = socket_get(fd, &ref, &socket);
	if (err < 0) {
		return err;
	}
	err = set_option(socket, level, option, value, length);
	fd_put(ref);
	return err;
}

static long get_option(struct socket *socket, int level, int option,
		       void USER *to, void USER *length)
{
	uint8_t value[OPTION_SIZE_FAST];
	uint32_t room;
	size_t size;
	long err;

	if (user_get_u32(&room, length) < 0) {
		return -EFAULT;
	}
	if ((int32_t)room < 0) {
		return -EINVAL;
	}
	size = MIN((size_t)room, sizeof(value));
	err = socket_get_option(socket, level, option, value, &size);
	if (err < 0) {
		return err;
	}
	if (user_copy_out(to, value, size) < 0) {
		return -EFAULT;
	}
	return user_put_u32(length, (uint32_t)size);
}

long sys_getsockopt(int fd, int level, int option, void USER *value,
		    void USER *length)
{
	struct socket *socket;
	struct file_ref ref;
	long err = socket_get(fd, &ref, &socket);

	if (err < 0) {
		return err;
	}
	err = get_option(socket, level, option, value, length);
	fd_put(ref);
	return err;
}
