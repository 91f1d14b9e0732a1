/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Sockets: between the calls (linux/socket.c) and the protocol families.
 *
 * 1. A family registers itself (socket_family_register()) and creates sockets:
 *    struct socket embedded in its own struct, with a table of operations.
 *    Operations that are NULL are answered with -EOPNOTSUPP.
 * 2. socket_open() gives a socket its file; from then on the file owns it, and
 *    the last file_put() calls ops->release, which may sleep.
 * 3. Blocking: operations get a message's flags with MSG_DONTWAIT set when
 *    the file is non-blocking, or `nonblock`.  Interrupted ones return
 *    -ERESTARTSYS when they would wait for ever, else -EINTR
 *    (socket_interrupted()).
 * 4. SIGPIPE is sent by socket_send(), not by the families.
 *
 * Thread context; all may sleep.  Key: [I] immutable, [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/types.h>
#include <vfs/anonymous.h>
#include <vfs/iov.h>

struct file;
struct poll_table;
struct socket;

#define SOCKET_ADDRESS_MAX 128 /* sockaddr_storage */
#define SOCKET_FILES_MAX   253 /* SCM_MAX_FD */

/* Defaults and bounds of SO_SNDBUF, SO_RCVBUF in bytes. */
#define SOCKET_BUFFER_DEFAULT 212992
#define SOCKET_BUFFER_MIN     4608
#define SOCKET_BUFFER_MAX     425984 /* twice the default, as Linux counts */

struct socket_address {
	uint32_t length; /* 0: none */
	union {
		uint16_t family;
		uint8_t bytes[SOCKET_ADDRESS_MAX];
	};
};

struct socket_credentials {
	int32_t pid;
	uint32_t uid, gid;
};

/* Files on their way (SCM_RIGHTS): one reference each. */
struct socket_rights {
	unsigned count;
	struct list_node link; /* of whoever has it */
	struct {	       /* the family's */
		struct list_node link;
		struct socket *to;
		void *user;
	} flight;
	struct file *files[];
};

/* NULL: no memory. */
struct socket_rights *socket_rights_create(unsigned count);
/*
 * Puts the files that are left (not NULL) and frees.  Called by the release of
 * one of these files, in the same thread, it leaves that to the outermost call:
 * chains of sockets in each other's queues are freed without recursion.
 */
void socket_rights_destroy(struct socket_rights *rights); /* NULL is allowed */
struct socket_rights *socket_rights_clone(const struct socket_rights *rights);

struct socket_control {
	struct socket_rights *rights; /* NULL: none */
	bool has_credentials;
	struct socket_credentials credentials;
	uint64_t time_ns; /* of receive: SO_TIMESTAMP; 0: none */
};

struct socket_message {
	struct iov_iter *data;
	unsigned flags;			 /* UAPI_MSG_* */
	unsigned flags_out;		 /* of receive: TRUNC, CTRUNC, EOR */
	const struct socket_address *to; /* of send; NULL: the peer */
	struct socket_address *from;	 /* of receive; NULL: not wanted */
	/*
	 * Send: what goes along, NULL: nothing; rights are taken over (and set
	 * to NULL) when the message was sent.  Receive: is filled; rights
	 * become the caller's.  NULL: rights are dropped, CTRUNC says so.
	 */
	struct socket_control *control;
};

struct socket_ops {
	int (*bind)(struct socket *socket,
		    const struct socket_address *address);
	int (*connect)(struct socket *socket,
		       const struct socket_address *address, bool nonblock);
	int (*listen)(struct socket *socket, unsigned backlog);
	int (*accept)(struct socket *socket, bool nonblock,
		      struct socket **socket_out);
	int (*pair)(struct socket *a, struct socket *b);
	ssize_t (*send)(struct socket *socket, struct socket_message *message);
	ssize_t (*receive)(struct socket *socket,
			   struct socket_message *message);
	int (*shutdown)(struct socket *socket, int how);
	/* Its own name or the peer's. */
	int (*name)(struct socket *socket, bool peer,
		    struct socket_address *address_out);
	uint32_t (*poll)(struct socket *socket, struct poll_table *table);
	long (*ioctl)(struct socket *socket, unsigned command,
		      unsigned long arg);
	/* Of the family's own levels, and what SOL_SOCKET does not know.
	 * *size: room, then the size of the value.  -ENOPROTOOPT. */
	int (*get_option)(struct socket *socket, int level, int option,
			  void *value, size_t *size);
	int (*set_option)(struct socket *socket, int level, int option,
			  const void *value, size_t size);
	/* Frees the socket. */
	void (*release)(struct socket *socket);
};

/* Common options; members are [a] and independent. */
struct socket_options {
	uint32_t send_buffer, receive_buffer;
	uint64_t send_timeout_ns, receive_timeout_ns; /* 0: for ever */
	bool pass_credentials;
	bool debug, reuse_address, reuse_port, dont_route, broadcast,
		keep_alive, oob_inline, no_check;
	bool timestamp, timestamp_ns; /* one at most */
	bool linger;
	int32_t linger_seconds;
	uint32_t priority;
	uint32_t receive_low_water;
};

struct socket {
	const struct socket_ops *ops; /* [I] */
	int family, type, protocol;   /* [I] */
	bool listening;		      /* [a] SO_ACCEPTCONN */
	int error;		      /* [a] SO_ERROR: positive, 0: none */
	uint64_t number;	      /* [I] in "socket:[7]" */
	struct file *file;	      /* [I] its own; NULL: not open yet */
	struct socket_options options;
	struct anonymous_node node;
};

struct socket_family {
	int family;
	/* -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM.  type without flags. */
	int (*create)(int type, int protocol, struct socket **socket_out);
	struct list_node link;
};

/* From an INIT_CORE hook. */
void socket_family_register(struct socket_family *family);

/* A socket without file.  -EAFNOSUPPORT and the family's errors. */
int socket_create(int family, int type, int protocol,
		  struct socket **socket_out);
/* Fills what all families share. */
void socket_init(struct socket *socket, const struct socket_ops *ops,
		 int family, int type, int protocol);
/* Gives it a file; the socket is released when that fails.  -ENFILE. */
int socket_open(struct socket *socket, unsigned flags, struct file **file_out);
/* The socket of a file; NULL: it is none. */
struct socket *socket_of(const struct file *file);

ssize_t socket_send(struct socket *socket, struct socket_message *message);
ssize_t socket_receive(struct socket *socket, struct socket_message *message);

/* What a sleep until the deadline returned, as the call is to return it. */
int socket_interrupted(int err, uint64_t timeout_ns);
/* Monotonic; WAIT_FOREVER for timeout 0. */
uint64_t socket_deadline(uint64_t timeout_ns);

/* SO_*.  value: a kernel buffer; see the operations. */
int socket_get_option(struct socket *socket, int level, int option, void *value,
		      size_t *size);
int socket_set_option(struct socket *socket, int level, int option,
		      const void *value, size_t size);
/* Takes the pending error: 0 or negative. */
int socket_take_error(struct socket *socket);
