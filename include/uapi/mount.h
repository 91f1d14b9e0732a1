/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* mount(2), umount2(2) and the flags in f_flags of statfs(2). */
#define UAPI_MS_RDONLY	    (1u << 0)
#define UAPI_MS_NOSUID	    (1u << 1)
#define UAPI_MS_NODEV	    (1u << 2)
#define UAPI_MS_NOEXEC	    (1u << 3)
#define UAPI_MS_SYNCHRONOUS (1u << 4)
#define UAPI_MS_REMOUNT	    (1u << 5)
#define UAPI_MS_MANDLOCK    (1u << 6)
#define UAPI_MS_DIRSYNC	    (1u << 7)
#define UAPI_MS_NOSYMFOLLOW (1u << 8)
#define UAPI_MS_NOATIME	    (1u << 10)
#define UAPI_MS_NODIRATIME  (1u << 11)
#define UAPI_MS_BIND	    (1u << 12)
#define UAPI_MS_MOVE	    (1u << 13)
#define UAPI_MS_REC	    (1u << 14)
#define UAPI_MS_SILENT	    (1u << 15)
#define UAPI_MS_UNBINDABLE  (1u << 17)
#define UAPI_MS_PRIVATE	    (1u << 18)
#define UAPI_MS_SLAVE	    (1u << 19)
#define UAPI_MS_SHARED	    (1u << 20)
#define UAPI_MS_RELATIME    (1u << 21)
#define UAPI_MS_STRICTATIME (1u << 24)
#define UAPI_MS_LAZYTIME    (1u << 25)

#define UAPI_MNT_FORCE	     1
#define UAPI_MNT_DETACH	     2
#define UAPI_MNT_EXPIRE	     4
#define UAPI_UMOUNT_NOFOLLOW 8

#define UAPI_ST_RDONLY	   0x0001
#define UAPI_ST_NOSUID	   0x0002
#define UAPI_ST_NODEV	   0x0004
#define UAPI_ST_NOEXEC	   0x0008
#define UAPI_ST_SYNC	   0x0010
#define UAPI_ST_VALID	   0x0020
#define UAPI_ST_NOATIME	   0x0400
#define UAPI_ST_NODIRATIME 0x0800
#define UAPI_ST_RELATIME   0x1000
