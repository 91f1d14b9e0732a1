/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Layouts of the specification 1.2: 2.1 (status), 2.7 (split rings), 4.1.4
 * (PCI), 4.2.2 (registers in memory).  All fields are little-endian, as are the
 * machines that we run on. */
#include <stdint.h>

#define VIRTIO_STATUS_ACKNOWLEDGE 1
#define VIRTIO_STATUS_DRIVER	  2
#define VIRTIO_STATUS_DRIVER_OK	  4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED	  128

#define VIRTIO_ISR_QUEUE  1
#define VIRTIO_ISR_CONFIG 2

/* --- split ring ------------------------------------------------------------
 */

#define VRING_DESC_NEXT	    1
#define VRING_DESC_WRITE    2
#define VRING_DESC_INDIRECT 4

struct vring_desc {
	uint64_t address;
	uint32_t size;
	uint16_t flags;
	uint16_t next;
};

#define VRING_AVAIL_NO_INTERRUPT 1

/* Behind ring[size]: uint16_t used_event. */
struct vring_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[];
};

struct vring_used_entry {
	uint32_t id;
	uint32_t length;
};

#define VRING_USED_NO_NOTIFY 1

/* Behind ring[size]: uint16_t avail_event. */
struct vring_used {
	uint16_t flags;
	uint16_t index;
	struct vring_used_entry ring[];
};

_Static_assert(sizeof(struct vring_desc) == 16, "2.7.5");
_Static_assert(sizeof(struct vring_used_entry) == 8, "2.7.8");

/* --- registers in memory ---------------------------------------------------
 */

#define VIRTIO_MMIO_MAGIC_VALUE 0x74726976 /* "virt" */

#define VIRTIO_MMIO_MAGIC		0x000
#define VIRTIO_MMIO_VERSION		0x004
#define VIRTIO_MMIO_DEVICE_ID		0x008
#define VIRTIO_MMIO_DEVICE_FEATURES	0x010
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_MMIO_DRIVER_FEATURES	0x020
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_MMIO_QUEUE_SEL		0x030
#define VIRTIO_MMIO_QUEUE_SIZE_MAX	0x034
#define VIRTIO_MMIO_QUEUE_SIZE		0x038
#define VIRTIO_MMIO_QUEUE_READY		0x044
#define VIRTIO_MMIO_QUEUE_NOTIFY	0x050
#define VIRTIO_MMIO_INTERRUPT_STATUS	0x060
#define VIRTIO_MMIO_INTERRUPT_ACK	0x064
#define VIRTIO_MMIO_STATUS		0x070
#define VIRTIO_MMIO_QUEUE_DESC		0x080
#define VIRTIO_MMIO_QUEUE_AVAIL		0x090
#define VIRTIO_MMIO_QUEUE_USED		0x0a0
#define VIRTIO_MMIO_CONFIG_GENERATION	0x0fc
#define VIRTIO_MMIO_CONFIG		0x100

/* --- PCI -------------------------------------------------------------------
 */

#define VIRTIO_PCI_VENDOR	    0x1af4
#define VIRTIO_PCI_MODERN	    0x1040 /* device id minus this: type */
#define VIRTIO_PCI_MODERN_END	    0x1080
#define VIRTIO_PCI_TRANSITIONAL	    0x1000 /* the subsystem id is the type */
#define VIRTIO_PCI_TRANSITIONAL_END 0x1040

/* Vendor capability: offsets in it. */
#define VIRTIO_CAP_LENGTH	     2
#define VIRTIO_CAP_TYPE		     3
#define VIRTIO_CAP_BAR		     4
#define VIRTIO_CAP_OFFSET	     8
#define VIRTIO_CAP_SIZE		     12
#define VIRTIO_CAP_NOTIFY_MULTIPLIER 16

#define VIRTIO_CAP_COMMON 1
#define VIRTIO_CAP_NOTIFY 2
#define VIRTIO_CAP_ISR	  3
#define VIRTIO_CAP_DEVICE 4

/* Common configuration. */
#define VIRTIO_PCI_DEVICE_FEATURES_SEL 0x00
#define VIRTIO_PCI_DEVICE_FEATURES     0x04
#define VIRTIO_PCI_DRIVER_FEATURES_SEL 0x08
#define VIRTIO_PCI_DRIVER_FEATURES     0x0c
#define VIRTIO_PCI_CONFIG_VECTOR       0x10 /* 16 bits */
#define VIRTIO_PCI_QUEUE_COUNT	       0x12 /* 16 */
#define VIRTIO_PCI_STATUS	       0x14 /* 8 */
#define VIRTIO_PCI_GENERATION	       0x15 /* 8 */
#define VIRTIO_PCI_QUEUE_SEL	       0x16 /* 16 */
#define VIRTIO_PCI_QUEUE_SIZE	       0x18 /* 16 */
#define VIRTIO_PCI_QUEUE_VECTOR	       0x1a /* 16 */
#define VIRTIO_PCI_QUEUE_ENABLE	       0x1c /* 16 */
#define VIRTIO_PCI_QUEUE_NOTIFY_OFF    0x1e /* 16 */
#define VIRTIO_PCI_QUEUE_DESC	       0x20 /* 64 */
#define VIRTIO_PCI_QUEUE_AVAIL	       0x28 /* 64 */
#define VIRTIO_PCI_QUEUE_USED	       0x30 /* 64 */
#define VIRTIO_PCI_COMMON_SIZE	       0x38
#define VIRTIO_PCI_NO_VECTOR	       0xffff
