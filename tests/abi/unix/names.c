/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_UNIX: names, listening, connecting, accepting, options. */
#include "unix_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

ABI_CASE(bind_makes_a_node)
{
	struct sockaddr_un address;
	struct stat info;
	socklen_t length;
	int fd = unix_bound(SOCK_STREAM, "s");

	OK(stat("s", &info));
	CHECK(S_ISSOCK(info.st_mode));
	CHECK_ERRNO(open("s", O_RDWR), ENXIO);
	length = unix_name(&address, "s");
	int other = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK_ERRNO(bind(other, (void *)&address, length), EADDRINUSE);
	length = unix_name(&address, "s2");
	CHECK_ERRNO(bind(fd, (void *)&address, length), EINVAL);
	length = unix_name(&address, "none/s");
	CHECK_ERRNO(bind(other, (void *)&address, length), ENOENT);
	CHECK_ERRNO(bind(other, (void *)&address, 1), EINVAL);
	CHECK_ERRNO(bind(other, (void *)&address, 1000), EINVAL);
	address.sun_family = AF_INET;
	CHECK_ERRNO(bind(other, (void *)&address, length), EINVAL);
	CHECK_ERRNO(bind(other, abi_bad[0], length), EFAULT);
}

ABI_CASE(connect_accept)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	char text[4];
	int server = unix_listener("s", 4);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(unix_connect(client, "s"));
	CHECK_ERRNO(unix_connect(client, "s"), EISCONN);
	OK(write(client, "hi", 2)); /* before it is accepted */
	int end = OK(accept4(server, (void *)&address, &length, SOCK_CLOEXEC));
	CHECK_EQ(length, PATH_AT);
	CHECK_EQ(address.sun_family, AF_UNIX);
	CHECK_EQ(fcntl(end, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(read(end, text, 4), 2);
	length = sizeof(address);
	OK(getsockname(end, (void *)&address, &length));
	CHECK_EQ(length, PATH_AT + 2);
	CHECK(strcmp(address.sun_path, "s") == 0);
	length = sizeof(address);
	OK(getpeername(client, (void *)&address, &length));
	CHECK(strcmp(address.sun_path, "s") == 0);
	length = sizeof(address);
	CHECK_ERRNO(getpeername(server, (void *)&address, &length), ENOTCONN);
	OK(write(end, "yo", 2));
	CHECK_EQ(read(client, text, 4), 2);
}

ABI_CASE(connect_errors)
{
	int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	int server;

	CHECK_ERRNO(unix_connect(fd, "none"), ENOENT);
	abi_write_file("file", "x");
	CHECK_ERRNO(unix_connect(fd, "file"), ECONNREFUSED);
	server = unix_bound(SOCK_STREAM, "s");
	CHECK_ERRNO(unix_connect(fd, "s"), ECONNREFUSED); /* no listen */
	OK(close(server));
	CHECK_ERRNO(unix_connect(fd, "s"), ECONNREFUSED); /* closed */
	server = unix_bound(SOCK_DGRAM, "d");
	CHECK_ERRNO(unix_connect(fd, "d"), EPROTOTYPE);
	CHECK_ERRNO(listen(server, 1), EOPNOTSUPP);
	CHECK_ERRNO(listen(fd, 1), EINVAL); /* no name */
	CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
	CHECK_ERRNO(write(fd, "x", 1), ENOTCONN);
	char c;
	CHECK_ERRNO(read(fd, &c, 1), EINVAL);
}

ABI_CASE(backlog)
{
	int server = unix_listener("s", 1);
	int clients[3];

	for (int i = 0; i < 3; i++) {
		clients[i] =
			OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	}
	OK(unix_connect(clients[0], "s"));
	OK(unix_connect(clients[1], "s"));
	CHECK_ERRNO(unix_connect(clients[2], "s"), EAGAIN);
	OK(accept(server, NULL, NULL));
	OK(unix_connect(clients[2], "s"));
	OK(fcntl(server, F_SETFL, O_NONBLOCK));
	OK(accept(server, NULL, NULL));
	OK(accept(server, NULL, NULL));
	CHECK_ERRNO(accept(server, NULL, NULL), EAGAIN);
}

ABI_CASE(close_of_listener_ends_clients)
{
	char c;
	int server = unix_listener("s", 4);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(unix_connect(client, "s"));
	OK(close(server));
	CHECK(read(client, &c, 1) <= 0);
}

ABI_CASE(poll_of_listener)
{
	int server = unix_listener("s", 4);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	struct pollfd p = {.fd = server, .events = POLLIN | POLLOUT};
	struct pollfd fresh = {.fd = client, .events = POLLIN | POLLOUT};

	CHECK_EQ(poll(&p, 1, 0), 0);
	OK(poll(&fresh, 1, 0));
	CHECK_EQ(fresh.revents, POLLOUT | POLLHUP);
	OK(unix_connect(client, "s"));
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK_EQ(p.revents, POLLIN);
}

ABI_CASE(abstract_names)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct sockaddr_un got;
	socklen_t length = PATH_AT + 9;
	socklen_t size = sizeof(got);
	int server = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	memcpy(address.sun_path, "\0abi\0unix", 9);
	OK(bind(server, (void *)&address, length));
	OK(listen(server, 1));
	OK(getsockname(server, (void *)&got, &size));
	CHECK_EQ(size, length);
	CHECK(memcmp(&got, &address, length) == 0);
	int other = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK_ERRNO(bind(other, (void *)&address, length), EADDRINUSE);
	CHECK_ERRNO(connect(client, (void *)&address, length - 1),
		    ECONNREFUSED);
	OK(connect(client, (void *)&address, length));
	OK(close(server));
	OK(bind(other, (void *)&address, length)); /* free again */
}

