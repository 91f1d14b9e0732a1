/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Argument and environment strings on their way from one program to the next.
 *
 * Copied in before anything is decided, into chunks of a page: a list of a few
 * strings costs a page, the largest one 6 MiB.  The limit covers strings and
 * the pointers to them, as on Linux: a quarter of the stack limit, at most
 * 6 MiB, at least 128 KiB.
 */
#include "internal.h"

#include <arch/user.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/rlimit.h>
#include <uapi/errno.h>

static struct exec_args *create(void)
{
	uint64_t limit = rlimit_current(RLIMIT_STACK) / 4;
	struct exec_args *args = kzalloc(sizeof(*args));

	if (args == NULL) {
		return NULL;
	}
	if (limit > ARGS_TOTAL_MAX) {
		limit = ARGS_TOTAL_MAX;
	}
	args->limit = limit > ARGS_TOTAL_FLOOR ? limit : ARGS_TOTAL_FLOOR;
	return args;
}

void exec_args_free(struct exec_args *args)
{
	if (args == NULL) {
		return;
	}
	for (size_t i = 0; i < args->prefix_count; i++) {
		kfree(args->prefix[i]);
	}
	for (size_t i = 0; i < ARGS_CHUNK_MAX && args->chunks[i] != NULL; i++) {
		kfree(args->chunks[i]);
	}
	kfree(args);
}

size_t args_count(const struct exec_args *args)
{
	return args->prefix_count + args->argc - args->skipped_count;
}

static size_t prefix_bytes(const struct exec_args *args)
{
	size_t bytes = 0;

	for (size_t i = 0; i < args->prefix_count; i++) {
		bytes += strlen(args->prefix[i]) + 1;
	}
	return bytes;
}

size_t args_bytes(const struct exec_args *args)
{
	return prefix_bytes(args) + args->size - args->skipped;
}

/* True when `more` bytes and one pointer still fit. */
static bool has_room(const struct exec_args *args, size_t more)
{
	size_t pointers = args_count(args) + args->envc + 1;
	size_t used = args_bytes(args) + pointers * sizeof(uint64_t);

	return used <= args->limit && more <= args->limit - used &&
	       args->size + more <= ARGS_TOTAL_MAX;
}

/* The free rest of the last chunk; NULL: no memory. */
static char *reserve(struct exec_args *args, size_t *room_out)
{
	size_t index = args->size / ARGS_CHUNK;
	size_t offset = args->size % ARGS_CHUNK;

	if (index >= ARGS_CHUNK_MAX) {
		return NULL;
	}
	if (args->chunks[index] == NULL) {
		args->chunks[index] = kmalloc(ARGS_CHUNK);
		if (args->chunks[index] == NULL) {
			return NULL;
		}
	}
	*room_out = ARGS_CHUNK - offset;
	return args->chunks[index] + offset;
}

int args_append(struct exec_args *args, const char *text)
{
	size_t left = strlen(text) + 1;

	if (left > ARGS_STRING_MAX || !has_room(args, left)) {
		return -E2BIG;
	}
	while (left > 0) {
		size_t room;
		char *dst = reserve(args, &room);

		if (dst == NULL) {
			return -ENOMEM;
		}
		room = room < left ? room : left;
		memcpy(dst, text, room);
		args->size += room;
		text += room;
		left -= room;
	}
	return 0;
}

/* The same from the application. */
static int append_user(struct exec_args *args, const char USER *text)
{
	size_t length = 0;

	while (true) {
		size_t room;
		char *dst = reserve(args, &room);
		ssize_t got;

		if (dst == NULL) {
			return args->size >= ARGS_TOTAL_MAX ? -E2BIG : -ENOMEM;
		}
		got = user_copy_string(dst, text + length, room);
		if (got >= 0) {
			room = (size_t)got + 1;
		} else if (got != -ENAMETOOLONG) {
			return (int)got;
		}
		length += room;
		if (length > ARGS_STRING_MAX || !has_room(args, room)) {
			return -E2BIG;
		}
		args->size += room;
		if (got >= 0) {
			return 0;
		}
	}
}

