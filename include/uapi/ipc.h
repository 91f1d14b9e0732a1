/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* System V IPC, 64-bit layouts: sysvipc(7). */
#include <stdint.h>

#define UAPI_IPC_PRIVATE 0
#define UAPI_IPC_CREAT	 00001000
#define UAPI_IPC_EXCL	 00002000
#define UAPI_IPC_NOWAIT	 00004000
#define UAPI_IPC_64	 0x0100 /* may be set in commands */

#define UAPI_IPC_RMID 0
#define UAPI_IPC_SET  1
#define UAPI_IPC_STAT 2
#define UAPI_IPC_INFO 3

#define UAPI_MSG_STAT	  11
#define UAPI_MSG_INFO	  12
#define UAPI_MSG_STAT_ANY 13
#define UAPI_MSG_NOERROR  010000
#define UAPI_MSG_EXCEPT	  020000
#define UAPI_MSG_COPY	  040000

#define UAPI_SHM_LOCK	  11
#define UAPI_SHM_UNLOCK	  12
#define UAPI_SHM_STAT	  13
#define UAPI_SHM_INFO	  14
#define UAPI_SHM_STAT_ANY 15
#define UAPI_SHM_RDONLY	  010000
#define UAPI_SHM_RND	  020000
#define UAPI_SHM_REMAP	  040000
#define UAPI_SHM_EXEC	  0100000
#define UAPI_SHM_DEST	  01000 /* mode: goes with the last attachment */
#define UAPI_SHM_LOCKED	  02000

#define UAPI_SEM_GETPID	  11
#define UAPI_SEM_GETVAL	  12
#define UAPI_SEM_GETALL	  13
#define UAPI_SEM_GETNCNT  14
#define UAPI_SEM_GETZCNT  15
#define UAPI_SEM_SETVAL	  16
#define UAPI_SEM_SETALL	  17
#define UAPI_SEM_STAT	  18
#define UAPI_SEM_INFO	  19
#define UAPI_SEM_STAT_ANY 20
#define UAPI_SEM_UNDO	  0x1000

struct uapi_ipc_perm {
	int32_t key;
	uint32_t uid, gid, cuid, cgid, mode;
	uint16_t seq, pad;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct uapi_ipc_perm) == 48, "ipc64_perm");

struct uapi_shmid_ds {
	struct uapi_ipc_perm perm;
	uint64_t size;
	int64_t attach_time, detach_time, change_time;
	int32_t creator, last;
	uint64_t attached;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct uapi_shmid_ds) == 112, "shmid64_ds");

struct uapi_shminfo {
	uint64_t max, min, ids, segments, pages, unused[4];
};

struct uapi_shm_info {
	int32_t used_ids, pad;
	uint64_t pages, resident, swapped, swap_attempts, swap_successes;
};

struct uapi_msqid_ds {
	struct uapi_ipc_perm perm;
	int64_t send_time, receive_time, change_time;
	uint64_t bytes, count, bytes_max;
	int32_t last_sender, last_receiver;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct uapi_msqid_ds) == 120, "msqid64_ds");

struct uapi_msginfo {
	int32_t pool, map, max, queue_max, ids, segment, headers;
	uint16_t segments;
};

struct uapi_sembuf {
	uint16_t number;
	int16_t operation;
	int16_t flags;
};

struct uapi_seminfo {
	int32_t map, ids, all, undo, per_set, per_call, undo_entries, undo_size,
		value_max, adjust_max;
};