ABI_CASE(autobind)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(address);
	int fd = OK(socket(AF_UNIX, SOCK_DGRAM, 0));

	OK(bind(fd, (void *)&address, PATH_AT));
	OK(getsockname(fd, (void *)&address, &size));
	CHECK_EQ(size, PATH_AT + 6);
	CHECK_EQ(address.sun_path[0], 0);
}

ABI_CASE(short_room_for_names)
{
	struct sockaddr_un address;
	socklen_t size = 4;
	int fd = unix_bound(SOCK_DGRAM, "abcd");

	memset(&address, 'x', sizeof(address));
	OK(getsockname(fd, (void *)&address, &size));
	CHECK_EQ(size, PATH_AT + 5);
	CHECK(memcmp(address.sun_path, "abxx", 4) == 0);
	size = (socklen_t)-1;
	CHECK_ERRNO(getsockname(fd, (void *)&address, &size), EINVAL);
	size = 4;
	CHECK_ERRNO(getsockname(fd, abi_bad[0], &size), EFAULT);
	CHECK_ERRNO(getsockname(fd, (void *)&address, abi_bad[0]), EFAULT);
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	OK(getsockopt(fd, SOL_SOCKET, name, &value, &size));
	CHECK_EQ(size, sizeof(value));
	return value;
}

ABI_CASE(options)
{
	int value = 40000;
	socklen_t size = sizeof(value);
	int fd = OK(socket(AF_UNIX, SOCK_SEQPACKET, 0));

	CHECK_EQ(option(fd, SO_TYPE), SOCK_SEQPACKET);
	CHECK_EQ(option(fd, SO_DOMAIN), AF_UNIX);
	CHECK_EQ(option(fd, SO_PROTOCOL), 0);
	CHECK_EQ(option(fd, SO_ERROR), 0);
	CHECK_EQ(option(fd, SO_ACCEPTCONN), 0);
	CHECK_EQ(option(fd, SO_SNDBUF), 212992);
	OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, size));
	CHECK_EQ(option(fd, SO_SNDBUF), 80000);
	value = 1;
	OK(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value, size));
	CHECK_EQ(option(fd, SO_PASSCRED), 1);
	OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, size));
	CHECK_EQ(option(fd, SO_REUSEADDR), 1);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value, 1), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, 12345, &value, size),
		    ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, 12345, &value, &size),
		    ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(fd, 12345, 1, &value, &size), EOPNOTSUPP);
	int server = unix_listener("s", 1);
	CHECK_EQ(option(server, SO_ACCEPTCONN), 1);
}

ABI_CASE(peer_credentials)
{
	struct {
		int pid;
		unsigned uid, gid;
	} peer;
	socklen_t size = sizeof(peer);
	int fds[2];

	unix_pair(SOCK_STREAM, fds);
	OK(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
	CHECK_EQ(peer.pid, getpid());
	CHECK_EQ(peer.uid, getuid());
	CHECK_EQ(peer.gid, getgid());
	int server = unix_listener("s", 1);
	int pid = OK(fork());
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char c;

		_exit(unix_connect(fd, "s") != 0 || read(fd, &c, 1) != 0);
	}
	int end = OK(accept(server, NULL, NULL));
	size = sizeof(peer);
	OK(getsockopt(end, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	CHECK_EQ(peer.pid, pid);
	OK(close(end));
	int status;
	OK(waitpid(pid, &status, 0));
	CHECK_EQ(status, 0);
}
