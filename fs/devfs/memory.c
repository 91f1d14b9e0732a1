/* SPDX-License-Identifier: BSD-3-Clause */

/* The devices that are nothing but memory: null, zero, full. */
#include <init/hooks.h>
#include <lib/compiler.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <mm/vm_object.h>
#include <uapi/errno.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/inode.h>

#define MEMORY_MAJOR 1

static ssize_t read_nothing(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	(void)file;
	(void)to;
	(void)pos;
	return 0;
}

static ssize_t read_zeros(struct file *file, struct iov_iter *to, int64_t *pos)
{
	size_t wanted = to->remaining;
	size_t moved = iov_zero(to, wanted);

	(void)file;
	(void)pos;
	return moved == 0 && wanted != 0 ? -EFAULT : (ssize_t)moved;
}

static ssize_t write_anything(struct file *file, struct iov_iter *from,
			      int64_t *pos)
{
	size_t size = from->remaining;

	(void)file;
	(void)pos;
	iov_advance(from, size);
	return (ssize_t)size;
}

static ssize_t write_full(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	(void)file;
	(void)from;
	(void)pos;
	return -ENOSPC;
}

/* The position of these stays 0, as on Linux. */
static int64_t seek_nowhere(struct file *file, int64_t offset, int whence)
{
	(void)offset;
	(void)whence;
	file->position = 0;
	return 0;
}

static const struct file_ops null_ops = {
	.read = read_nothing,
	.write = write_anything,
	.lseek = seek_nowhere,
};

static const struct file_ops zero_ops = {
	.read = read_zeros,
	.write = write_anything,
	.lseek = seek_nowhere,
	.maps_anonymous = true,
};

static const struct file_ops full_ops = {
	.read = read_zeros,
	.write = write_full,
	.lseek = seek_nowhere,
};

static struct char_device memory_devices[] = {
	{
		.name = "null",
		.device = MAKE_DEVICE(MEMORY_MAJOR, 3),
		.mode = 0666,
		.ops = &null_ops,
	},
	{
		.name = "zero",
		.device = MAKE_DEVICE(MEMORY_MAJOR, 5),
		.mode = 0666,
		.ops = &zero_ops,
	},
	{
		.name = "full",
		.device = MAKE_DEVICE(MEMORY_MAJOR, 7),
		.mode = 0666,
		.ops = &full_ops,
	},
};

static int register_memory_devices(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(memory_devices) && err == 0; i++) {
		err = char_device_register(&memory_devices[i]);
	}
	return err;
}
INIT_HOOK(memory_devices, register_memory_devices, INIT_DRIVER);
