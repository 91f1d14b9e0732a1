/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Cutting the command line into options and the program line.
 *
 * Pure code: built for the host's unit tests as well.  Nothing is allocated.
 */
#include "options_parse.h"

#include <init/options.h>
#include <lib/compiler.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <uapi/errno.h>

#define MMIO_PREFIX   "virtio_mmio.device="
#define MMIO_WORD_MAX 95

/* One option that stores a flag or a value. */
struct option_spec {
	const char *name;
	size_t offset; /* in struct options */
	bool has_value;
};

#define FLAG(text, member)                                                     \
	{                                                                      \
		text, offsetof(struct options, member), false                  \
	}
#define VALUE(text, member)                                                    \
	{                                                                      \
		text, offsetof(struct options, member), true                   \
	}

static const struct option_spec specs[] = {
	FLAG("help", help),
	FLAG("verbose", verbose),
	FLAG("bootchart", bootchart),
	FLAG("strace", strace),
	FLAG("isolate", isolate),
	FLAG("nopci", nopci),
	FLAG("noinit", noinit),
	FLAG("nomount", nomount),
	FLAG("noshutdown", noshutdown),
	FLAG("norandom", norandom),
	FLAG("power-off-on-abort", power_off_on_abort),
	VALUE("rootfs", rootfs),
	VALUE("cwd", cwd),
	VALUE("redirect", redirect),
	VALUE("console", console),
	VALUE("fail-alloc", fail_alloc),
};

static int fail(char *message, size_t size, const char *what, const char *word)
{
	ksnprintf(message, size, "%s: %s", what, word);
	return -EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Length of the word at text. */
static size_t word_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' && !is_space(text[length])) {
		length++;
	}
	return length;
}

/* What "\c" means in a word: a blank, tab, newline or backslash; else 0. */
static char unescape(char c)
{
	static const char from[] = " \\nt";
	static const char to[] = " \\\n\t";
	const char *found = c != '\0' ? strchr(from, c) : NULL;

	return found != NULL ? to[found - from] : '\0';
}

/*
 * Ends the word at *cursor with a NUL, resolves the escapes in it, and moves
 * the cursor to the next word.  Returns the word, NULL at the end.
 */
static char *next_word(char **cursor)
{
	char *read = *cursor;
	char *start;
	char *write;

	while (is_space(*read)) {
		read++;
	}
	if (*read == '\0') {
		*cursor = read;
		return NULL;
	}
	start = read;
	write = read;
	while (*read != '\0' && !is_space(*read)) {
		if (read[0] == '\\' && unescape(read[1]) != '\0') {
			*write++ = unescape(read[1]);
			read += 2;
			continue;
		}
		*write++ = *read++;
	}
	if (*read != '\0') {
		read++;
	}
	*write = '\0';
	*cursor = read;
	return start;
}

static int add_to_list(const char **list, size_t *count, size_t max,
		       const char *value)
{
	if (*count == max) {
		return -EINVAL;
	}
	list[(*count)++] = value;
	return 0;
}

/* Seconds with an optional fraction, in microseconds; at most an hour. */
static int parse_delay(const char *value, unsigned long *us_out)
{
	unsigned long us = 0;
	unsigned long scale = 1000000;
	bool fraction = false;

	if (*value == '\0') {
		return -EINVAL;
	}
	for (; *value != '\0'; value++) {
		if (*value == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (*value < '0' || *value > '9' || us > 3600000000ul) {
			return -EINVAL;
		}
		if (fraction) {
			scale /= 10;
			us += (unsigned long)(*value - '0') * scale;
		} else {
			us = us * 10 + (unsigned long)(*value - '0') * 1000000;
		}
	}
	*us_out = us;
	return 0;
}

/* Options whose value is checked or collected.  -ENOENT: not one of them. */
static int parse_special(struct options *o, const char *name, const char *value)
{
	if (value == NULL) {
		return -ENOENT;
	}
	if (strcmp(name, "env") == 0) {
		return strchr(value, '=') == NULL
			       ? -EINVAL
			       : add_to_list(o->env, &o->env_count,
					     OPTIONS_ENV_MAX, value);
	}
	if (strcmp(name, "mount-fs") == 0) {
		return add_to_list(o->mounts, &o->mount_count,
				   OPTIONS_MOUNT_MAX, value);
	}
	if (strcmp(name, "delay") == 0) {
		return parse_delay(value, &o->delay_us);
	}
	if (strcmp(name, "control") == 0) {
		o->control_com2 = true;
		return strcmp(value, "com2") == 0 ? 0 : -EINVAL;
	}
	if (strcmp(name, "stdio") == 0) {
		o->stdio_pipe = strcmp(value, "pipe") == 0;
		return o->stdio_pipe || strcmp(value, "tty") == 0 ? 0 : -EINVAL;
	}
	return -ENOENT;
}

static const struct option_spec *find_spec(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		if (strcmp(specs[i].name, name) == 0) {
			return &specs[i];
		}
	}
	return NULL;
}

