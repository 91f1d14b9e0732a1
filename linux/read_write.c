/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * read(2), write(2) and their many forms; lseek(2).
 *
 * One buffer needs no allocation; vectors of up to FAST_VECTOR entries live on
 * the stack.  Which position is used: the file's own (no position given), or
 * the caller's, which only seekable files take.
 */
#include <linux/syscall.h>

#include <lib/minmax.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>

#define FAST_VECTOR 8

/* preadv2(2), pwritev2(2) */
#define RWF_HIPRI  0x01
#define RWF_DSYNC  0x02
#define RWF_SYNC   0x04
#define RWF_NOWAIT 0x08
#define RWF_APPEND 0x10

/* Linux looks at the access mode before it looks at the buffer. */
static long check_buffer(const struct file *file, const void USER *buf,
			 size_t count, uint32_t mode)
{
	if ((file->mode & mode) == 0) {
		return -EBADF;
	}
	if (!user_range_ok(buf, count)) {
		return -EFAULT;
	}
	return (ssize_t)count < 0 ? -EINVAL : 0;
}

/* For /proc/PID/io; returns the result. */
static ssize_t count_read(ssize_t result)
{
	struct io_counts *io = &thread_current()->linux.io;

	io->reads++;
	io->read_bytes += result > 0 ? (size_t)result : 0;
	return result;
}

static ssize_t count_write(ssize_t result)
{
	struct io_counts *io = &thread_current()->linux.io;

	io->writes++;
	io->write_bytes += result > 0 ? (size_t)result : 0;
	return result;
}

static long do_read(struct file *file, void USER *buf, size_t count,
		    int64_t *pos)
{
	struct iov_iter iter;
	long err = check_buffer(file, buf, count, FILE_READ);

	if (err < 0) {
		return err;
	}
	iov_init_user(&iter, buf, MIN(count, (size_t)IOV_TOTAL_MAX));
	return count_read(file_read(file, &iter, pos));
}

static long do_write(struct file *file, const void USER *buf, size_t count,
		     int64_t *pos)
{
	struct iov_iter iter;
	long err = check_buffer(file, buf, count, FILE_WRITE);

	if (err < 0) {
		return err;
	}
	iov_init_user(&iter, buf, MIN(count, (size_t)IOV_TOTAL_MAX));
	return count_write(file_write(file, &iter, pos));
}

long sys_read(int fd, void USER *buf, size_t count)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = do_read(ref.file, buf, count, NULL);
	fd_put(ref);
	return result;
}

long sys_write(int fd, const void USER *buf, size_t count)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = do_write(ref.file, buf, count, NULL);
	fd_put(ref);
	return result;
}

long sys_pread64(int fd, void USER *buf, size_t count, int64_t offset)
{
	struct file_ref ref;
	long result = -ESPIPE;

	if (offset < 0) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	if ((ref.file->mode & FILE_SEEKABLE) != 0) {
		result = do_read(ref.file, buf, count, &offset);
	}
	fd_put(ref);
	return result;
}

long sys_pwrite64(int fd, const void USER *buf, size_t count, int64_t offset)
{
	struct file_ref ref;
	long result = -ESPIPE;

	if (offset < 0) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	if ((ref.file->mode & FILE_SEEKABLE) != 0) {
		result = do_write(ref.file, buf, count, &offset);
	}
	fd_put(ref);
	return result;
}

/* --- vectors ------------------------------------------------------------ */

enum direction { DIRECTION_READ, DIRECTION_WRITE };

/* pos NULL: the file's own position. */
static long do_vector(int fd, const void USER *vector, unsigned long count,
		      int64_t *pos, enum direction direction, int flags)
{
	uint32_t mode = direction == DIRECTION_READ ? FILE_READ : FILE_WRITE;
	struct file_ref ref = fd_get(fd);
	struct iov fast[FAST_VECTOR];
	struct iov *allocated = NULL;
	struct iov_iter iter;
	long result = 0;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if ((ref.file->mode & mode) == 0) {
		result = -EBADF;
	} else if (pos != NULL && (ref.file->mode & FILE_SEEKABLE) == 0) {
		result = -ESPIPE;
	} else {
		result = iov_import(&iter, vector, count, fast, FAST_VECTOR,
				    &allocated);
	}
	if (result == 0) {
		iter.append = (flags & RWF_APPEND) != 0;
		result =
			direction == DIRECTION_READ
				? count_read(file_read(ref.file, &iter, pos))
				: count_write(file_write(ref.file, &iter, pos));
	}
	if (result > 0 && direction == DIRECTION_WRITE &&
	    (flags & (RWF_SYNC | RWF_DSYNC)) != 0) {
		int err = file_fsync(ref.file, (flags & RWF_SYNC) == 0);

		result = err < 0 && err != -EINVAL ? err : result;
	}
	kfree(allocated);
	fd_put(ref);
	return result;
}

long sys_readv(int fd, const void USER *iov, int count)
{
	return do_vector(fd, iov, (unsigned long)(long)count, NULL,
			 DIRECTION_READ, 0);
}

long sys_writev(int fd, const void USER *iov, int count)
{
	return do_vector(fd, iov, (unsigned long)(long)count, NULL,
			 DIRECTION_WRITE, 0);
}

static long do_vector_at(int fd, const void USER *iov, unsigned long count,
			 int64_t offset, enum direction direction, int flags)
{
	if (offset < 0) {
		return -EINVAL;
	}
	return do_vector(fd, iov, count, &offset, direction, flags);
}

/* The offset comes whole in the low half on 64-bit machines. */
long sys_preadv(int fd, const void USER *iov, unsigned long count,
		unsigned long offset_low, unsigned long offset_high)
{
	(void)offset_high;
	return do_vector_at(fd, iov, count, (int64_t)offset_low, DIRECTION_READ,
			    0);
}

long sys_pwritev(int fd, const void USER *iov, unsigned long count,
		 unsigned long offset_low, unsigned long offset_high)
{
	(void)offset_high;
	return do_vector_at(fd, iov, count, (int64_t)offset_low,
			    DIRECTION_WRITE, 0);
}

/* NOWAIT needs support inside of the filesystems: EOPNOTSUPP tells the caller
 * to do without. */
static long check_flags(int flags)
{
	return (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND)) != 0
		       ? -EOPNOTSUPP
		       : 0;
}

static long do_vector2(int fd, const void USER *iov, unsigned long count,
		       int64_t offset, enum direction direction, int flags)
{
	long err = check_flags(flags);

	if (err < 0) {
		return err;
	}
	if (offset == -1) {
		return do_vector(fd, iov, count, NULL, direction, flags);
	}
	return do_vector_at(fd, iov, count, offset, direction, flags);
}

long sys_preadv2(int fd, const void USER *iov, unsigned long count,
		 unsigned long offset_low, unsigned long offset_high, int flags)
{
	(void)offset_high;
	return do_vector2(fd, iov, count, (int64_t)offset_low, DIRECTION_READ,
			  flags);
}

long sys_pwritev2(int fd, const void USER *iov, unsigned long count,
		  unsigned long offset_low, unsigned long offset_high,
		  int flags)
{
	(void)offset_high;
	return do_vector2(fd, iov, count, (int64_t)offset_low, DIRECTION_WRITE,
			  flags);
}

long sys_lseek(int fd, int64_t offset, int whence)
{
	struct file_ref ref = fd_get(fd);
	long result = -EINVAL;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if (whence >= UAPI_SEEK_SET && whence <= UAPI_SEEK_HOLE) {
		result = file_lseek(ref.file, offset, whence);
	}
	fd_put(ref);
	return result;
}