void args_drop_first(struct exec_args *args)
{
	if (args->prefix_count > 0) {
		kfree(args->prefix[--args->prefix_count]);
		return;
	}
	if (args->skipped_count == args->argc) {
		return;
	}
	while (args->chunks[args->skipped / ARGS_CHUNK]
			   [args->skipped % ARGS_CHUNK] != '\0') {
		args->skipped++;
	}
	args->skipped++;
	args->skipped_count++;
}

int args_push_front(struct exec_args *args, const char *text)
{
	char *copy;

	if (args->prefix_count == ARGS_PREFIX_MAX ||
	    !has_room(args, strlen(text) + 1)) {
		return -E2BIG;
	}
	copy = kstrdup(text);
	if (copy == NULL) {
		return -ENOMEM;
	}
	args->prefix[args->prefix_count++] = copy;
	return 0;
}

size_t args_piece(const struct exec_args *args, size_t *cursor,
		  const char **piece_out)
{
	size_t position = *cursor;
	size_t size;

	if (position < args->prefix_count) {
		*piece_out = args->prefix[args->prefix_count - 1 - position];
		*cursor = position + 1;
		return strlen(*piece_out) + 1;
	}
	position = position - args->prefix_count + args->skipped;
	if (position >= args->size) {
		return 0;
	}
	size = ARGS_CHUNK - position % ARGS_CHUNK;
	if (size > args->size - position) {
		size = args->size - position;
	}
	*piece_out =
		args->chunks[position / ARGS_CHUNK] + position % ARGS_CHUNK;
	*cursor += size;
	return size;
}

static int add_kernel(struct exec_args *args, const char *const *strings,
		      size_t *count)
{
	for (size_t i = 0; strings != NULL && strings[i] != NULL; i++) {
		int err = args_append(args, strings[i]);

		if (err < 0) {
			return err;
		}
		++*count;
	}
	return 0;
}

static int add_user(struct exec_args *args, const void USER *vector,
		    size_t *count)
{
	const char USER *slot = vector;

	while (vector != NULL) {
		uint64_t pointer;
		int err = user_get_u64(&pointer, slot);

		if (err < 0 || pointer == 0) {
			return err;
		}
		err = append_user(args, (const char USER *)(uintptr_t)pointer);
		if (err < 0) {
			return err;
		}
		++*count;
		slot += sizeof(pointer);
	}
	return 0;
}

/* A program is always given a name, if only the empty one. */
static int ensure_name(struct exec_args *args)
{
	int err = 0;

	if (args->argc == 0) {
		err = args_append(args, "");
		args->argc = err == 0;
	}
	return err;
}

int exec_args_from_kernel(const char *const *argv, const char *const *envp,
			  struct exec_args **args_out)
{
	struct exec_args *args = create();
	int err;

	if (args == NULL) {
		return -ENOMEM;
	}
	err = add_kernel(args, argv, &args->argc);
	if (err == 0) {
		err = ensure_name(args);
	}
	if (err == 0) {
		err = add_kernel(args, envp, &args->envc);
	}
	if (err < 0) {
		exec_args_free(args);
		return err;
	}
	*args_out = args;
	return 0;
}

int exec_args_from_user(const void *argv, const void *envp,
			struct exec_args **args_out)
{
	struct exec_args *args = create();
	int err;

	if (args == NULL) {
		return -ENOMEM;
	}
	err = add_user(args, argv, &args->argc);
	if (err == 0) {
		err = ensure_name(args);
	}
	if (err == 0) {
		err = add_user(args, envp, &args->envc);
	}
	if (err < 0) {
		exec_args_free(args);
		return err;
	}
	*args_out = args;
	return 0;
}
