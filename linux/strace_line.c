/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The text of a traced call: numbers, names and quoted bytes are appended until
 * the line is full.  No state, no locks.
 */
#include "strace.h"

#include <lib/minmax.h>
#include <lib/printf.h>

#define QUOTED_DATA 32 /* bytes of a buffer that are shown, as strace */
#define QUOTED_PATH 160

void strace_put(struct strace_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line->length +=
		kvscnprintf(line->text + line->length,
			    STRACE_LINE_SIZE - line->length, format, args);
	va_end(args);
}

static void put_bits(struct strace_line *line, const struct strace_words *words,
		     uint32_t value)
{
	const char *between = "";

	for (unsigned i = 0; i < words->count; i++) {
		const struct strace_word *word = &words->words[i];

		if (word->value != 0 && (value & word->value) == word->value) {
			strace_put(line, "%s%s", between, word->name);
			value &= ~word->value;
			between = "|";
		}
	}
	if (value != 0) {
		strace_put(line, "%s%#x", between, value);
	} else if (between[0] == '\0') {
		strace_put(line, "%s", words->none == NULL ? "0" : words->none);
	}
}

void strace_put_words(struct strace_line *line,
		      const struct strace_words *words, uint32_t value)
{
	if (words->bits) {
		put_bits(line, words, value);
		return;
	}
	for (unsigned i = 0; i < words->count; i++) {
		if (words->words[i].value == value) {
			strace_put(line, "%s", words->words[i].name);
			return;
		}
	}
	strace_put(line, "%#x", value);
}

void strace_put_address(struct strace_line *line, unsigned long address)
{
	if (address == 0) {
		strace_put(line, "NULL");
	} else {
		strace_put(line, "%#lx", address);
	}
}

static void put_byte(struct strace_line *line, unsigned char byte)
{
	switch (byte) {
	case '\n':
		strace_put(line, "\\n");
		break;
	case '\t':
		strace_put(line, "\\t");
		break;
	case '\r':
		strace_put(line, "\\r");
		break;
	case '"':
	case '\\':
		strace_put(line, "\\%c", byte);
		break;
	default:
		if (byte < ' ' || byte > '~') {
			strace_put(line, "\\x%02x", byte);
		} else {
			strace_put(line, "%c", byte);
		}
	}
}

void strace_put_quoted(struct strace_line *line, const char *data, size_t size)
{
	strace_put(line, "\"");
	for (size_t i = 0; i < size; i++) {
		put_byte(line, (unsigned char)data[i]);
	}
	strace_put(line, "\"");
}

void strace_put_data(struct strace_line *line, unsigned long address,
		     size_t size)
{
	char data[QUOTED_DATA];
	size_t shown = MIN(size, sizeof(data));

	if (address == 0 ||
	    user_copy_in(data, (const void USER *)address, shown) < 0) {
		strace_put_address(line, address);
		return;
	}
	strace_put_quoted(line, data, shown);
	if (shown < size) {
		strace_put(line, "...");
	}
}

void strace_put_string(struct strace_line *line, unsigned long address)
{
	char text[QUOTED_PATH];
	size_t length = 0;
	uint8_t byte = 1;

	while (length < sizeof(text) &&
	       user_get_u8(&byte, (const char USER *)address + length) == 0 &&
	       byte != '\0') {
		text[length++] = (char)byte;
	}
	if (address == 0 || (length == 0 && byte != '\0')) {
		strace_put_address(line, address);
		return;
	}
	strace_put_quoted(line, text, length);
	if (byte != '\0') {
		strace_put(line, "...");
	}
}