static int parse_option(struct options *o, char *word, char *message,
			size_t size)
{
	char *name = word + 2;
	char *value = strchr(name, '=');
	const struct option_spec *spec;
	int err;

	if (value != NULL) {
		*value++ = '\0';
	}
	err = parse_special(o, name, value);
	if (err == -EINVAL) {
		return fail(message, size, "bad value for option", name);
	}
	if (err == 0) {
		return 0;
	}
	spec = find_spec(name);
	if (spec == NULL) {
		return fail(message, size, "unrecognized option", name);
	}
	if (spec->has_value != (value != NULL)) {
		return fail(message, size,
			    value != NULL ? "option takes no value"
					  : "option needs a value",
			    name);
	}
	if (value != NULL) {
		*(const char **)((char *)o + spec->offset) = value;
	} else {
		*(bool *)((char *)o + spec->offset) = true;
	}
	return 0;
}

/*
 * Takes the word at `word` out of the line: the rest of the line closes the
 * gap and the word, NUL-terminated, moves to the room that this frees behind
 * the line's end.  Returns where it is now.
 */
static char *take_word_out(char *word)
{
	char saved[MMIO_WORD_MAX + 1];
	size_t length = word_length(word);
	size_t rest;

	if (word[length] == '\0') {
		return word; /* the last one: its line ends before it */
	}
	memcpy(saved, word, length);
	saved[length] = '\0';
	rest = strlen(word + length + 1);
	memmove(word, word + length + 1, rest + 1);
	return memcpy(word + rest + 1, saved, length + 1);
}

/* Collects the device words of the program line and removes them. */
static int take_mmio_words(char *line, struct options *o, char *message,
			   size_t size)
{
	char *at = line;

	while ((at = strstr(at, MMIO_PREFIX)) != NULL) {
		char *word;

		if (at != line && !is_space(at[-1])) {
			at += sizeof(MMIO_PREFIX) - 1;
			continue;
		}
		if (word_length(at) > MMIO_WORD_MAX) {
			return fail(message, size, "device word too long", at);
		}
		word = take_word_out(at);
		if (add_to_list(o->mmio_devices, &o->mmio_device_count,
				OPTIONS_MMIO_MAX,
				word + sizeof(MMIO_PREFIX) - 1) < 0) {
			return fail(message, size, "too many devices", word);
		}
		if (word == at && at != line) {
			at[-1] = '\0';
		}
		if (word == at) {
			break;
		}
	}
	return 0;
}

int options_parse_line(char *line, struct options *options, char *message,
		       size_t message_size)
{
	char *cursor = line;

	while (is_space(*cursor)) {
		cursor++;
	}
	while (*cursor != '\0') {
		char *word;

		if (strncmp(cursor, MMIO_PREFIX, sizeof(MMIO_PREFIX) - 1) ==
		    0) {
			word = next_word(&cursor);
			if (add_to_list(options->mmio_devices,
					&options->mmio_device_count,
					OPTIONS_MMIO_MAX,
					word + sizeof(MMIO_PREFIX) - 1) < 0) {
				return fail(message, message_size,
					    "too many devices", word);
			}
		} else if (cursor[0] == '-') {
			word = next_word(&cursor);
			if (word[1] != '-' || word[2] == '\0') {
				return fail(message, message_size,
					    "unrecognized option", word);
			}
			if (parse_option(options, word, message, message_size) <
			    0) {
				return -EINVAL;
			}
		} else {
			break;
		}
		while (is_space(*cursor)) {
			cursor++;
		}
	}
	options->program_line = cursor;
	if (take_mmio_words(cursor, options, message, message_size) < 0) {
		return -EINVAL;
	}
	if (options->mmio_device_count > 0 &&
	    cursor == options->mmio_devices[options->mmio_device_count - 1] -
			      (sizeof(MMIO_PREFIX) - 1)) {
		options->program_line = ""; /* nothing but device words */
	}
	return 0;
}
