/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The block device, specification 5.2. */
#include <stdint.h>

#define VIRTIO_BLK_F_SIZE_MAX 1
#define VIRTIO_BLK_F_SEG_MAX  2
#define VIRTIO_BLK_F_RO	      5
#define VIRTIO_BLK_F_BLK_SIZE 6
#define VIRTIO_BLK_F_FLUSH    9
#define VIRTIO_BLK_F_MQ	      12
#define VIRTIO_BLK_F_DISCARD  13

/* Configuration. */
#define VIRTIO_BLK_CAPACITY	 0  /* 64 bits, sectors of 512 */
#define VIRTIO_BLK_SIZE_MAX	 8  /* 32: bytes of one segment */
#define VIRTIO_BLK_SEG_MAX	 12 /* 32: segments of one request */
#define VIRTIO_BLK_BLK_SIZE	 20 /* 32 */
#define VIRTIO_BLK_QUEUE_COUNT	 34 /* 16 */
#define VIRTIO_BLK_DISCARD_MAX	 36 /* 32: sectors of one request */
#define VIRTIO_BLK_DISCARD_ALIGN 44 /* 32: sectors */

#define VIRTIO_BLK_T_IN	     0u
#define VIRTIO_BLK_T_OUT     1u
#define VIRTIO_BLK_T_FLUSH   4u
#define VIRTIO_BLK_T_GET_ID  8u
#define VIRTIO_BLK_T_DISCARD 11u

#define VIRTIO_BLK_S_OK		 0
#define VIRTIO_BLK_S_UNSUPPORTED 2
#define VIRTIO_BLK_S_NONE	 0xff /* ours: the device wrote nothing */

#define VIRTIO_BLK_ID_SIZE 20

struct virtio_blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct virtio_blk_discard {
	uint64_t sector;
	uint32_t count;
	uint32_t flags;
};

_Static_assert(sizeof(struct virtio_blk_header) == 16, "5.2.6");
_Static_assert(sizeof(struct virtio_blk_discard) == 16, "5.2.6");
