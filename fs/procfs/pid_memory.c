/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What lies in the memory of a process: command line, environment, auxiliary
 * vector, and all of it (mem).
 *
 * The strings are read from the program's stack as they are now: a program
 * may have written over them (setproctitle), also beyond arg_end into the
 * environment; then the text goes on to the first NUL there, as on Linux.
 */
#include <fs/procfs/internal.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/auxv.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/iov.h>

#define AREA_MAX (3ul << 20)
#define PIECE	 4096

/* Appends [start, end) of the process's memory, as far as it can be read. */
static void add_memory(struct table_text *text, struct address_space *space,
		       uintptr_t start, uintptr_t end)
{
	if (end <= start) {
		return;
	}
	end = MIN(end, start + AREA_MAX);
	while (start < end) {
		size_t size = MIN((size_t)(end - start), (size_t)PIECE);
		char *to = table_text_reserve(text, size);
		ssize_t moved;

		if (to == NULL) {
			return;
		}
		moved = vm_access(space, start, to, size, false);
		if (moved <= 0) {
			return;
		}
		text->length += (size_t)moved;
		start += (size_t)moved;
	}
}

int proc_show_pid_cmdline(struct table_text *text,
			  const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	size_t args_length;
	const char *nul;

	if (space == NULL) {
		return 0;
	}
	add_memory(text, space, space->arg_start, space->arg_end);
	args_length = text->length;
	if (args_length > 0 && text->buf[args_length - 1] != '\0') {
		/* Rewritten as one string; its rest may be in the
		 * environment. */
		add_memory(text, space, space->env_start, space->env_end);
		nul = memchr(text->buf, '\0', text->length);
		if (nul != NULL) {
			text->length = (size_t)(nul - text->buf);
		}
	}
	address_space_put(space);
	return 0;
}

int proc_show_pid_environ(struct table_text *text,
			  const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);

	if (space == NULL) {
		return 0;
	}
	add_memory(text, space, space->env_start, space->env_end);
	address_space_put(space);
	return 0;
}

int proc_show_pid_auxv(struct table_text *text,
		       const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	size_t i = 0;

	if (space == NULL) {
		return 0;
	}
	while (i + 2 < ARRAY_SIZE(space->saved_auxv) &&
	       space->saved_auxv[i] != UAPI_AT_NULL) {
		i += 2;
	}
	table_text_put(text, space->saved_auxv,
		       (i + 2) * sizeof(space->saved_auxv[0]));
	address_space_put(space);
	return 0;
}

/* --- mem
 * ---------------------------------------------------------------------- */

static ssize_t mem_move(struct file *file, struct iov_iter *iter, int64_t *pos,
			bool write)
{
	struct process *process = table_inode_of(file->inode)->target.process;
	struct address_space *space = process_get_space(process);
	char *piece;
	ssize_t total = 0;
	ssize_t moved = 0;

	if (space == NULL) {
		return 0;
	}
	piece = kmalloc(PIECE);
	if (piece == NULL) {
		address_space_put(space);
		return -ENOMEM;
	}
	while (iter->remaining > 0) {
		size_t size = MIN(iter->remaining, (size_t)PIECE);

		if (write && iov_copy_from(iter, piece, size) != size) {
			moved = -EFAULT;
			break;
		}
		moved = vm_access(space, (uintptr_t)*pos, piece, size, write);
		if (moved <= 0) {
			moved = -EIO;
			break;
		}
		if (!write &&
		    iov_copy_to(iter, piece, (size_t)moved) != (size_t)moved) {
			moved = -EFAULT;
			break;
		}
		*pos += moved;
		total += moved;
		if ((size_t)moved < size) {
			break;
		}
	}
	kfree(piece);
	address_space_put(space);
	return total > 0 ? total : moved;
}

static ssize_t mem_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	return mem_move(file, to, pos, false);
}

static ssize_t mem_write(struct file *file, struct iov_iter *from, int64_t *pos)
{
	return mem_move(file, from, pos, true);
}

static int64_t mem_lseek(struct file *file, int64_t offset, int whence)
{
	if (whence == UAPI_SEEK_CUR) {
		offset = (int64_t)((uint64_t)offset + (uint64_t)file->position);
	} else if (whence != UAPI_SEEK_SET) {
		return -EINVAL;
	}
	file->position = offset;
	return offset;
}

const struct file_ops proc_mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.lseek = mem_lseek,
};
