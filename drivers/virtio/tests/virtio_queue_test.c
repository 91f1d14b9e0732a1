/* SPDX-License-Identifier: BSD-3-Clause */

/* The rings between a driver and a device that may do anything. */
#include "drivers/virtio/internal.h"

#include <string.h>

#include <arch/mmu.h>
#include <debug/unit_test.h>
#include <uapi/errno.h>

#define RING_SIZE 8

static struct virtio_device device;
static struct virtio_queue queue;
static uint8_t status;
static unsigned notified;
static uint16_t device_avail; /* chains that the device has seen */

static uint8_t fake_status(struct virtio_device *virtio)
{
	(void)virtio;
	return status;
}

static void fake_set_status(struct virtio_device *virtio, uint8_t value)
{
	(void)virtio;
	status = value;
}

static void fake_notify(struct virtio_queue *of)
{
	(void)of;
	notified++;
}

static const struct virtio_transport fake_transport = {
	.status = fake_status,
	.set_status = fake_set_status,
	.notify = fake_notify,
};

/* The linker section of drivers must not be empty. */
static int fake_probe(struct virtio_device *virtio)
{
	(void)virtio;
	return -ENODEV;
}

static const struct virtio_driver fake_driver = {
	.name = "fake",
	.id = 0xffff,
	.probe = fake_probe,
};
VIRTIO_DRIVER(fake_driver);

static void start(uint64_t features)
{
	memset(&device, 0, sizeof(device));
	memset(&queue, 0, sizeof(queue));
	strcpy(device.name, "fake");
	device.transport = &fake_transport;
	device.features = features;
	queue.device = &device;
	status = VIRTIO_STATUS_DRIVER_OK;
	notified = 0;
	device_avail = 0;
	EXPECT_EQ(virtio_queue_allocate(&queue, RING_SIZE), 0);
}

static void stop(void)
{
	for (unsigned i = 0; i < RING_SIZE; i++) {
		queue.slots[i].indirect = NULL;
	}
	virtio_queue_free(&queue);
}

static int add(unsigned out_count, unsigned in_count, void *token)
{
	struct virtio_buffer buffers[RING_SIZE + 2];

	for (unsigned i = 0; i < out_count + in_count; i++) {
		buffers[i] = (struct virtio_buffer){
			.address = {.value = 0x1000ull * (i + 1)},
			.size = 512,
		};
	}
	return virtio_queue_add(&queue, buffers, out_count, in_count, token);
}

/* The device takes the next chain: its head. */
static uint16_t device_take(void)
{
	EXPECT(queue.avail->index != device_avail);
	return queue.avail->ring[device_avail++ % RING_SIZE];
}

static void device_give(uint32_t id, uint32_t length)
{
	uint16_t at = queue.used->index;

	queue.used->ring[at % RING_SIZE].id = id;
	queue.used->ring[at % RING_SIZE].length = length;
	queue.used->index = (uint16_t)(at + 1);
}

TEST(virtio_queue, chains)
{
	int a = 0;
	int b = 0;
	uint32_t length = 0;
	uint16_t head;

	start(0);
	EXPECT_EQ(add(2, 1, &a), 0);
	EXPECT_EQ(add(1, 0, &b), 0);
	EXPECT_EQ(queue.free_count, RING_SIZE - 4);
	head = device_take();
	EXPECT_EQ(queue.desc[head].flags, VRING_DESC_NEXT);
	EXPECT_EQ(queue.desc[head].address, 0x1000);
	EXPECT_EQ(queue.desc[queue.desc[queue.desc[head].next].next].flags,
		  VRING_DESC_WRITE);
	EXPECT(virtio_queue_take(&queue, &length) == NULL);
	device_give(device_take(), 0); /* b first: any order is allowed */
	device_give(head, 512);
	EXPECT(virtio_queue_take(&queue, &length) == &b);
	EXPECT(virtio_queue_take(&queue, &length) == &a);
	EXPECT_EQ(length, 512);
	EXPECT_EQ(queue.free_count, RING_SIZE);
	EXPECT(!virtio_is_broken(&device));
	stop();
}

/* Around the 16-bit index, in varying lengths: nothing is lost. */
TEST(virtio_queue, wraps)
{
	int token = 0;
	uint32_t length;

	start(VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX));
	for (unsigned i = 0; i < 70000; i++) {
		EXPECT_EQ(add(1 + i % 3, i % 4, &token), 0);
		virtio_queue_kick(&queue);
		device_give(device_take(), 512 * (i % 4));
		if (virtio_queue_take(&queue, &length) != &token) {
			EXPECT(false);
			break;
		}
	}
	EXPECT_EQ(queue.free_count, RING_SIZE);
	stop();
}

TEST(virtio_queue, full)
{
	int token = 0;
	uint32_t length;

	start(0);
	for (unsigned i = 0; i < RING_SIZE / 2; i++) {
		EXPECT_EQ(add(1, 1, &token), 0);
	}
	EXPECT_EQ(add(1, 0, &token), -ENOSPC);
	device_give(device_take(), 512);
	EXPECT(virtio_queue_take(&queue, &length) == &token);
	EXPECT_EQ(add(2, 1, &token), -ENOSPC); /* two are free */
	EXPECT_EQ(add(1, 1, &token), 0);
	EXPECT_EQ(add(RING_SIZE, 1, &token), -ENOSPC); /* longer than allowed */
	stop();
}

