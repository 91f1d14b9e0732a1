/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The entropy device (specification 5.4): feeds the random generator.
 *
 * One buffer, asked for at boot and every REFILL_NS; --norandom leaves the
 * device alone.  The buffer is cleared once it has been mixed in.
 */
#include <drivers/virtio.h>

#include <arch/mmu.h>
#include <init/options.h>
#include <init/random.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/secret.h>
#include <mm/slab.h>
#include <sync/spinlock.h>
#include <time/clock.h>
#include <time/timer.h>
#include <uapi/errno.h>

#define BUFFER_SIZE 64
#define REFILL_NS   (300 * NSEC_PER_SEC)

struct rng {
	struct virtio_queue *queue; /* [lock] */
	struct spinlock lock;
	struct timer timer;
	uint8_t buffer[BUFFER_SIZE]; /* the device's while it is asked */
};

/* Lock held. */
static void ask(struct rng *rng)
{
	struct virtio_buffer buffer = {
		.address = mmu_direct_paddr(rng->buffer),
		.size = BUFFER_SIZE,
	};

	if (virtio_queue_add(rng->queue, &buffer, 0, 1, rng) == 0) {
		virtio_queue_kick(rng->queue);
	}
}

static void refill(struct timer *timer)
{
	struct rng *rng = container_of(timer, struct rng, timer);
	unsigned long irq = spin_lock_irqsave(&rng->lock);

	ask(rng);
	spin_unlock_irqrestore(&rng->lock, irq);
}

static void rng_interrupt(struct virtio_queue *queue, void *arg)
{
	struct rng *rng = arg;
	unsigned long irq = spin_lock_irqsave(&rng->lock);
	uint32_t length = 0;
	bool came = virtio_queue_take(queue, &length) != NULL;

	virtio_queue_interrupts_on(queue);
	if (came && length > 0) {
		length = MIN(length, (uint32_t)BUFFER_SIZE);
		random_add(rng->buffer, length, length * 8);
		secret_clear(rng->buffer, sizeof(rng->buffer));
	}
	spin_unlock_irqrestore(&rng->lock, irq);
	if (came) {
		timer_arm(&rng->timer, clock_monotonic_ns() + REFILL_NS);
	}
}

static int rng_probe(struct virtio_device *device)
{
	struct rng *rng;
	unsigned long irq;
	int err;

	if (options()->norandom) {
		return -ENODEV;
	}
	rng = kzalloc(sizeof(*rng));
	if (rng == NULL) {
		return -ENOMEM;
	}
	spinlock_init(&rng->lock, "virtio.rng");
	timer_init(&rng->timer, refill);
	err = virtio_queue_create(device, 0, 0, rng_interrupt, rng,
				  &rng->queue);
	if (err < 0) {
		kfree(rng);
		return err;
	}
	virtio_ready(device);
	irq = spin_lock_irqsave(&rng->lock);
	ask(rng);
	spin_unlock_irqrestore(&rng->lock, irq);
	return 0;
}

static const struct virtio_driver virtio_rng = {
	.name = "virtio-rng",
	.id = VIRTIO_ID_ENTROPY,
	.probe = rng_probe,
};
VIRTIO_DRIVER(virtio_rng);
