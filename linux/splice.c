/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * sendfile(2), splice(2), tee(2), vmsplice(2), copy_file_range(2): offsets and
 * descriptors in, then vfs/splice.h.
 */
#include <linux/syscall.h>

#include <lib/minmax.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/splice.h>

#define FAST_VECTOR 8

/* An offset of the application: read before the call, written after it. */
struct user_offset {
	void USER *where; /* NULL: the file's own position */
	int64_t value;
};

static int offset_load(struct user_offset *offset, void USER *where)
{
	offset->where = where;
	if (where == NULL) {
		return 0;
	}
	if (user_copy_in(&offset->value, where, sizeof(offset->value)) < 0) {
		return -EFAULT;
	}
	return offset->value < 0 ? -EINVAL : 0;
}

static int64_t *offset_position(struct user_offset *offset)
{
	return offset->where == NULL ? NULL : &offset->value;
}

static int offset_store(const struct user_offset *offset)
{
	return offset->where == NULL
		       ? 0
		       : user_copy_out(offset->where, &offset->value,
				       sizeof(offset->value));
}

struct pair {
	struct file_ref in, out;
};

/* Both descriptors or -EBADF; ended by pair_put(). */
static int pair_get(struct pair *pair, int in_fd, int out_fd)
{
	pair->in = fd_get(in_fd);
	pair->out = fd_get(out_fd);
	if (pair->in.file != NULL && pair->out.file != NULL) {
		return 0;
	}
	fd_put(pair->in);
	fd_put(pair->out);
	return -EBADF;
}

static void pair_put(struct pair *pair)
{
	fd_put(pair->in);
	fd_put(pair->out);
}

long sys_sendfile(int out_fd, int in_fd, void USER *user_offset, size_t count)
{
	struct user_offset offset;
	struct pair pair;
	long result = offset_load(&offset, user_offset);

	if (result < 0) {
		return result;
	}
	result = pair_get(&pair, in_fd, out_fd);
	if (result < 0) {
		return result;
	}
	result = splice_sendfile(pair.out.file, pair.in.file,
				 offset_position(&offset),
				 MIN(count, (size_t)IOV_TOTAL_MAX));
	pair_put(&pair);
	return offset_store(&offset) < 0 ? -EFAULT : result;
}

long sys_splice(int in_fd, void USER *user_in, int out_fd, void USER *user_out,
		size_t size, unsigned flags)
{
	struct user_offset in;
	struct user_offset out;
	struct pair pair;
	long result;

	if (size == 0) {
		return 0;
	}
	if ((flags & ~(unsigned)UAPI_SPLICE_F_ALL) != 0) {
		return -EINVAL;
	}
	result = offset_load(&in, user_in);
	if (result == 0) {
		result = offset_load(&out, user_out);
	}
	if (result == 0) {
		result = pair_get(&pair, in_fd, out_fd);
	}
	if (result < 0) {
		return result;
	}
	result = splice_splice(pair.in.file, offset_position(&in),
			       pair.out.file, offset_position(&out),
			       MIN(size, (size_t)IOV_TOTAL_MAX), flags);
	pair_put(&pair);
	if (offset_store(&in) < 0 || offset_store(&out) < 0) {
		return -EFAULT;
	}
	return result;
}

long sys_tee(int in_fd, int out_fd, size_t size, unsigned flags)
{
	struct pair pair;
	long result;

	if ((flags & ~(unsigned)UAPI_SPLICE_F_ALL) != 0) {
		return -EINVAL;
	}
	if (size == 0) {
		return 0;
	}
	result = pair_get(&pair, in_fd, out_fd);
	if (result < 0) {
		return result;
	}
	result = splice_tee(pair.in.file, pair.out.file,
			    MIN(size, (size_t)IOV_TOTAL_MAX), flags);
	pair_put(&pair);
	return result;
}

long sys_vmsplice(int fd, const void USER *vector, unsigned long count,
		  unsigned flags)
{
	struct iov fast[FAST_VECTOR];
	struct iov *allocated = NULL;
	struct iov_iter iter;
	struct file_ref ref;
	long result;

	if ((flags & ~(unsigned)UAPI_SPLICE_F_ALL) != 0) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	result =
		iov_import(&iter, vector, count, fast, FAST_VECTOR, &allocated);
	if (result == 0 && iter.remaining > 0) {
		result = splice_vmsplice(ref.file, &iter, flags);
	}
	kfree(allocated);
	fd_put(ref);
	return result;
}

long sys_copy_file_range(int in_fd, void USER *user_in, int out_fd,
			 void USER *user_out, size_t size, unsigned flags)
{
	struct user_offset in;
	struct user_offset out;
	struct pair pair;
	long result;

	if (flags != 0) {
		return -EINVAL;
	}
	result = offset_load(&in, user_in);
	if (result == 0) {
		result = offset_load(&out, user_out);
	}
	if (result == 0) {
		result = pair_get(&pair, in_fd, out_fd);
	}
	if (result < 0) {
		return result;
	}
	result = splice_copy_range(pair.in.file, offset_position(&in),
				   pair.out.file, offset_position(&out),
				   MIN(size, (size_t)IOV_TOTAL_MAX));
	pair_put(&pair);
	if (result > 0 && (offset_store(&in) < 0 || offset_store(&out) < 0)) {
		return -EFAULT;
	}
	return result;
}
