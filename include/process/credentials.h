/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * User and group identity of a process.  The guest starts as root; set-uid
 * bits of files are ignored.  Guarded by process->lock.
 */
#include <stdbool.h>
#include <stdint.h>

#define CREDENTIALS_GROUP_MAX 64 /* supplementary groups; more: -EINVAL */

/* All capabilities that exist: CAP_LAST_CAP is 40 (CHECKPOINT_RESTORE). */
#define CREDENTIALS_CAP_LAST 40
#define CREDENTIALS_CAP_ALL  ((1ull << (CREDENTIALS_CAP_LAST + 1)) - 1)

#define CREDENTIALS_CAP_KILL	     5
#define CREDENTIALS_CAP_SETGID	     6
#define CREDENTIALS_CAP_SETUID	     7
#define CREDENTIALS_CAP_SETPCAP	     8
#define CREDENTIALS_CAP_IPC_LOCK     14
#define CREDENTIALS_CAP_IPC_OWNER    15
#define CREDENTIALS_CAP_SYS_CHROOT   18
#define CREDENTIALS_CAP_SYS_PTRACE   19
#define CREDENTIALS_CAP_SYS_ADMIN    21
#define CREDENTIALS_CAP_SYS_BOOT     22
#define CREDENTIALS_CAP_SYS_NICE     23
#define CREDENTIALS_CAP_SYS_RESOURCE 24
#define CREDENTIALS_CAP_SYS_TIME     25
#define CREDENTIALS_CAP_SYSLOG	     34

struct credentials {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint32_t group_count;
	uint32_t groups[CREDENTIALS_GROUP_MAX];
	uint64_t cap_effective, cap_permitted, cap_inheritable;
	uint64_t cap_bounding, cap_ambient;
	uint32_t secure_bits;
};

/* The full rights of root, no supplementary groups. */
void credentials_init_root(struct credentials *credentials);

/* A consistent copy of the current process's identity; root for the kernel. */
void credentials_current(struct credentials *credentials_out);

/* True when the current process has the capability in effect. */
bool credentials_capable(unsigned capability);

/* True when the gid is the fsgid or one of the supplementary groups. */
bool credentials_in_group(const struct credentials *credentials, uint32_t gid);

/*
 * setuid() and its family: change one identity as Linux does, with the
 * capabilities that follow from it.  -1 (all bits) keeps a value.  0, -EPERM,
 * -EINVAL.  Thread context; the whole process changes.
 */
#define CREDENTIALS_KEEP UINT32_MAX
int credentials_set_uid(uint32_t uid);
int credentials_set_gid(uint32_t gid);
int credentials_set_reuid(uint32_t ruid, uint32_t euid);
int credentials_set_regid(uint32_t rgid, uint32_t egid);
int credentials_set_resuid(uint32_t ruid, uint32_t euid, uint32_t suid);
int credentials_set_resgid(uint32_t rgid, uint32_t egid, uint32_t sgid);
/* Return the previous value; the new one is kept only if allowed. */
uint32_t credentials_set_fsuid(uint32_t uid);
uint32_t credentials_set_fsgid(uint32_t gid);
int credentials_set_groups(const uint32_t *groups, uint32_t count);
/* capset of the current process: the sets as Linux allows them. */
int credentials_set_caps(uint64_t effective, uint64_t permitted,
			 uint64_t inheritable);
/* prctl(PR_CAPBSET_DROP). */
int credentials_drop_bounding(unsigned capability);
/* prctl(PR_CAP_AMBIENT, PR_SET_SECUREBITS, PR_SET_KEEPCAPS): 0, -EINVAL,
 * -EPERM. */
int credentials_set_ambient(unsigned capability, bool raise);
void credentials_clear_ambient(void);
int credentials_set_secure_bits(uint32_t bits);
int credentials_set_keep_caps(bool keep);
/* execve: capabilities of root come back unless SECBIT_NOROOT; ambient ones
 * survive; keep-caps is off again. */
void credentials_exec(struct credentials *credentials);
