/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* struct stat of stat(2), as x86-64 Linux lays it out. */
#include <stddef.h>
#include <stdint.h>

struct uapi_stat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t pad0;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks;
	int64_t atime_sec, atime_nsec;
	int64_t mtime_sec, mtime_nsec;
	int64_t ctime_sec, ctime_nsec;
	int64_t unused[3];
};
_Static_assert(sizeof(struct uapi_stat) == 144, "stat(2)");
_Static_assert(offsetof(struct uapi_stat, atime_sec) == 72, "stat(2)");
