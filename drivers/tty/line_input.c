/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The input side of the line discipline, as termios(3) describes it.
 *
 *	input:  read ......... line ....... write      positions, ever growing
 *	        complete lines      being typed
 *
 * Invariants, lock free:
 *  (1) read_at <= line_at <= write_at <= read_at + TTY_INPUT_SIZE.
 *  (2) in canonical mode the byte before line_at has a mark: MARK_LINE ends a
 *      line behind it, MARK_EOF ends one in its place and is not delivered.
 *      (A switch to canonical mode marks what has come until then.)
 *  (3) in raw mode line_at is not used; it moves up to write_at when the mode
 *      changes.
 *
 * Lock: tty->lock is held by all callers.
 */
#include "internal.h"

#include <lib/compiler.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#define MARK_NONE 0
#define MARK_LINE 1
#define MARK_EOF  2

/* A cc entry of this value is off. */
#define CC_DISABLED 0

#define CONTROL(letter) ((letter)&0x1f)

void line_input_reset(struct tty *tty)
{
	static const uint8_t characters[UAPI_NCCS] = {
		[UAPI_VINTR] = CONTROL('C'),	[UAPI_VQUIT] = CONTROL('\\'),
		[UAPI_VERASE] = 0x7f,		[UAPI_VKILL] = CONTROL('U'),
		[UAPI_VEOF] = CONTROL('D'),	[UAPI_VMIN] = 1,
		[UAPI_VSTART] = CONTROL('Q'),	[UAPI_VSTOP] = CONTROL('S'),
		[UAPI_VSUSP] = CONTROL('Z'),	[UAPI_VREPRINT] = CONTROL('R'),
		[UAPI_VDISCARD] = CONTROL('O'), [UAPI_VWERASE] = CONTROL('W'),
		[UAPI_VLNEXT] = CONTROL('V'),
	};

	tty->termios = (struct uapi_termios2){
		.iflag = UAPI_ICRNL | UAPI_IXON,
		.oflag = UAPI_OPOST | UAPI_ONLCR,
		.cflag = UAPI_B38400 | UAPI_CS8 | UAPI_CREAD,
		.lflag = UAPI_ISIG | UAPI_ICANON | UAPI_ECHO | UAPI_ECHOE |
			 UAPI_ECHOK | UAPI_ECHOCTL | UAPI_ECHOKE | UAPI_IEXTEN,
		.ispeed = 38400,
		.ospeed = 38400,
	};
	memcpy(tty->termios.cc, characters, sizeof(characters));
}

static bool is_cc(const struct tty *tty, uint8_t c, unsigned index)
{
	uint8_t set = tty->termios.cc[index];

	return set == c && set != CC_DISABLED;
}

static uint32_t used(const struct tty *tty)
{
	return tty->write_at - tty->read_at;
}

static void store(struct tty *tty, uint8_t c, uint8_t mark)
{
	if (used(tty) < TTY_INPUT_SIZE) {
		uint32_t at = tty->write_at++ % TTY_INPUT_SIZE;

		tty->input[at] = c;
		tty->marks[at] = mark;
	}
	if (mark != MARK_NONE) {
		tty->line_at = tty->write_at;
	}
}

/* An ordinary byte; the last slot is for the end of the line.  False: lost. */
static bool store_byte(struct tty *tty, uint8_t c)
{
	bool twice = c == 0xff && tty_iflag(tty, UAPI_PARMRK);

	if (used(tty) + (twice ? 2 : 1) >= TTY_INPUT_SIZE) {
		if (tty_iflag(tty, UAPI_IMAXBEL)) {
			line_output_echo(tty, "\a", 1);
		}
		return false;
	}
	if (twice) {
		store(tty, c, MARK_NONE);
	}
	store(tty, c, MARK_NONE);
	return true;
}

void line_input_flush(struct tty *tty)
{
	tty->read_at = tty->write_at;
	tty->line_at = tty->write_at;
	tty->literal_next = false;
	tty->erasing = false;
	tty_tell(tty, UAPI_TIOCPKT_FLUSHREAD);
	tty->driver->input_room(tty);
}

