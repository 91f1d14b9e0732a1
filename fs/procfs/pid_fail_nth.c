/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/fail-nth and /proc/PID/task/TID/fail-nth (mm/fail_alloc.h).
 *
 * Without an allocation of its own: the program reads here what became of the
 * last one.  /proc/PID is the first thread of the process.
 */
#include <lib/minmax.h>
#include <lib/parse.h>
#include <lib/printf.h>
#include <mm/fail_alloc.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/iov.h>

#include "internal.h"

static ssize_t fail_nth_read(struct file *file, struct iov_iter *to,
			     int64_t *pos)
{
	struct thread *thread =
		proc_thread(&table_inode_of(file->inode)->target);
	char text[16];
	size_t length;
	size_t copied;

	if (thread == NULL) {
		return -ESRCH;
	}
	length = (size_t)ksnprintf(
		text, sizeof(text), "%u\n",
		__atomic_load_n(&thread->fail_alloc.left, __ATOMIC_RELAXED));
	thread_put(thread);
	if (*pos < 0 || (uint64_t)*pos >= length) {
		return 0;
	}
	length = MIN(length - (size_t)*pos, to->remaining);
	copied = iov_copy_to(to, text + *pos, length);
	*pos += (int64_t)copied;
	return copied == length ? (ssize_t)copied : -EFAULT;
}

static ssize_t fail_nth_write(struct file *file, struct iov_iter *from,
			      int64_t *pos)
{
	struct thread *thread;
	char text[16] = "";
	size_t length = MIN(from->remaining, sizeof(text) - 1);
	int64_t number;

	(void)pos;
	if (iov_copy_from(from, text, length) != length) {
		return -EFAULT;
	}
	if (parse_i64(text, 10, 0, INT32_MAX, &number, NULL) < 0) {
		return -EINVAL;
	}
	if (!fail_alloc_is_on()) {
		return -EOPNOTSUPP; /* no --fail-alloc */
	}
	thread = proc_thread(&table_inode_of(file->inode)->target);
	if (thread == NULL) {
		return -ESRCH;
	}
	__atomic_store_n(&thread->fail_alloc.left, (uint32_t)number,
			 __ATOMIC_RELAXED);
	thread_put(thread);
	return (ssize_t)length;
}

const struct file_ops proc_fail_nth_ops = {
	.read = fail_nth_read,
	.write = fail_nth_write,
};
