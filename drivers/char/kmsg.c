/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /dev/kmsg: programs write lines to the kernel log and read what is in its
 * ring.
 *
 * A reader gets the ring as it is at its first read, as plain text; Linux's
 * record format (level, sequence number, time) is not offered.
 */
#include <debug/log.h>

#include <init/hooks.h>
#include <lib/minmax.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/stat.h>

#define SNAPSHOT_SIZE 16384
#define LINE_MAX      400 /* longer writes are cut, as log lines are */

struct snapshot {
	size_t size;
	size_t taken;
	char text[SNAPSHOT_SIZE];
};

static struct mutex snapshot_lock = MUTEX_INIT(snapshot_lock, "kmsg");

/* Snapshot lock held. */
static struct snapshot *take_snapshot(struct file *file)
{
	struct snapshot *snapshot = file->private;

	if (snapshot == NULL) {
		snapshot = kmalloc(sizeof(*snapshot));
		if (snapshot != NULL) {
			snapshot->size =
				log_read(snapshot->text, SNAPSHOT_SIZE);
			snapshot->taken = 0;
			file->private = snapshot;
		}
	}
	return snapshot;
}

static ssize_t read_locked(struct file *file, struct iov_iter *to)
{
	struct snapshot *snapshot = take_snapshot(file);
	size_t wanted;
	size_t copied;

	if (snapshot == NULL) {
		return -ENOMEM;
	}
	wanted = MIN(to->remaining, snapshot->size - snapshot->taken);
	copied = iov_copy_to(to, snapshot->text + snapshot->taken, wanted);
	snapshot->taken += copied;
	return copied == 0 && wanted > 0 ? -EFAULT : (ssize_t)copied;
}

static ssize_t kmsg_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	ssize_t result;

	(void)pos;
	mutex_lock(&snapshot_lock);
	result = read_locked(file, to);
	mutex_unlock(&snapshot_lock);
	return result;
}

/* "<6>text": the level is the writer's; ours are fewer. */
static enum log_level level_of(const char **text)
{
	const char *at = *text;

	if (at[0] == '<' && at[1] >= '0' && at[1] <= '7' && at[2] == '>') {
		*text = at + 3;
		return at[1] <= '3'   ? LOG_ERROR
		       : at[1] <= '4' ? LOG_WARNING
				      : LOG_INFO;
	}
	return LOG_WARNING;
}

static ssize_t kmsg_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	char line[LINE_MAX + 1];
	const char *text = line;
	size_t size = from->remaining;
	size_t length = iov_copy_from(from, line, LINE_MAX);
	enum log_level level;

	(void)file;
	(void)pos;
	if (length == 0) {
		return size > 0 ? -EFAULT : 0;
	}
	while (length > 0 && line[length - 1] == '\n') {
		length--;
	}
	line[length] = '\0';
	level = level_of(&text);
	log_write(level, "%s", text);
	return (ssize_t)size;
}

static void kmsg_release(struct file *file)
{
	kfree(file->private);
}

static const struct file_ops kmsg_ops = {
	.read = kmsg_read,
	.write = kmsg_write,
	.release = kmsg_release,
};

static struct char_device kmsg_device = {
	.name = "kmsg",
	.device = MAKE_DEVICE(1, 11),
	.mode = 0644,
	.ops = &kmsg_ops,
};

static int register_kmsg(void)
{
	return char_device_register(&kmsg_device);
}
INIT_HOOK(kmsg, register_kmsg, INIT_DRIVER);
