/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Flags of open(2), x86-64 and generic values, and constants of fcntl(2). */
#define UAPI_O_ACCMODE	 00000003
#define UAPI_O_RDONLY	 00000000
#define UAPI_O_WRONLY	 00000001
#define UAPI_O_RDWR	 00000002
#define UAPI_O_CREAT	 00000100
#define UAPI_O_EXCL	 00000200
#define UAPI_O_NOCTTY	 00000400
#define UAPI_O_TRUNC	 00001000
#define UAPI_O_APPEND	 00002000
#define UAPI_O_NONBLOCK	 00004000
#define UAPI_O_DSYNC	 00010000
#define UAPI_O_ASYNC	 00020000
#define UAPI_O_DIRECT	 00040000
#define UAPI_O_LARGEFILE 00100000
#define UAPI_O_DIRECTORY 00200000
#define UAPI_O_NOFOLLOW	 00400000
#define UAPI_O_NOATIME	 01000000
#define UAPI_O_CLOEXEC	 02000000
#define UAPI_O_SYNC	 04010000
#define UAPI_O_PATH	 010000000
#define UAPI_O_TMPFILE	 020200000

/* fcntl(2) commands. */
#define UAPI_F_DUPFD	     0
#define UAPI_F_GETFD	     1
#define UAPI_F_SETFD	     2
#define UAPI_F_GETFL	     3
#define UAPI_F_SETFL	     4
#define UAPI_F_GETLK	     5
#define UAPI_F_SETLK	     6
#define UAPI_F_SETLKW	     7
#define UAPI_F_SETOWN	     8
#define UAPI_F_GETOWN	     9
#define UAPI_F_SETSIG	     10
#define UAPI_F_GETSIG	     11
#define UAPI_F_SETOWN_EX     15
#define UAPI_F_GETOWN_EX     16
#define UAPI_F_OFD_GETLK     36
#define UAPI_F_OFD_SETLK     37
#define UAPI_F_OFD_SETLKW    38
#define UAPI_F_SETLEASE	     1024
#define UAPI_F_GETLEASE	     1025
#define UAPI_F_NOTIFY	     1026
#define UAPI_F_DUPFD_CLOEXEC 1030
#define UAPI_F_SETPIPE_SZ    1031
#define UAPI_F_GETPIPE_SZ    1032
#define UAPI_F_ADD_SEALS     1033
#define UAPI_F_GET_SEALS     1034

#define UAPI_FD_CLOEXEC 1

#define UAPI_F_RDLCK 0
#define UAPI_F_WRLCK 1
#define UAPI_F_UNLCK 2

#define UAPI_F_OWNER_TID  0
#define UAPI_F_OWNER_PID  1
#define UAPI_F_OWNER_PGRP 2

#define UAPI_F_SEAL_SEAL	 0x0001
#define UAPI_F_SEAL_SHRINK	 0x0002
#define UAPI_F_SEAL_GROW	 0x0004
#define UAPI_F_SEAL_WRITE	 0x0008
#define UAPI_F_SEAL_FUTURE_WRITE 0x0010
#define UAPI_F_SEAL_EXEC	 0x0020 /* the x bits of the mode */

/* flock(2) */
#define UAPI_LOCK_SH 1
#define UAPI_LOCK_EX 2
#define UAPI_LOCK_NB 4
#define UAPI_LOCK_UN 8

/* The *at calls. */
#define UAPI_AT_FDCWD		 (-100)
#define UAPI_AT_SYMLINK_NOFOLLOW 0x100
#define UAPI_AT_EACCESS		 0x200
#define UAPI_AT_REMOVEDIR	 0x200
#define UAPI_AT_SYMLINK_FOLLOW	 0x400
#define UAPI_AT_NO_AUTOMOUNT	 0x800
#define UAPI_AT_EMPTY_PATH	 0x1000
#define UAPI_AT_STATX_FORCE_SYNC 0x2000
#define UAPI_AT_STATX_DONT_SYNC	 0x4000

#define UAPI_RENAME_NOREPLACE (1u << 0)
#define UAPI_RENAME_EXCHANGE  (1u << 1)
#define UAPI_RENAME_WHITEOUT  (1u << 2)

#define UAPI_SEEK_SET  0
#define UAPI_SEEK_CUR  1
#define UAPI_SEEK_END  2
#define UAPI_SEEK_DATA 3
#define UAPI_SEEK_HOLE 4

/* fallocate(2) */
#define UAPI_FALLOC_KEEP_SIZE	   0x01
#define UAPI_FALLOC_PUNCH_HOLE	   0x02
#define UAPI_FALLOC_COLLAPSE_RANGE 0x08
#define UAPI_FALLOC_ZERO_RANGE	   0x10
#define UAPI_FALLOC_INSERT_RANGE   0x20
#define UAPI_FALLOC_UNSHARE_RANGE  0x40

/* openat2(2) */
#define UAPI_RESOLVE_NO_XDEV	   0x01
#define UAPI_RESOLVE_NO_MAGICLINKS 0x02
#define UAPI_RESOLVE_NO_SYMLINKS   0x04
#define UAPI_RESOLVE_BENEATH	   0x08
#define UAPI_RESOLVE_IN_ROOT	   0x10
#define UAPI_RESOLVE_CACHED	   0x20

/* close_range(2) */
#define UAPI_CLOSE_RANGE_UNSHARE (1u << 1)
#define UAPI_CLOSE_RANGE_CLOEXEC (1u << 2)