TEST(virtio_queue, indirect)
{
	int token = 0;
	uint32_t length;
	uint16_t head;
	struct vring_desc *table;

	start(VIRTIO_FEATURE(VIRTIO_F_INDIRECT));
	EXPECT_EQ(add(4, 2, &token), 0);
	EXPECT_EQ(queue.free_count, RING_SIZE - 1);
	head = device_take();
	EXPECT_EQ(queue.desc[head].flags, VRING_DESC_INDIRECT);
	EXPECT_EQ(queue.desc[head].size, 6 * sizeof(*table));
	table = mmu_direct((paddr_t){.value = queue.desc[head].address});
	EXPECT_EQ(table[3].flags, VRING_DESC_NEXT);
	EXPECT_EQ(table[5].flags, VRING_DESC_WRITE);
	device_give(head, 1024);
	EXPECT(virtio_queue_take(&queue, &length) == &token);
	EXPECT_EQ(queue.free_count, RING_SIZE);
	stop();
}

TEST(virtio_queue, kicks)
{
	int token = 0;

	start(VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX));
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 0); /* nothing added */
	EXPECT_EQ(add(1, 0, &token), 0);
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 1);
	*queue.avail_event = 2; /* wants to hear of the third */
	EXPECT_EQ(add(1, 0, &token), 0);
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 1);
	EXPECT_EQ(add(1, 0, &token), 0);
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 2);
	stop();
	start(0);
	queue.used->flags = VRING_USED_NO_NOTIFY;
	EXPECT_EQ(add(1, 0, &token), 0);
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 0);
	stop();
}

TEST(virtio_queue, interrupts)
{
	int token = 0;
	uint32_t length;

	start(VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX));
	EXPECT_EQ(add(0, 1, &token), 0);
	EXPECT(!virtio_queue_interrupts_on(&queue));
	device_give(device_take(), 1);
	EXPECT(virtio_queue_interrupts_on(&queue)); /* came meanwhile */
	EXPECT(virtio_queue_take(&queue, &length) == &token);
	EXPECT(!virtio_queue_interrupts_on(&queue));
	EXPECT_EQ(*queue.used_event, 1);
	stop();
}

/* Each of these breaks the device: reset, and nothing comes or goes. */
static void expect_broken(void)
{
	int token = 0;
	uint32_t length;

	EXPECT(virtio_queue_take(&queue, &length) == NULL);
	EXPECT(virtio_is_broken(&device));
	EXPECT_EQ(status, 0);
	EXPECT_EQ(add(1, 0, &token), -EIO);
	EXPECT(!virtio_queue_interrupts_on(&queue));
	notified = 0;
	virtio_queue_kick(&queue);
	EXPECT_EQ(notified, 0);
	stop();
}

TEST(virtio_queue, hostile_id)
{
	int token = 0;

	start(0);
	EXPECT_EQ(add(1, 1, &token), 0);
	device_take();
	device_give(RING_SIZE, 0);
	expect_broken();
	start(0);
	EXPECT_EQ(add(1, 1, &token), 0);
	device_give(0xffffffff, 0);
	expect_broken();
}

/* Inside a chain, or free. */
TEST(virtio_queue, hostile_middle)
{
	int token = 0;

	start(0);
	EXPECT_EQ(add(1, 1, &token), 0);
	device_give(queue.desc[device_take()].next, 0);
	expect_broken();
	start(0);
	EXPECT_EQ(add(1, 0, &token), 0);
	device_give(RING_SIZE - 1, 0);
	expect_broken();
}

TEST(virtio_queue, hostile_repeat)
{
	int token = 0;
	uint32_t length;
	uint16_t head;

	start(0);
	EXPECT_EQ(add(1, 0, &token), 0);
	EXPECT_EQ(add(1, 0, &token), 0);
	head = device_take();
	device_give(head, 0);
	device_give(head, 0);
	EXPECT(virtio_queue_take(&queue, &length) == &token);
	expect_broken();
}

TEST(virtio_queue, hostile_length)
{
	int token = 0;

	start(0);
	EXPECT_EQ(add(1, 2, &token), 0);
	device_give(device_take(), 1025);
	expect_broken();
}

TEST(virtio_queue, hostile_index)
{
	int token = 0;

	start(0);
	EXPECT_EQ(add(1, 0, &token), 0);
	queue.used->index = 2;
	expect_broken();
	start(0);
	queue.used->index = 0xffff; /* backwards */
	expect_broken();
}

/* The device rewrites the descriptors under us: we never read them back. */
TEST(virtio_queue, hostile_descriptors)
{
	int token = 0;
	uint32_t length;

	start(0);
	for (unsigned round = 0; round < 10; round++) {
		EXPECT_EQ(add(2, 1, &token), 0);
		for (unsigned i = 0; i < RING_SIZE; i++) {
			queue.desc[i].next = 0xffff;
			queue.desc[i].flags = 0xffff;
			queue.desc[i].size = 0xffffffff;
		}
		device_give(device_take(), 512);
		EXPECT(virtio_queue_take(&queue, &length) == &token);
	}
	EXPECT_EQ(queue.free_count, RING_SIZE);
	EXPECT(!virtio_is_broken(&device));
	stop();
}
