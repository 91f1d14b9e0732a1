/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Output processing (OPOST) and echo.
 *
 * The column is followed as far as tabs and erasing need it: newline, return,
 * backspace, tab; continuation bytes of UTF-8 (IUTF8) take no column.  Echo
 * waits in tty->echo while the device has no room or output is stopped; it
 * goes before further output of programs, and what exceeds TTY_ECHO_SIZE is
 * lost.
 *
 * Lock: tty->lock is held by all callers.
 */
#include "internal.h"

#include <debug/panic.h>
#include <lib/minmax.h>
#include <lib/string.h>

#define TAB_WIDTH 8

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_continuation(const struct tty *tty, uint8_t c)
{
	return tty_iflag(tty, UAPI_IUTF8) && (c & 0xc0) == 0x80;
}

static size_t put_newline(struct tty *tty, uint8_t *out)
{
	if (tty_oflag(tty, UAPI_ONLRET)) {
		tty->column = 0;
	}
	if (tty_oflag(tty, UAPI_ONLCR)) {
		tty->column = 0;
		tty->line_column = 0;
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	}
	tty->line_column = tty->column;
	out[0] = '\n';
	return 1;
}

static size_t put_return(struct tty *tty, uint8_t *out)
{
	if (tty_oflag(tty, UAPI_ONOCR) && tty->column == 0) {
		return 0;
	}
	if (tty_oflag(tty, UAPI_OCRNL)) {
		if (tty_oflag(tty, UAPI_ONLRET)) {
			tty->column = 0;
			tty->line_column = 0;
		}
		out[0] = '\n';
		return 1;
	}
	tty->column = 0;
	tty->line_column = 0;
	out[0] = '\r';
	return 1;
}

static size_t put_tab(struct tty *tty, uint8_t *out)
{
	size_t width = TAB_WIDTH - tty->column % TAB_WIDTH;

	tty->column += (uint32_t)width;
	if (tty_oflag(tty, UAPI_TABDLY) == UAPI_XTABS) {
		memset(out, ' ', width);
		return width;
	}
	out[0] = '\t';
	return 1;
}

/* At most TTY_EXPANSION_MAX bytes. */
static size_t put_byte(struct tty *tty, uint8_t c, uint8_t *out)
{
	switch (c) {
	case '\n':
		return put_newline(tty, out);
	case '\r':
		return put_return(tty, out);
	case '\t':
		return put_tab(tty, out);
	case '\b':
		if (tty->column > 0) {
			tty->column--;
		}
		break;
	default:
		if (is_control(c)) {
			break;
		}
		if (tty_oflag(tty, UAPI_OLCUC) && c >= 'a' && c <= 'z') {
			c = (uint8_t)(c - 'a' + 'A');
		}
		if (!is_continuation(tty, c)) {
			tty->column++;
		}
		break;
	}
	out[0] = c;
	return 1;
}

size_t line_output_process(struct tty *tty, const uint8_t *text, size_t size,
			   uint8_t *out, size_t room, size_t *used_out)
{
	size_t taken = 0;
	size_t used = 0;

	if (!tty_oflag(tty, UAPI_OPOST)) {
		taken = MIN(size, room);
		memcpy(out, text, taken);
		*used_out = taken;
		return taken;
	}
	while (taken < size && room - used >= TTY_EXPANSION_MAX) {
		used += put_byte(tty, text[taken++], out + used);
	}
	*used_out = used;
	return taken;
}

bool line_output_flush_echo(struct tty *tty)
{
	size_t count = MIN((size_t)tty->echo_count, tty->driver->room(tty));

	if (tty->stopped) {
		return tty->echo_count == 0;
	}
	if (count > 0 && tty->driver->write(tty, tty->echo, count)) {
		tty->echo_count -= (uint32_t)count;
		memmove(tty->echo, tty->echo + count, tty->echo_count);
	}
	return tty->echo_count == 0;
}

void line_output_echo(struct tty *tty, const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;

	while (size > 0) {
		size_t used;
		size_t taken = line_output_process(
			tty, bytes, size, tty->echo + tty->echo_count,
			TTY_ECHO_SIZE - tty->echo_count, &used);

		tty->echo_count += (uint32_t)used;
		bytes += taken;
		size -= taken;
		if (!line_output_flush_echo(tty) && taken == 0) {
			return; /* full: the rest is lost */
		}
	}
}

void line_output_stop(struct tty *tty)
{
	if (!tty->stopped) {
		tty->stopped = true;
		tty_tell(tty, UAPI_TIOCPKT_STOP);
	}
}

void line_output_start(struct tty *tty)
{
	if (tty->stopped) {
		tty->stopped = false;
		tty_tell(tty, UAPI_TIOCPKT_START);
		line_output_flush_echo(tty);
		wait_queue_wake_all(&tty->write_wait);
	}
}