void line_input_mode_changed(struct tty *tty, uint32_t old_lflag)
{
	uint32_t changed = old_lflag ^ tty->termios.lflag;

	if ((changed & UAPI_ICANON) == 0) {
		return;
	}
	tty->literal_next = false;
	tty->erasing = false;
	if (tty_lflag(tty, UAPI_ICANON) && tty->read_at != tty->write_at) {
		for (uint32_t at = tty->read_at; at != tty->write_at; at++) {
			tty->marks[at % TTY_INPUT_SIZE] = MARK_NONE;
		}
		tty->marks[(tty->write_at - 1) % TTY_INPUT_SIZE] = MARK_LINE;
	}
	tty->line_at = tty->write_at;
	wait_queue_wake_all(&tty->read_wait);
}

/* --- one byte ---------------------------------------------------------- */

static bool handle_flow(struct tty *tty, uint8_t c)
{
	if (!tty_iflag(tty, UAPI_IXON)) {
		return false;
	}
	if (is_cc(tty, c, UAPI_VSTART)) {
		line_output_start(tty);
		return true;
	}
	if (is_cc(tty, c, UAPI_VSTOP)) {
		line_output_stop(tty);
		return true;
	}
	return false;
}

static bool handle_signal(struct tty *tty, uint8_t c)
{
	int signal;

	if (!tty_lflag(tty, UAPI_ISIG)) {
		return false;
	}
	if (is_cc(tty, c, UAPI_VINTR)) {
		signal = UAPI_SIGINT;
	} else if (is_cc(tty, c, UAPI_VQUIT)) {
		signal = UAPI_SIGQUIT;
	} else if (is_cc(tty, c, UAPI_VSUSP)) {
		signal = UAPI_SIGTSTP;
	} else {
		return false;
	}
	if (!tty_lflag(tty, UAPI_NOFLSH)) {
		line_input_flush(tty);
		tty->echo_count = 0;
		if (tty->driver->flush != NULL) {
			tty->driver->flush(tty);
		}
	}
	if (tty_iflag(tty, UAPI_IXON)) {
		line_output_start(tty);
	}
	if (tty_lflag(tty, UAPI_ECHO)) {
		line_erase_echo(tty, c);
	}
	tty_job_signal(tty, signal);
	return true;
}

static void reprint(struct tty *tty)
{
	line_erase_finish(tty);
	line_erase_echo(tty, tty->termios.cc[UAPI_VREPRINT]);
	line_output_echo(tty, "\n", 1);
	for (uint32_t at = tty->line_at; at != tty->write_at; at++) {
		line_erase_echo(tty, tty->input[at % TTY_INPUT_SIZE]);
	}
}

/* Characters that edit the line; true: done with. */
static bool handle_editing(struct tty *tty, uint8_t c)
{
	bool extended = tty_lflag(tty, UAPI_IEXTEN) != 0;

	if (is_cc(tty, c, UAPI_VERASE) || is_cc(tty, c, UAPI_VKILL) ||
	    (extended && is_cc(tty, c, UAPI_VWERASE))) {
		line_erase(tty, c);
		return true;
	}
	if (extended && is_cc(tty, c, UAPI_VLNEXT)) {
		tty->literal_next = true;
		if (tty_lflag(tty, UAPI_ECHO)) {
			line_erase_finish(tty);
			if (tty_lflag(tty, UAPI_ECHOCTL)) {
				line_output_echo(tty, "^\b", 2);
			}
		}
		return true;
	}
	if (extended && tty_lflag(tty, UAPI_ECHO) &&
	    is_cc(tty, c, UAPI_VREPRINT)) {
		reprint(tty);
		return true;
	}
	return false;
}

/* Characters that end the line; true: done with. */
static bool handle_line_end(struct tty *tty, uint8_t c)
{
	if (c == '\n') {
		if (tty_lflag(tty, UAPI_ECHO | UAPI_ECHONL)) {
			line_output_echo(tty, "\n", 1);
		}
		store(tty, c, MARK_LINE);
		return true;
	}
	if (is_cc(tty, c, UAPI_VEOF)) {
		store(tty, c, MARK_EOF);
		return true;
	}
	if (is_cc(tty, c, UAPI_VEOL) ||
	    (tty_lflag(tty, UAPI_IEXTEN) && is_cc(tty, c, UAPI_VEOL2))) {
		if (tty_lflag(tty, UAPI_ECHO)) {
			line_erase_echo(tty, c);
		}
		store(tty, c, MARK_LINE);
		return true;
	}
	return false;
}

static void add_byte(struct tty *tty, uint8_t c)
{
	bool first = tty->line_at == tty->write_at;
	uint32_t column = tty->column;

	if (!store_byte(tty, c) || !tty_lflag(tty, UAPI_ECHO)) {
		return;
	}
	line_erase_finish(tty);
	if (c == '\n' && !tty->literal_next) {
		line_output_echo(tty, "\n", 1);
		return;
	}
	if (first) {
		tty->line_column = column;
	}
	line_erase_echo(tty, c);
}

