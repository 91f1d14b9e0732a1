/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* socket(7), unix(7): families, types, options, messages of 64-bit Linux. */
#include <stdint.h>

#define UAPI_AF_UNSPEC 0
#define UAPI_AF_UNIX   1
#define UAPI_AF_MAX    46

#define UAPI_SOCK_STREAM    1
#define UAPI_SOCK_DGRAM	    2
#define UAPI_SOCK_RAW	    3
#define UAPI_SOCK_SEQPACKET 5
#define UAPI_SOCK_MAX	    11
#define UAPI_SOCK_TYPE_MASK 0xf
#define UAPI_SOCK_NONBLOCK  04000
#define UAPI_SOCK_CLOEXEC   02000000

#define UAPI_SHUT_RD   0
#define UAPI_SHUT_WR   1
#define UAPI_SHUT_RDWR 2

#define UAPI_MSG_OOB	      0x1u
#define UAPI_MSG_PEEK	      0x2u
#define UAPI_MSG_CTRUNC	      0x8u
#define UAPI_MSG_TRUNC	      0x20u
#define UAPI_MSG_DONTWAIT     0x40u
#define UAPI_MSG_EOR	      0x80u
#define UAPI_MSG_WAITALL      0x100u
#define UAPI_MSG_ERRQUEUE     0x2000u
#define UAPI_MSG_NOSIGNAL     0x4000u
#define UAPI_MSG_WAITFORONE   0x10000u
#define UAPI_MSG_CMSG_CLOEXEC 0x40000000u

#define UAPI_SOL_SOCKET	    1
#define UAPI_SO_DEBUG	    1
#define UAPI_SO_REUSEADDR   2
#define UAPI_SO_TYPE	    3
#define UAPI_SO_ERROR	    4
#define UAPI_SO_DONTROUTE   5
#define UAPI_SO_BROADCAST   6
#define UAPI_SO_SNDBUF	    7
#define UAPI_SO_RCVBUF	    8
#define UAPI_SO_KEEPALIVE   9
#define UAPI_SO_OOBINLINE   10
#define UAPI_SO_NO_CHECK    11
#define UAPI_SO_PRIORITY    12
#define UAPI_SO_LINGER	    13
#define UAPI_SO_REUSEPORT   15
#define UAPI_SO_PASSCRED    16
#define UAPI_SO_PEERCRED    17
#define UAPI_SO_RCVLOWAT    18
#define UAPI_SO_SNDLOWAT    19
#define UAPI_SO_RCVTIMEO    20
#define UAPI_SO_SNDTIMEO    21
#define UAPI_SO_TIMESTAMP   29
#define UAPI_SO_ACCEPTCONN  30
#define UAPI_SO_SNDBUFFORCE 32
#define UAPI_SO_RCVBUFFORCE 33
#define UAPI_SO_TIMESTAMPNS 35
#define UAPI_SO_PROTOCOL    38
#define UAPI_SO_DOMAIN	    39
#define UAPI_SO_PEEK_OFF    42
#define UAPI_SO_COOKIE	    57

#define UAPI_SCM_RIGHTS	     1
#define UAPI_SCM_CREDENTIALS 2

#define UAPI_TIOCOUTQ 0x5411u

#define UAPI_SOMAXCONN 4096

struct uapi_linger {
	int32_t on;
	int32_t seconds;
};

struct uapi_ucred {
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
};

struct uapi_msghdr {
	uint64_t name;
	uint32_t name_length;
	uint32_t pad0;
	uint64_t vector;
	uint64_t vector_count;
	uint64_t control;
	uint64_t control_length;
	uint32_t flags;
	uint32_t pad1;
};
_Static_assert(sizeof(struct uapi_msghdr) == 56, "recvmsg(2)");

struct uapi_mmsghdr {
	struct uapi_msghdr header;
	uint32_t length;
	uint32_t pad0;
};
_Static_assert(sizeof(struct uapi_mmsghdr) == 64, "recvmmsg(2)");

struct uapi_cmsghdr {
	uint64_t length;
	int32_t level;
	int32_t type;
};
_Static_assert(sizeof(struct uapi_cmsghdr) == 16, "cmsg(3)");
