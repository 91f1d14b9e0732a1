/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * User and group identity of a process.  The guest starts as root; set-uid
 * bits of files are ignored.  Guarded by process->lock.
 */
#include <stdint.h>

#define CREDENTIALS_GROUP_MAX 64 /* supplementary groups; more: -EINVAL */

struct credentials {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint32_t group_count;
	uint32_t groups[CREDENTIALS_GROUP_MAX];
	uint64_t cap_effective, cap_permitted, cap_inheritable;
	uint64_t cap_bounding, cap_ambient;
	uint32_t secure_bits;
};