static void receive_byte(struct tty *tty, uint8_t c)
{
	if (tty_iflag(tty, UAPI_ISTRIP)) {
		c &= 0x7f;
	}
	if (tty_iflag(tty, UAPI_IUCLC) && tty_lflag(tty, UAPI_IEXTEN) &&
	    c >= 'A' && c <= 'Z') {
		c = (uint8_t)(c - 'A' + 'a');
	}
	if (tty->literal_next) {
		add_byte(tty, c);
		tty->literal_next = false;
		return;
	}
	if (tty->stopped && tty_iflag(tty, UAPI_IXON) &&
	    tty_iflag(tty, UAPI_IXANY) && !is_cc(tty, c, UAPI_VSTOP)) {
		line_output_start(tty);
	}
	if (handle_flow(tty, c) || handle_signal(tty, c)) {
		return;
	}
	if (c == '\r') {
		if (tty_iflag(tty, UAPI_IGNCR)) {
			return;
		}
		c = tty_iflag(tty, UAPI_ICRNL) ? '\n' : c;
	} else if (c == '\n' && tty_iflag(tty, UAPI_INLCR)) {
		c = '\r';
	}
	if (tty_lflag(tty, UAPI_ICANON) &&
	    (handle_editing(tty, c) || handle_line_end(tty, c))) {
		return;
	}
	add_byte(tty, c);
}

/* A full queue holds the device off as long as a reader can make room. */
bool line_input_is_full(const struct tty *tty)
{
	return used(tty) + 2 >= TTY_INPUT_SIZE &&
	       (!tty_lflag(tty, UAPI_ICANON) || tty->line_at != tty->read_at);
}

size_t line_input_receive(struct tty *tty, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && !line_input_is_full(tty)) {
		receive_byte(tty, bytes[taken++]);
	}
	if (tty_lflag(tty, UAPI_ICANON) ? tty->line_at != tty->read_at
					: used(tty) > 0) {
		wait_queue_wake_all(&tty->read_wait);
	}
	return taken;
}

/* --- the reader's side ------------------------------------------------- */

bool line_input_is_ready(const struct tty *tty)
{
	const uint8_t *cc = tty->termios.cc;
	uint32_t minimum = 1;

	if (tty_lflag(tty, UAPI_ICANON)) {
		return tty->line_at != tty->read_at;
	}
	if (cc[UAPI_VTIME] == 0 && cc[UAPI_VMIN] != 0) {
		minimum = cc[UAPI_VMIN];
	}
	return used(tty) >= minimum;
}

size_t line_input_count(const struct tty *tty)
{
	size_t count = 0;

	if (!tty_lflag(tty, UAPI_ICANON)) {
		return used(tty);
	}
	for (uint32_t at = tty->read_at; at != tty->line_at; at++) {
		count += tty->marks[at % TTY_INPUT_SIZE] != MARK_EOF;
	}
	return count;
}

static size_t take_raw(struct tty *tty, uint8_t *to, size_t size)
{
	size_t count = 0;

	while (count < size && tty->read_at != tty->write_at) {
		to[count++] = tty->input[tty->read_at++ % TTY_INPUT_SIZE];
	}
	tty->line_at = tty->write_at; /* (3) */
	return count;
}

static bool next_is_eof(const struct tty *tty)
{
	return tty->read_at != tty->line_at &&
	       tty->marks[tty->read_at % TTY_INPUT_SIZE] == MARK_EOF;
}

size_t line_input_take(struct tty *tty, uint8_t *to, size_t size, bool *end_out)
{
	size_t count = 0;

	*end_out = false;
	if (!tty_lflag(tty, UAPI_ICANON)) {
		count = take_raw(tty, to, size);
	}
	while (tty_lflag(tty, UAPI_ICANON) && count < size &&
	       tty->read_at != tty->line_at && !next_is_eof(tty)) {
		uint32_t at = tty->read_at++ % TTY_INPUT_SIZE;

		to[count++] = tty->input[at];
		if (tty->marks[at] == MARK_LINE) {
			*end_out = true;
			break;
		}
	}
	if (tty_lflag(tty, UAPI_ICANON) && !*end_out && next_is_eof(tty)) {
		tty->read_at++;
		*end_out = true;
	}
	tty->driver->input_room(tty);
	return count;
}
