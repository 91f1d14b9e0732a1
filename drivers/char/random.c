/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /dev/random and /dev/urandom: the kernel's generator as files, random(4).
 *
 * Both give the same bytes; random waits until the generator has been seeded.
 * What is written is mixed in without credit.
 */
#include <init/random.h>

#include <arch/user.h>
#include <init/hooks.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/secret.h>
#include <process/credentials.h>
#include <process/signal.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define CHUNK_SIZE	256
#define SIGNAL_INTERVAL 4096 /* bytes between looks at pending signals */
#define POOL_BITS	256

#define RNDGETENTCNT   0x80045200u
#define RNDADDTOENTCNT 0x40045201u
#define RNDADDENTROPY  0x40085203u
#define RNDZAPENTCNT   0x5204u
#define RNDCLEARPOOL   0x5206u
#define RNDRESEEDCRNG  0x5207u

#define ENTROPY_MAX 4096 /* bytes that one RNDADDENTROPY may bring */

static ssize_t read_random(struct iov_iter *to)
{
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	while (to->remaining > 0) {
		size_t size = MIN(sizeof(chunk), to->remaining);
		size_t copied;

		random_bytes(chunk, size);
		copied = iov_copy_to(to, chunk, size);
		total += (ssize_t)copied;
		if (copied < size) {
			total = total > 0 ? total : -EFAULT;
			break;
		}
		if (total % SIGNAL_INTERVAL == 0) {
			if (thread_has_signal(thread_current())) {
				break;
			}
			sched_relax();
		}
	}
	secret_clear(chunk, sizeof(chunk));
	return total;
}

static ssize_t random_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	(void)pos;
	if (!random_is_ready()) {
		if ((file->flags & UAPI_O_NONBLOCK) != 0) {
			return -EAGAIN;
		}
		if (random_wait() < 0) {
			return -ERESTARTSYS;
		}
	}
	return read_random(to);
}

static ssize_t urandom_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	(void)file;
	(void)pos;
	return read_random(to);
}

static ssize_t add_bytes(struct iov_iter *from, unsigned bits)
{
	uint8_t chunk[CHUNK_SIZE];
	ssize_t total = 0;

	while (from->remaining > 0) {
		size_t size = iov_copy_from(from, chunk, sizeof(chunk));

		if (size == 0) {
			return total > 0 ? total : -EFAULT;
		}
		random_add(chunk, size, 0);
		total += (ssize_t)size;
		sched_relax();
	}
	if (bits > 0) {
		random_add(&total, sizeof(total), bits);
	}
	secret_clear(chunk, sizeof(chunk));
	return total;
}

static ssize_t random_write(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	(void)file;
	(void)pos;
	return add_bytes(from, 0);
}

static uint32_t random_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	(void)table;
	return POLL_OUT | POLL_WRNORM |
	       (random_is_ready() ? POLL_IN | POLL_RDNORM : 0);
}

/* struct rand_pool_info: bits, size, then the bytes. */
static long add_entropy(const void USER *from)
{
	int32_t head[2];
	struct iov_iter iter;
	ssize_t taken;
	int err = user_copy_in(head, from, sizeof(head));

	if (err < 0) {
		return err;
	}
	if (head[0] < 0 || head[1] < 0 || head[1] > ENTROPY_MAX) {
		return -EINVAL;
	}
	iov_init_user(&iter, (const char USER *)from + sizeof(head),
		      (size_t)head[1]);
	taken = add_bytes(&iter, MIN((unsigned)head[0], POOL_BITS + 0u));
	return taken < 0 ? taken : 0;
}

static long random_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	void USER *user = (void USER *)arg;

	(void)file;
	if (command == RNDGETENTCNT) {
		return user_put_u32(user, random_is_ready() ? POOL_BITS : 0);
	}
	if (command != RNDADDENTROPY && command != RNDADDTOENTCNT &&
	    command != RNDZAPENTCNT && command != RNDCLEARPOOL &&
	    command != RNDRESEEDCRNG) {
		return -EINVAL;
	}
	if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	if (command == RNDADDENTROPY) {
		return add_entropy(user);
	}
	if (command == RNDADDTOENTCNT) {
		uint32_t bits;
		int err = user_get_u32(&bits, user);

		if (err < 0 || (int32_t)bits < 0) {
			return err < 0 ? err : -EINVAL;
		}
		random_add(&bits, sizeof(bits), MIN(bits, POOL_BITS + 0u));
		return 0;
	}
	random_add(&command, sizeof(command), 0); /* new keys for all CPUs */
	return 0;
}

/* The position of these stays 0, as on Linux. */
static int64_t seek_nowhere(struct file *file, int64_t offset, int whence)
{
	(void)offset;
	(void)whence;
	file->position = 0;
	return 0;
}

static const struct file_ops random_ops = {
	.read = random_read,
	.write = random_write,
	.lseek = seek_nowhere,
	.poll = random_poll,
	.ioctl = random_ioctl,
};

static const struct file_ops urandom_ops = {
	.read = urandom_read,
	.write = random_write,
	.lseek = seek_nowhere,
	.ioctl = random_ioctl,
};

static struct char_device devices[] = {
	{
		.name = "random",
		.device = MAKE_DEVICE(1, 8),
		.mode = 0666,
		.ops = &random_ops,
	},
	{
		.name = "urandom",
		.device = MAKE_DEVICE(1, 9),
		.mode = 0666,
		.ops = &urandom_ops,
	},
};

static int register_devices(void)
{
	int err = char_device_register(&devices[0]);

	return err < 0 ? err : char_device_register(&devices[1]);
}
INIT_HOOK(random_devices, register_devices, INIT_DRIVER);
