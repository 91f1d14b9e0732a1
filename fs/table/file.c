/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Text files: made at the first read, and again by each read at position 0,
 * so that a program which keeps the file open and rewinds sees news; reads
 * further on continue in the text they began with.
 *
 * Lock: proc_open->lock guards the text of one open file.
 */
#include <fs/table/internal.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/iov.h>

#define WRITE_MAX 4095

struct table_open {
	struct mutex lock;
	struct table_text text; /* [lock] */
	bool made;		/* [lock] */
};

/* As Linux's ptrace_may_access(): the same user in every respect, or the
 * capability. */
int table_check_access(const struct table_target *target)
{
	struct process *process = target->process;
	struct credentials mine;
	struct credentials *theirs;
	bool same;

	if (process == NULL || process == process_current()) {
		return 0;
	}
	credentials_current(&mine);
	spin_lock(&process->lock);
	theirs = &process->credentials;
	same = process->dumpable && mine.fsuid == theirs->uid &&
	       mine.fsuid == theirs->euid && mine.fsuid == theirs->suid &&
	       mine.fsgid == theirs->gid && mine.fsgid == theirs->egid &&
	       mine.fsgid == theirs->sgid;
	spin_unlock(&process->lock);
	return same || credentials_capable(CREDENTIALS_CAP_SYS_PTRACE)
		       ? 0
		       : -EACCES;
}

static int file_open(struct inode *inode, struct file *file)
{
	struct table_inode *own = table_inode_of(inode);
	struct table_open *open;
	int err = own->entry->restricted ? table_check_access(&own->target) : 0;

	if (err < 0) {
		return err;
	}
	/* Root too: what cannot be changed says so at once. */
	if ((file->mode & FILE_WRITE) != 0 && (own->entry->mode & 0222) == 0) {
		return -EACCES;
	}
	/* Regular files here have no pages. */
	file->vm.ops = NULL;
	file->vm.cache = NULL;
	if (own->entry->file_ops != NULL) {
		return 0;
	}
	open = kzalloc(sizeof(*open));
	if (open == NULL) {
		return -ENOMEM;
	}
	mutex_init(&open->lock, "table.open");
	file->private = open;
	return 0;
}

static int refuse_setattr(struct inode *inode, const struct kstat *stat,
			  unsigned valid)
{
	(void)inode;
	(void)stat;
	(void)valid;
	return -EPERM;
}

/* O_TRUNC, as shells write to /proc/sys, is accepted and means nothing. */
static int ignore_truncate(struct inode *inode, uint64_t size)
{
	(void)inode;
	(void)size;
	return 0;
}

const struct inode_ops table_file_inode_ops = {
	.open = file_open,
	.setattr = refuse_setattr,
	.truncate = ignore_truncate,
};

static int make_text(struct table_inode *own, struct table_open *open)
{
	int err;

	table_text_free(&open->text);
	err = own->entry->show(&open->text, &own->target);
	if (err == 0 && open->text.failed && open->text.length == 0) {
		err = -ENOMEM;
	}
	open->made = err == 0;
	return err;
}

static ssize_t text_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct table_inode *own = table_inode_of(file->inode);
	struct table_open *open = file->private;
	size_t wanted = to->remaining;
	ssize_t moved = 0;
	int err = 0;

	if (own->entry->show == NULL) {
		return -EINVAL;
	}
	mutex_lock(&open->lock);
	if (*pos == 0 || !open->made) {
		err = make_text(own, open);
	}
	if (err == 0 && (uint64_t)*pos < open->text.length) {
		size_t size = MIN(wanted, open->text.length - (size_t)*pos);

		moved = (ssize_t)iov_copy_to(to, open->text.buf + *pos, size);
		err = moved == 0 && size > 0 ? -EFAULT : 0;
	}
	mutex_unlock(&open->lock);
	if (err < 0) {
		return err;
	}
	*pos += moved;
	return moved;
}

static ssize_t text_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	struct table_inode *own = table_inode_of(file->inode);
	size_t size = MIN(from->remaining, (size_t)WRITE_MAX);
	size_t length;
	char *value;
	int err;

	if (own->entry->write == NULL) {
		return -EIO;
	}
	value = kmalloc(WRITE_MAX + 1);
	if (value == NULL) {
		return -ENOMEM;
	}
	if (iov_copy_from(from, value, size) != size) {
		kfree(value);
		return -EFAULT;
	}
	length = size;
	while (length > 0 &&
	       (value[length - 1] == '\n' || value[length - 1] == '\0')) {
		length--;
	}
	value[length] = '\0';
	err = own->entry->write(&own->target, value, length);
	kfree(value);
	if (err < 0) {
		return err;
	}
	*pos += (int64_t)size;
	return (ssize_t)size;
}

static int64_t text_lseek(struct file *file, int64_t offset, int whence)
{
	if (whence == UAPI_SEEK_CUR) {
		if (__builtin_add_overflow(file->position, offset, &offset)) {
			return -EINVAL;
		}
	} else if (whence != UAPI_SEEK_SET) {
		return -EINVAL;
	}
	if (offset < 0) {
		return -EINVAL;
	}
	file->position = offset;
	return offset;
}

static void text_release(struct file *file)
{
	struct table_open *open = file->private;

	table_text_free(&open->text);
	kfree(open);
}

const struct file_ops table_text_ops = {
	.read = text_read,
	.write = text_write,
	.lseek = text_lseek,
	.release = text_release,
};
