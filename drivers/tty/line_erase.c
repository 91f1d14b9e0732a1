/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Erasing in the line that is being typed, and how input is echoed.
 *
 * Only bytes between line_at and write_at can be erased.  A tab is erased by
 * as many backspaces as it took columns, for which the line is measured from
 * its beginning (line_column) or from the tab before.
 *
 * Lock: tty->lock is held by all callers.
 */
#include "internal.h"

#define TAB_WIDTH 8

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_continuation(const struct tty *tty, uint8_t c)
{
	return tty_iflag(tty, UAPI_IUTF8) && (c & 0xc0) == 0x80;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static uint8_t input_at(const struct tty *tty, uint32_t position)
{
	return tty->input[position % TTY_INPUT_SIZE];
}

void line_erase_echo(struct tty *tty, uint8_t c)
{
	char text[2] = {'^', (char)(c ^ 0x40)};

	if (tty_lflag(tty, UAPI_ECHOCTL) && is_control(c) && c != '\t') {
		line_output_echo(tty, text, 2);
	} else {
		line_output_echo(tty, (const char *)&c, 1);
	}
}

void line_erase_finish(struct tty *tty)
{
	if (tty->erasing) {
		line_output_echo(tty, "/", 1);
		tty->erasing = false;
	}
}

/* Columns that the input between the last tab, or the line's start, and
 * `end` takes. */
static uint32_t columns_before(const struct tty *tty, uint32_t end,
			       bool *after_tab_out)
{
	uint32_t columns = 0;

	*after_tab_out = false;
	for (uint32_t at = end; at != tty->line_at; at--) {
		uint8_t c = input_at(tty, at - 1);

		if (c == '\t') {
			*after_tab_out = true;
			break;
		}
		if (is_control(c)) {
			columns += tty_lflag(tty, UAPI_ECHOCTL) ? 2 : 0;
		} else if (!is_continuation(tty, c)) {
			columns++;
		}
	}
	return columns;
}

static void erase_tab(struct tty *tty)
{
	bool after_tab;
	uint32_t columns = columns_before(tty, tty->write_at, &after_tab);

	if (!after_tab) {
		columns += tty->line_column;
	}
	for (uint32_t i = columns % TAB_WIDTH; i < TAB_WIDTH; i++) {
		line_output_echo(tty, "\b", 1);
	}
}

/* The bytes from..write_at were one character, just removed. */
static void show_erased(struct tty *tty, uint32_t from, uint32_t end,
			uint8_t typed)
{
	uint8_t c = input_at(tty, from);

	if (!tty_lflag(tty, UAPI_ECHO)) {
		return;
	}
	if (tty_lflag(tty, UAPI_ECHOPRT)) {
		if (!tty->erasing) {
			line_output_echo(tty, "\\", 1);
			tty->erasing = true;
		}
		line_erase_echo(tty, c);
		for (uint32_t at = from + 1; at != end; at++) {
			uint8_t rest = input_at(tty, at);

			line_output_echo(tty, (const char *)&rest, 1);
		}
	} else if (typed == tty->termios.cc[UAPI_VERASE] &&
		   !tty_lflag(tty, UAPI_ECHOE)) {
		line_erase_echo(tty, typed);
	} else if (c == '\t') {
		erase_tab(tty);
	} else {
		if (is_control(c) && tty_lflag(tty, UAPI_ECHOCTL)) {
			line_output_echo(tty, "\b \b", 3);
		}
		if (!is_control(c) || tty_lflag(tty, UAPI_ECHOCTL)) {
			line_output_echo(tty, "\b \b", 3);
		}
	}
}

/* KILL without erasing on the screen; true: done. */
static bool kill_line(struct tty *tty, uint8_t typed)
{
	const uint32_t visible = UAPI_ECHOK | UAPI_ECHOKE | UAPI_ECHOE;

	if (tty_lflag(tty, UAPI_ECHO) && tty_lflag(tty, visible) == visible) {
		return false;
	}
	tty->write_at = tty->line_at;
	if (tty_lflag(tty, UAPI_ECHO)) {
		line_erase_finish(tty);
		line_erase_echo(tty, typed);
		if (tty_lflag(tty, UAPI_ECHOK)) {
			line_output_echo(tty, "\n", 1);
		}
	}
	return true;
}

void line_erase(struct tty *tty, uint8_t c)
{
	bool one = c == tty->termios.cc[UAPI_VERASE];
	bool word = !one && c == tty->termios.cc[UAPI_VWERASE];
	bool seen_word = false;

	if (tty->write_at == tty->line_at ||
	    (!one && !word && kill_line(tty, c))) {
		return;
	}
	while (tty->write_at != tty->line_at) {
		uint32_t end = tty->write_at;
		uint32_t from = end - 1;

		while (is_continuation(tty, input_at(tty, from)) &&
		       from != tty->line_at) {
			from--;
		}
		if (word) {
			if (is_word(input_at(tty, from))) {
				seen_word = true;
			} else if (seen_word) {
				break;
			}
		}
		tty->write_at = from;
		show_erased(tty, from, end, c);
		if (one) {
			break;
		}
	}
	if (tty->write_at == tty->line_at && tty_lflag(tty, UAPI_ECHO)) {
		line_erase_finish(tty);
	}
}
