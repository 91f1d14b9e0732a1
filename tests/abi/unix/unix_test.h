/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks of AF_UNIX share. */
#pragma once

#include "abi_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A name in the family's folder; its length with the NUL. */
static inline socklen_t unix_name(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(path) + 1);
}

static inline int unix_bound(int type, const char *path)
{
	struct sockaddr_un address;
	socklen_t length = unix_name(&address, path);
	int fd = OK(socket(AF_UNIX, type, 0));

	OK(bind(fd, (struct sockaddr *)&address, length));
	return fd;
}

static inline int unix_listener(const char *path, int backlog)
{
	int fd = unix_bound(SOCK_STREAM, path);

	OK(listen(fd, backlog));
	return fd;
}

static inline int unix_connect(int fd, const char *path)
{
	struct sockaddr_un address;
	socklen_t length = unix_name(&address, path);

	return connect(fd, (struct sockaddr *)&address, length);
}

static inline void unix_pair(int type, int fds[2])
{
	OK(socketpair(AF_UNIX, type, 0, fds));
}
