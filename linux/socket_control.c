/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Control messages (cmsg(3)) of sendmsg(2) and recvmsg(2): files
 * (SCM_RIGHTS) and identities (SCM_CREDENTIALS).
 *
 * The buffer of the application is copied in once, at most CONTROL_MAX bytes,
 * and parsed there.
 */
#include "socket.h"

#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <time/clock.h>
#include <uapi/errno.h>

#define CONTROL_MAX 20480 /* net.core.optmem_max */
#define HEAD_SIZE   sizeof(struct uapi_cmsghdr)

/* --- in
 * -------------------------------------------------------------------------- */

static int take_files(struct socket_control *control, const void *data,
		      size_t size)
{
	unsigned count = (unsigned)(size / sizeof(int32_t));
	struct socket_rights *rights;

	if (count == 0) {
		return 0;
	}
	if (count > SOCKET_FILES_MAX || control->rights != NULL) {
		return -EINVAL;
	}
	rights = socket_rights_create(count);
	if (rights == NULL) {
		return -ENOMEM;
	}
	control->rights = rights;
	for (unsigned i = 0; i < count; i++) {
		struct file_ref ref;
		int32_t fd;

		memcpy(&fd, (const char *)data + i * sizeof(fd), sizeof(fd));
		ref = fd_get_path(fd);
		if (ref.file == NULL) {
			return -EBADF;
		}
		file_get(ref.file);
		rights->files[i] = ref.file;
		fd_put(ref);
	}
	return 0;
}

