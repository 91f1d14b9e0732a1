/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The first stack of a program, as the System V ABI and Linux lay it out:
 *
 *	top	8 bytes of zero
 *		name of the executed file
 *		environment strings
 *		argument strings
 *		(random gap), platform string, 16 random bytes, alignment
 *		auxiliary vector, AT_NULL last
 *		environment pointers, NULL
 *		argument pointers, NULL
 *	sp ->	argument count			16-byte aligned
 */
#include "internal.h"

#include <lib/align.h>
#include <lib/string.h>
#include <uapi/auxv.h>
#include <uapi/errno.h>

#define WORD	      sizeof(uint64_t)
#define END_MARKER    8
#define RANDOM_SIZE   16
#define PLATFORM_ROOM 64
#define SCRATCH_WORDS 64

/* Words gathered for one write into the program. */
struct word_stream {
	struct stack_writer *writer;
	uintptr_t addr;
	size_t count;
	int error;
	uint64_t words[SCRATCH_WORDS];
};

static void flush(struct word_stream *stream)
{
	if (stream->error == 0 && stream->count > 0) {
		stream->error = stream->writer->write(
			stream->writer, stream->addr, stream->words,
			stream->count * WORD);
	}
	stream->addr += stream->count * WORD;
	stream->count = 0;
}

static void put_word(struct word_stream *stream, uint64_t word)
{
	stream->words[stream->count++] = word;
	if (stream->count == SCRATCH_WORDS) {
		flush(stream);
	}
}

static size_t vector_words(const struct stack_image *image)
{
	return 1 + args_count(image->args) + 1 + image->args->envc + 1 +
	       2 * STACK_AUXV_MAX;
}

size_t stack_size_needed(const struct stack_image *image)
{
	return END_MARKER + strlen(image->exec_name) + 1 +
	       args_bytes(image->args) + image->gap + PLATFORM_ROOM +
	       RANDOM_SIZE + 64 + vector_words(image) * WORD;
}

static int write_strings(struct stack_image *image, struct stack_writer *writer,
			 uintptr_t addr)
{
	const char *piece;
	size_t cursor = 0;
	size_t size;

	while ((size = args_piece(image->args, &cursor, &piece)) > 0) {
		int err = writer->write(writer, addr, piece, size);

		if (err < 0) {
			return err;
		}
		addr += size;
	}
	return writer->write(writer, addr, image->exec_name,
			     strlen(image->exec_name) + 1);
}

/*
 * The pointers to the strings that start at addr: the arguments, NULL, the
 * environment, NULL.  Records where each part begins and ends.
 */
static void put_pointers(struct stack_image *image, struct word_stream *stream,
			 uintptr_t addr)
{
	size_t argc = args_count(image->args);
	size_t total = argc + image->args->envc;
	size_t done = 0;
	size_t cursor = 0;
	bool at_start = true;
	const char *piece;
	size_t size;

	image->arg_start = addr;
	while ((size = args_piece(image->args, &cursor, &piece)) > 0) {
		for (size_t i = 0; i < size; i++) {
			if (at_start && done < total) {
				if (done == argc) {
					image->arg_end = addr + i;
					put_word(stream, 0);
				}
				put_word(stream, addr + i);
				done++;
			}
			at_start = piece[i] == '\0';
		}
		addr += size;
	}
	if (image->args->envc == 0) {
		image->arg_end = addr;
		put_word(stream, 0);
	}
	put_word(stream, 0);
	image->env_start = image->arg_end;
	image->env_end = addr;
}

static void add_auxv(struct stack_image *image, uint64_t type, uint64_t value)
{
	if (image->auxv_count < STACK_AUXV_MAX) {
		image->auxv[image->auxv_count].type = type;
		image->auxv[image->auxv_count].value = value;
		image->auxv_count++;
	}
}

int stack_build(struct stack_image *image, struct stack_writer *writer)
{
	struct word_stream stream = {.writer = writer};
	size_t name_size = strlen(image->exec_name) + 1;
	size_t platform_size = strlen(image->platform) + 1;
	uintptr_t name = image->top - END_MARKER - name_size;
	uintptr_t strings = name - args_bytes(image->args);
	uintptr_t platform;
	uintptr_t random;
	size_t words;
	int err = write_strings(image, writer, strings);

	platform = ALIGN_DOWN(strings - image->gap, 16) - platform_size;
	random = platform - RANDOM_SIZE;
	add_auxv(image, UAPI_AT_RANDOM, random);
	add_auxv(image, UAPI_AT_EXECFN, name);
	add_auxv(image, UAPI_AT_PLATFORM, platform);
	add_auxv(image, UAPI_AT_NULL, 0);
	if (err == 0) {
		err = writer->write(writer, platform, image->platform,
				    platform_size);
	}
	if (err == 0) {
		err = writer->write(writer, random, image->random, RANDOM_SIZE);
	}
	if (err < 0) {
		return err;
	}
	words = 1 + args_count(image->args) + 1 + image->args->envc + 1 +
		2 * image->auxv_count;
	image->sp = ALIGN_DOWN(ALIGN_DOWN(random, 16) - words * WORD, 16);
	stream.addr = image->sp;
	put_word(&stream, args_count(image->args));
	put_pointers(image, &stream, strings);
	for (size_t i = 0; i < image->auxv_count; i++) {
		put_word(&stream, image->auxv[i].type);
		put_word(&stream, image->auxv[i].value);
	}
	flush(&stream);
	return stream.error;
}
