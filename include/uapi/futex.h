/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* futex(2), robust lists, futex_waitv(2). */
#include <stdint.h>

#define UAPI_FUTEX_WAIT		   0
#define UAPI_FUTEX_WAKE		   1
#define UAPI_FUTEX_REQUEUE	   3
#define UAPI_FUTEX_CMP_REQUEUE	   4
#define UAPI_FUTEX_WAKE_OP	   5
#define UAPI_FUTEX_LOCK_PI	   6
#define UAPI_FUTEX_UNLOCK_PI	   7
#define UAPI_FUTEX_TRYLOCK_PI	   8
#define UAPI_FUTEX_WAIT_BITSET	   9
#define UAPI_FUTEX_WAKE_BITSET	   10
#define UAPI_FUTEX_WAIT_REQUEUE_PI 11
#define UAPI_FUTEX_CMP_REQUEUE_PI  12
#define UAPI_FUTEX_LOCK_PI2	   13

#define UAPI_FUTEX_PRIVATE_FLAG	  128
#define UAPI_FUTEX_CLOCK_REALTIME 256

#define UAPI_FUTEX_WAITERS    0x80000000u
#define UAPI_FUTEX_OWNER_DIED 0x40000000u
#define UAPI_FUTEX_TID_MASK   0x3fffffffu

#define UAPI_FUTEX_BITSET_ANY 0xffffffffu

/* Operation and comparison of FUTEX_WAKE_OP. */
#define UAPI_FUTEX_OP_SET	  0
#define UAPI_FUTEX_OP_ADD	  1
#define UAPI_FUTEX_OP_OR	  2
#define UAPI_FUTEX_OP_ANDN	  3
#define UAPI_FUTEX_OP_XOR	  4
#define UAPI_FUTEX_OP_OPARG_SHIFT 8
#define UAPI_FUTEX_OP_CMP_EQ	  0
#define UAPI_FUTEX_OP_CMP_NE	  1
#define UAPI_FUTEX_OP_CMP_LT	  2
#define UAPI_FUTEX_OP_CMP_LE	  3
#define UAPI_FUTEX_OP_CMP_GT	  4
#define UAPI_FUTEX_OP_CMP_GE	  5

#define UAPI_FUTEX2_SIZE_U32 0x02
#define UAPI_FUTEX_WAITV_MAX 128

struct uapi_futex_waitv {
	uint64_t value;
	uint64_t addr;
	uint32_t flags;
	uint32_t reserved;
};

struct uapi_robust_list_head {
	uint64_t next;
	int64_t futex_offset;
	uint64_t pending;
};
#define UAPI_ROBUST_LIST_LIMIT 2048