/* Anybody may show the own identity, the privileged any. */
static int take_credentials(struct socket_control *control, const void *data,
			    size_t size)
{
	struct credentials own;
	struct uapi_ucred claimed;

	if (size != sizeof(claimed)) {
		return -EINVAL;
	}
	memcpy(&claimed, data, sizeof(claimed));
	credentials_current(&own);
	if (claimed.pid != process_current()->pid &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	if (claimed.uid != own.uid && claimed.uid != own.euid &&
	    claimed.uid != own.suid &&
	    !credentials_capable(CREDENTIALS_CAP_SETUID)) {
		return -EPERM;
	}
	if (claimed.gid != own.gid && claimed.gid != own.egid &&
	    claimed.gid != own.sgid &&
	    !credentials_capable(CREDENTIALS_CAP_SETGID)) {
		return -EPERM;
	}
	control->has_credentials = true;
	control->credentials.pid = claimed.pid;
	control->credentials.uid = claimed.uid;
	control->credentials.gid = claimed.gid;
	return 0;
}

static int take_message(struct socket_control *control,
			const struct uapi_cmsghdr *head, const void *data)
{
	size_t size = head->length - HEAD_SIZE;

	if (head->level != UAPI_SOL_SOCKET) {
		return 0; /* the family's own; AF_UNIX has none */
	}
	switch (head->type) {
	case UAPI_SCM_RIGHTS:
		return take_files(control, data, size);
	case UAPI_SCM_CREDENTIALS:
		return take_credentials(control, data, size);
	default:
		return -EINVAL;
	}
}

static int parse(struct socket_control *control, const uint8_t *buffer,
		 size_t size)
{
	size_t at = 0;
	int err = 0;

	while (err == 0 && size - at >= HEAD_SIZE) {
		struct uapi_cmsghdr head;

		memcpy(&head, buffer + at, sizeof(head));
		if (head.length < HEAD_SIZE || head.length > size - at) {
			return -EINVAL;
		}
		err = take_message(control, &head, buffer + at + HEAD_SIZE);
		at += MIN(ALIGN_UP((size_t)head.length, sizeof(uint64_t)),
			  size - at);
	}
	return err;
}

int socket_copy_control(struct socket_control *control, uint64_t from,
			uint64_t length)
{
	uint8_t *buffer;
	int err;

	*control = (struct socket_control){0};
	if (length == 0 || from == 0) {
		return 0;
	}
	if (length > CONTROL_MAX) {
		return -ENOBUFS;
	}
	buffer = kmalloc(length);
	if (buffer == NULL) {
		return -ENOMEM;
	}
	err = user_copy_in(buffer, (const void USER *)from, length);
	if (err == 0) {
		err = parse(control, buffer, length);
	}
	kfree(buffer);
	if (err < 0) {
		socket_rights_destroy(control->rights);
		control->rights = NULL;
	}
	return err;
}

/* --- out
 * ------------------------------------------------------------------------- */

struct control_out {
	uint64_t to;
	uint64_t room;
	uint64_t used;
	bool truncated;
};

/* One message of `size` bytes; what does not fit is cut. */
static void put_message(struct control_out *out, int type, const void *data,
			size_t size)
{
	struct uapi_cmsghdr head = {.level = UAPI_SOL_SOCKET, .type = type};
	uint64_t left = out->room - out->used;
	char USER *to = (char USER *)(out->to + out->used);

	if (out->to == 0 || left < HEAD_SIZE) {
		out->truncated = true;
		return;
	}
	if (size > left - HEAD_SIZE) {
		size = left - HEAD_SIZE;
		out->truncated = true;
	}
	head.length = HEAD_SIZE + size;
	if (user_copy_out(to, &head, sizeof(head)) < 0 ||
	    user_copy_out(to + HEAD_SIZE, data, size) < 0) {
		out->truncated = true;
		return;
	}
	out->used += MIN(ALIGN_UP(head.length, (uint64_t)8), left);
}

/* Room for how many descriptors is there? */
static unsigned files_that_fit(const struct control_out *out)
{
	uint64_t left = out->room - out->used;

	if (out->to == 0 || left < HEAD_SIZE + sizeof(int32_t)) {
		return 0;
	}
	return (unsigned)MIN((left - HEAD_SIZE) / sizeof(int32_t),
			     (uint64_t)SOCKET_FILES_MAX);
}

static void put_files(struct control_out *out, struct socket_rights *rights,
		      bool cloexec)
{
	unsigned limit = MIN(files_that_fit(out), rights->count);
	int32_t fds[SOCKET_FILES_MAX];
	unsigned count = 0;

	for (; count < limit; count++) {
		int fd = fd_install(rights->files[count], 0, cloexec);

		if (fd < 0) {
			break;
		}
		rights->files[count] = NULL; /* the table's now */
		fds[count] = fd;
	}
	if (count < rights->count) {
		out->truncated = true;
	}
	if (count > 0) {
		put_message(out, UAPI_SCM_RIGHTS, fds, count * sizeof(fds[0]));
	}
}

static void put_time(struct control_out *out, const struct socket *socket,
		     uint64_t ns)
{
	bool nanoseconds = READ_ONCE(socket->options.timestamp_ns);
	int64_t time[2] = {
		(int64_t)(ns / NSEC_PER_SEC),
		(int64_t)(ns % NSEC_PER_SEC /
			  (nanoseconds ? 1 : NSEC_PER_USEC)),
	};

	put_message(out, nanoseconds ? UAPI_SO_TIMESTAMPNS : UAPI_SO_TIMESTAMP,
		    time, sizeof(time));
}

void socket_put_control(const struct socket *socket,
			struct socket_control *control, uint64_t to,
			uint64_t *length, unsigned call_flags, unsigned *flags)
{
	struct control_out out = {.to = to, .room = *length};

	if (control->time_ns != 0) {
		put_time(&out, socket, control->time_ns);
	}
	if (READ_ONCE(socket->options.pass_credentials)) {
		struct uapi_ucred credentials = {
			.pid = 0, .uid = 65534, .gid = 65534};

		if (control->has_credentials) {
			credentials.pid = control->credentials.pid;
			credentials.uid = control->credentials.uid;
			credentials.gid = control->credentials.gid;
		}
		put_message(&out, UAPI_SCM_CREDENTIALS, &credentials,
			    sizeof(credentials));
	}
	if (control->rights != NULL) {
		put_files(&out, control->rights,
			  (call_flags & UAPI_MSG_CMSG_CLOEXEC) != 0);
		socket_rights_destroy(control->rights);
		control->rights = NULL;
	}
	*length = out.used;
	if (out.truncated) {
		*flags |= UAPI_MSG_CTRUNC;
	}
}
