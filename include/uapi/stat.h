/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* statx(2), statfs(2), utimensat(2). */
#include <stddef.h>
#include <stdint.h>

struct uapi_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct uapi_statx {
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink;
	uint32_t uid, gid;
	uint16_t mode;
	uint16_t pad0;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	struct uapi_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor;
	uint32_t dev_major, dev_minor;
	uint64_t mnt_id;
	uint32_t dio_mem_align, dio_offset_align;
	uint64_t spare[12];
};
_Static_assert(sizeof(struct uapi_statx) == 256, "statx(2)");
_Static_assert(offsetof(struct uapi_statx, mnt_id) == 0x90, "statx(2)");

#define UAPI_STATX_BASIC_STATS 0x07ffu
#define UAPI_STATX_BTIME       0x0800u
#define UAPI_STATX_MNT_ID      0x1000u
#define UAPI_STATX_RESERVED    0x80000000u

struct uapi_statfs {
	int64_t type;
	int64_t bsize;
	uint64_t blocks, bfree, bavail;
	uint64_t files, ffree;
	int32_t fsid[2];
	int64_t namelen;
	int64_t frsize;
	int64_t flags;
	int64_t spare[4];
};
_Static_assert(sizeof(struct uapi_statfs) == 120, "statfs(2)");

#define UAPI_UTIME_NOW	((1ll << 30) - 1)
#define UAPI_UTIME_OMIT ((1ll << 30) - 2)
