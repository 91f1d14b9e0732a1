/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From file to file: sendfile and copy_file_range.
 *
 * A source in the page cache is written straight from its pages, BATCH of them
 * in one call of the target's write; any other is read into a buffer first.  A
 * file that is copied to itself takes the buffer too: its pages may change
 * under the copy.
 */
#include <vfs/splice.h>

#include <fs/vfs/internal.h>
#include <lib/minmax.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/iov.h>

#define BATCH	    16 /* pages */
#define BUFFER_SIZE (BATCH * PAGE_SIZE)

struct batch {
	struct page *pages[BATCH];
	struct iov vector[BATCH];
	size_t count;
	size_t bytes;
};

static bool in_page_cache(const struct file *file)
{
	return file->inode != NULL && inode_is_regular(file->inode) &&
	       file->ops->read == page_cache_file_read;
}

static struct page *get_page(struct page_cache *cache, uint64_t index, int *err)
{
	struct page *page = page_cache_find(cache, index);

	*err = 0;
	if (page != NULL) {
		return page;
	}
	if (cache->ops == NULL || cache->ops->read == NULL) {
		page = page_zero(); /* a hole */
		page_get(page);
		return page;
	}
	*err = page_cache_get(cache, index, false, &page);
	return *err < 0 ? NULL : page;
}

/* Pages of the file from `pos` on: 0 (perhaps none: its end) or an error. */
static int gather(struct page_cache *cache, uint64_t pos, size_t count,
		  struct batch *batch)
{
	int err = 0;

	batch->count = 0;
	batch->bytes = 0;
	while (batch->count < BATCH && count > 0) {
		uint64_t size = READ_ONCE(cache->size);
		size_t offset = pos & (PAGE_SIZE - 1);
		size_t piece = MIN(PAGE_SIZE - offset, count);
		struct page *page;

		if (pos >= size) {
			break;
		}
		piece = (size_t)MIN((uint64_t)piece, size - pos);
		page = get_page(cache, pos >> PAGE_SHIFT, &err);
		if (page == NULL) {
			break;
		}
		batch->pages[batch->count] = page;
		batch->vector[batch->count] = (struct iov){
			.base = (char *)page_address(page) + offset,
			.size = piece,
		};
		batch->count++;
		batch->bytes += piece;
		pos += piece;
		count -= piece;
	}
	return batch->count > 0 || err == -ERANGE ? 0 : err;
}

static ssize_t write_batch(struct batch *batch, struct file *out,
			   int64_t *out_pos)
{
	struct iov_iter iter = {
		.vector = batch->vector,
		.count = batch->count,
		.remaining = batch->bytes,
		.kernel = true,
	};
	ssize_t written = file_write(out, &iter, out_pos);

	for (size_t i = 0; i < batch->count; i++) {
		page_put(batch->pages[i]);
	}
	return written;
}

/* One step: bytes moved, 0 at the end, or an error. */
static ssize_t step_pages(struct file *in, int64_t pos, struct file *out,
			  int64_t *out_pos, size_t count)
{
	struct batch batch;
	int err = gather(&in->inode->cache, (uint64_t)pos, count, &batch);

	if (err < 0 || batch.count == 0) {
		return err;
	}
	return write_batch(&batch, out, out_pos);
}

static ssize_t step_buffer(struct file *in, int64_t pos, struct file *out,
			   int64_t *out_pos, size_t count, void *buffer)
{
	struct iov_iter iter;
	ssize_t got =
		file_read_kernel(in, buffer, MIN(count, BUFFER_SIZE), pos);

	if (got <= 0) {
		return got;
	}
	iov_init_kernel(&iter, buffer, (size_t)got);
	return file_write(out, &iter, out_pos);
}

/* Steps until `count`, the end, a short write, an error or a signal. */
static ssize_t copy(struct file *in, int64_t *pos, struct file *out,
		    int64_t *out_pos, size_t count)
{
	bool direct = in_page_cache(in) && in->inode != out->inode;
	void *buffer = NULL;
	size_t done = 0;
	ssize_t moved = 0;

	if (!direct) {
		buffer = kmalloc(BUFFER_SIZE);
		if (buffer == NULL) {
			return -ENOMEM;
		}
	}
	while (done < count) {
		size_t wanted = MIN(count - done, BUFFER_SIZE);

		moved = direct ? step_pages(in, *pos, out, out_pos, wanted)
			       : step_buffer(in, *pos, out, out_pos, wanted,
					     buffer);
		if (moved <= 0) {
			break;
		}
		*pos += moved;
		done += (size_t)moved;
		if (thread_has_signal(thread_current())) {
			break;
		}
		sched_relax();
	}
	kfree(buffer);
	return done > 0 ? (ssize_t)done : moved;
}

ssize_t splice_sendfile(struct file *out, struct file *in, int64_t *in_pos,
			size_t count)
{
	ssize_t result;
	bool locked;

	if ((in->mode & FILE_READ) == 0 || (out->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if ((in->mode & FILE_SEEKABLE) == 0) {
		return in_pos != NULL ? -ESPIPE : -EINVAL;
	}
	if (in->ops->read == NULL || out->ops->write == NULL ||
	    (READ_ONCE(out->flags) & UAPI_O_APPEND) != 0 ||
	    (in_pos != NULL && *in_pos < 0)) {
		return -EINVAL;
	}
	count = MIN(count, (size_t)IOV_TOTAL_MAX);
	if (in_pos != NULL) {
		return copy(in, in_pos, out, NULL, count);
	}
	locked = file_position_lock(in);
	result = copy(in, &in->position, out, NULL, count);
	file_position_unlock(in, locked);
	return result;
}

/* --- copy_file_range
 * ----------------------------------------------------------- */

static int check_range(struct file *in, int64_t in_pos, struct file *out,
		       int64_t out_pos, size_t count)
{
	if ((in->mode & FILE_READ) == 0 || (out->mode & FILE_WRITE) == 0 ||
	    (READ_ONCE(out->flags) & UAPI_O_APPEND) != 0) {
		return -EBADF;
	}
	if (in->inode == NULL || out->inode == NULL) {
		return -EINVAL;
	}
	if (inode_is_dir(in->inode) || inode_is_dir(out->inode)) {
		return -EISDIR;
	}
	if (!inode_is_regular(in->inode) || !inode_is_regular(out->inode) ||
	    in_pos < 0 || out_pos < 0) {
		return -EINVAL;
	}
	if (count > (uint64_t)(INT64_MAX - in_pos) ||
	    count > (uint64_t)(INT64_MAX - out_pos)) {
		return -EOVERFLOW;
	}
	if (in->inode == out->inode && in_pos < out_pos + (int64_t)count &&
	    out_pos < in_pos + (int64_t)count) {
		return -EINVAL;
	}
	return 0;
}

ssize_t splice_copy_range(struct file *in, int64_t *in_pos, struct file *out,
			  int64_t *out_pos, size_t count)
{
	bool lock_in = in_pos == NULL && file_position_lock(in);
	bool lock_out = out_pos == NULL && out != in && file_position_lock(out);
	int64_t *from = in_pos == NULL ? &in->position : in_pos;
	int64_t *to = out_pos == NULL ? &out->position : out_pos;
	ssize_t result;

	count = MIN(count, (size_t)IOV_TOTAL_MAX);
	result = check_range(in, *from, out, *to, count);
	if (result == 0 && count > 0) {
		result = copy(in, from, out, to, count);
	}
	file_position_unlock(out, lock_out);
	file_position_unlock(in, lock_in);
	return result;
}
