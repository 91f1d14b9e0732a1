/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Devices by number, and opening nodes that are no files of their own: the node
 * names a device or a FIFO, and the file gets that one's operations.
 *
 * The list of devices is short and changes at boot; it is guarded by
 * devices_lock, which is not held over calls of the devices.
 */
#include <vfs/device.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/inode.h>

static struct mutex devices_lock = MUTEX_INIT(devices_lock, "devices");
static struct list devices = LIST_INITIALIZER(devices); /* [devices_lock] */
static device_listener *listener;			/* [devices_lock] */

static bool is_block(const struct char_device *device)
{
	return (device->mode & MODE_TYPE) == MODE_BLOCK;
}

static struct char_device *find_locked(uint64_t number, bool block)
{
	struct char_device *device;

	list_for_each (device, &devices, link) {
		if (device->device == number && is_block(device) == block) {
			return device;
		}
	}
	return NULL;
}

static bool has_name_locked(const char *name)
{
	struct char_device *device;

	list_for_each (device, &devices, link) {
		if (strcmp(device->name, name) == 0) {
			return true;
		}
	}
	return false;
}

int char_device_register(struct char_device *device)
{
	int err = 0;

	mutex_lock(&devices_lock);
	if (find_locked(device->device, is_block(device)) != NULL ||
	    has_name_locked(device->name)) {
		err = -EEXIST;
	} else {
		list_add_tail(&devices, &device->link);
		if (listener != NULL) {
			err = listener(device, true);
		}
		if (err < 0) {
			list_remove(&device->link);
		}
	}
	mutex_unlock(&devices_lock);
	return err;
}

void char_device_unregister(struct char_device *device)
{
	mutex_lock(&devices_lock);
	list_remove(&device->link);
	if (listener != NULL) {
		listener(device, false);
	}
	mutex_unlock(&devices_lock);
}

int char_device_listen(device_listener *func)
{
	struct char_device *device;
	int err = 0;

	mutex_lock(&devices_lock);
	listener = func;
	list_for_each (device, &devices, link) {
		int result = func(device, true);

		err = err < 0 ? err : result;
	}
	mutex_unlock(&devices_lock);
	return err;
}

static struct char_device *find(uint64_t number, bool block)
{
	struct char_device *device;

	mutex_lock(&devices_lock);
	device = find_locked(number, block);
	mutex_unlock(&devices_lock);
	return device;
}

struct char_device *char_device_find(uint64_t number)
{
	return find(number, false);
}

struct char_device *char_device_find_block(uint64_t number)
{
	return find(number, true);
}

/* --- opening ----------------------------------------------------------------
 */

static int device_open(struct inode *inode, struct file *file)
{
	bool block = (inode->mode & MODE_TYPE) == MODE_BLOCK;
	struct char_device *device = find(inode->device, block);
	int err = 0;

	if (device == NULL) {
		return -ENXIO;
	}
	file->ops = device->ops;
	file->private = device->private;
	if (device->open != NULL) {
		err = device->open(inode, file);
	}
	if (err == 0 && file->ops == NULL) {
		err = -ENXIO;
	}
	if (err == 0 && file->ops->lseek == NULL) {
		file->mode = (file->mode & ~FILE_SEEKABLE) | FILE_STREAM;
	}
	return err;
}

int special_open(struct inode *inode, struct file *file)
{
	switch (inode->mode & MODE_TYPE) {
	case MODE_CHARACTER:
	case MODE_BLOCK:
		return device_open(inode, file);
	case MODE_FIFO:
		return fifo_open(inode, file);
	default:
		return -ENXIO;
	}
}
