/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Attributes of a file, wide enough for statx, and of a filesystem. */
#include <stdint.h>

/* File types, as in st_mode and d_type. */
#define MODE_TYPE	 0170000
#define MODE_SOCKET	 0140000
#define MODE_SYMLINK	 0120000
#define MODE_REGULAR	 0100000
#define MODE_BLOCK	 0060000
#define MODE_DIRECTORY	 0040000
#define MODE_CHARACTER	 0020000
#define MODE_FIFO	 0010000
#define MODE_SETUID	 04000
#define MODE_SETGID	 02000
#define MODE_STICKY	 01000
#define MODE_PERMISSIONS 07777

/* d_type of a mode */
#define MODE_DIRENT_TYPE(mode) (((mode)&MODE_TYPE) >> 12)

#define KSTAT_SET_MODE	(1u << 0)
#define KSTAT_SET_UID	(1u << 1)
#define KSTAT_SET_GID	(1u << 2)
#define KSTAT_SET_ATIME (1u << 3)
#define KSTAT_SET_MTIME (1u << 4)
#define KSTAT_SET_CTIME (1u << 5)
/* The times are "now": write permission is enough, ownership not needed. */
#define KSTAT_TIMES_NOW (1u << 8)

struct kstat {
	uint64_t device; /* st_dev, MAKE_DEVICE() */
	uint64_t ino;
	uint32_t mode;
	uint32_t link_count;
	uint32_t uid, gid;
	uint64_t rdev;
	uint64_t size;
	uint32_t block_size;
	uint64_t blocks; /* 512-byte units */
	uint64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint64_t attributes; /* STATX_ATTR_* */
	uint64_t mount_id;
};

struct kstatfs {
	uint64_t type; /* magic */
	uint64_t block_size;
	uint64_t blocks, blocks_free, blocks_available;
	uint64_t files, files_free;
	uint64_t name_length;
	uint64_t flags;
	uint64_t fsid;
};

/* Linux's dev_t in struct stat: 12 bits major, 20 bits minor. */
#define MAKE_DEVICE(major, minor)                                              \
	(((uint64_t)((major)&0xfff) << 8) | ((uint64_t)(minor)&0xff) |         \
	 ((uint64_t)((minor) & ~0xffull) << 12))
#define DEVICE_MAJOR(device) (((device) >> 8) & 0xfff)
#define DEVICE_MINOR(device) (((device)&0xff) | (((device) >> 12) & ~0xffull))
