/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ioctl(2) of terminals: ioctl_tty(2), termios(3).
 *
 * TIOCSTI is refused (-EIO), as by Linux without its legacy option: a program
 * could type into the shell that started it.
 */
#include "internal.h"

#include <arch/user.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <uapi/errno.h>
#include <uapi/ioctl.h>
#include <uapi/signal.h>
#include <vfs/file.h>

#define CFLAG_CHARACTER                                                        \
	0000760u /* size, stop bits, parity: fixed to 8 bits                   \
		  */

enum when { NOW, DRAINED, DRAINED_FLUSHED };

static uint32_t keep(uint32_t new, uint32_t old, uint32_t locked)
{
	return (new & ~locked) | (old & locked);
}

/* TIOCSLCKTRMIOS: what is locked stays as it is. */
static void keep_locked(struct uapi_termios2 *new,
			const struct uapi_termios2 *old,
			const struct uapi_termios *locked)
{
	new->iflag = keep(new->iflag, old->iflag, locked->iflag);
	new->oflag = keep(new->oflag, old->oflag, locked->oflag);
	new->cflag = keep(new->cflag, old->cflag, locked->cflag);
	new->lflag = keep(new->lflag, old->lflag, locked->lflag);
	new->line = locked->line != 0 ? old->line : new->line;
	for (size_t i = 0; i < ARRAY_SIZE(locked->cc); i++) {
		if (locked->cc[i] != 0) {
			new->cc[i] = old->cc[i];
		}
	}
}

/* Does the program use ^S and ^Q as terminals do? */
static bool stops_by_keys(const struct uapi_termios2 *termios)
{
	return (termios->iflag & UAPI_IXON) != 0 &&
	       termios->cc[UAPI_VSTOP] == 023 &&
	       termios->cc[UAPI_VSTART] == 021;
}

static void tell_changes(struct tty *tty, const struct uapi_termios2 *old)
{
	bool stops = stops_by_keys(&tty->termios);

	if (stops != stops_by_keys(old)) {
		tty_tell(tty,
			 stops ? UAPI_TIOCPKT_DOSTOP : UAPI_TIOCPKT_NOSTOP);
	}
	if (((old->lflag | tty->termios.lflag) & UAPI_EXTPROC) != 0) {
		tty_tell(tty, UAPI_TIOCPKT_IOCTL);
	}
}

static void set_termios(struct tty *tty, const struct uapi_termios2 *termios,
			enum when when)
{
	struct uapi_termios2 old;

	mutex_lock(&tty->lock);
	old = tty->termios;
	if (when == DRAINED_FLUSHED) {
		line_input_flush(tty);
	}
	tty->termios = *termios;
	tty->termios.cflag &= ~CFLAG_CHARACTER;
	tty->termios.cflag |= UAPI_CS8 | UAPI_CREAD;
	keep_locked(&tty->termios, &old, &tty->locked);
	line_input_mode_changed(tty, old.lflag);
	tell_changes(tty, &old);
	if (!tty_iflag(tty, UAPI_IXON)) {
		line_output_start(tty);
	}
	mutex_unlock(&tty->lock);
}

static void current_termios(struct tty *tty, struct uapi_termios2 *termios_out)
{
	mutex_lock(&tty->lock);
	*termios_out = tty->termios;
	mutex_unlock(&tty->lock);
}

static void from_termio(struct uapi_termios2 *termios,
			const struct uapi_termio *old)
{
	termios->iflag = (termios->iflag & 0xffff0000u) | old->iflag;
	termios->oflag = (termios->oflag & 0xffff0000u) | old->oflag;
	termios->cflag = (termios->cflag & 0xffff0000u) | old->cflag;
	termios->lflag = (termios->lflag & 0xffff0000u) | old->lflag;
	termios->line = old->line;
	memcpy(termios->cc, old->cc, sizeof(old->cc));
}

/* `size` tells the three forms apart: termio, termios, termios2. */
static long put_termios(struct tty *tty, void USER *to, size_t size)
{
	struct uapi_termios2 termios;
	struct uapi_termio old;

	current_termios(tty, &termios);
	if (size != sizeof(old)) {
		return user_copy_out(to, &termios, size);
	}
	memset(&old, 0, sizeof(old));
	old.iflag = (uint16_t)termios.iflag;
	old.oflag = (uint16_t)termios.oflag;
	old.cflag = (uint16_t)termios.cflag;
	old.lflag = (uint16_t)termios.lflag;
	old.line = termios.line;
	memcpy(old.cc, termios.cc, sizeof(old.cc));
	return user_copy_out(to, &old, sizeof(old));
}

static long get_termios(struct tty *tty, const void USER *from, size_t size,
			enum when when, bool checked)
{
	struct uapi_termios2 termios;
	struct uapi_termio old;
	long err = checked ? tty_job_check(tty, UAPI_SIGTTOU) : 0;

	if (err < 0) {
		return err;
	}
	current_termios(tty, &termios);
	if (size == sizeof(old)) {
		err = user_copy_in(&old, from, size);
		if (err == 0) {
			from_termio(&termios, &old);
		}
	} else {
		err = user_copy_in(&termios, from, size);
	}
	if (err == 0 && when != NOW) {
		err = tty_drain(tty);
	}
	if (err == 0) {
		set_termios(tty, &termios, when);
	}
	return err;
}

static long put_locked(struct tty *tty, void USER *to)
{
	struct uapi_termios locked;

	mutex_lock(&tty->lock);
	locked = tty->locked;
	mutex_unlock(&tty->lock);
	return user_copy_out(to, &locked, sizeof(locked));
}

static long set_locked(struct tty *tty, const void USER *from)
{
	struct uapi_termios locked;

	if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	if (user_copy_in(&locked, from, sizeof(locked)) < 0) {
		return -EFAULT;
	}
	mutex_lock(&tty->lock);
	tty->locked = locked;
	mutex_unlock(&tty->lock);
	return 0;
}

long tty_set_window(struct tty *tty, const struct uapi_winsize *window)
{
	mutex_lock(&tty->lock);
	if (memcmp(window, &tty->window, sizeof(*window)) != 0) {
		tty->window = *window;
		tty_job_signal(tty, UAPI_SIGWINCH);
	}
	mutex_unlock(&tty->lock);
	return 0;
}

static long change_window(struct tty *tty, const void USER *from)
{
	struct uapi_winsize window;
	long err = user_copy_in(&window, from, sizeof(window));

	return err < 0 ? err : tty_set_window(tty, &window);
}

static long get_window(struct tty *tty, void USER *to)
{
	struct uapi_winsize window;

	mutex_lock(&tty->lock);
	window = tty->window;
	mutex_unlock(&tty->lock);
	return user_copy_out(to, &window, sizeof(window));
}

long tty_mode_ioctl(struct tty *tty, unsigned command, unsigned long arg,
		    bool checked)
{
	const size_t short_size = sizeof(struct uapi_termio);
	const size_t size = sizeof(struct uapi_termios);
	const size_t long_size = sizeof(struct uapi_termios2);
	void USER *user = (void USER *)arg;

	switch (command) {
	case UAPI_TCGETS:
		return put_termios(tty, user, size);
	case UAPI_TCGETS2:
		return put_termios(tty, user, long_size);
	case UAPI_TCGETA:
		return put_termios(tty, user, short_size);
	case UAPI_TCSETS:
		return get_termios(tty, user, size, NOW, checked);
	case UAPI_TCSETSW:
		return get_termios(tty, user, size, DRAINED, checked);
	case UAPI_TCSETSF:
		return get_termios(tty, user, size, DRAINED_FLUSHED, checked);
	case UAPI_TCSETS2:
		return get_termios(tty, user, long_size, NOW, checked);
	case UAPI_TCSETSW2:
		return get_termios(tty, user, long_size, DRAINED, checked);
	case UAPI_TCSETSF2:
		return get_termios(tty, user, long_size, DRAINED_FLUSHED,
				   checked);
	case UAPI_TCSETA:
		return get_termios(tty, user, short_size, NOW, checked);
	case UAPI_TCSETAW:
		return get_termios(tty, user, short_size, DRAINED, checked);
	case UAPI_TCSETAF:
		return get_termios(tty, user, short_size, DRAINED_FLUSHED,
				   checked);
	case UAPI_TIOCGWINSZ:
		return get_window(tty, user);
	case UAPI_TIOCSWINSZ:
		return change_window(tty, user);
	case UAPI_TIOCGLCKTRMIOS:
		return put_locked(tty, user);
	case UAPI_TIOCSLCKTRMIOS:
		return set_locked(tty, user);
	default:
		return -ENOTTY;
	}
}

/* --- flow, queues ----------------------------------------------------------
 */

static long flush_queues(struct tty *tty, unsigned long which)
{
	if (which > UAPI_TCIOFLUSH) {
		return -EINVAL;
	}
	mutex_lock(&tty->lock);
	if (which != UAPI_TCOFLUSH) {
		line_input_flush(tty);
	}
	if (which != UAPI_TCIFLUSH) {
		tty->echo_count = 0;
		if (tty->driver->flush != NULL) {
			tty->driver->flush(tty);
		}
	}
	mutex_unlock(&tty->lock);
	return 0;
}

static long control_flow(struct tty *tty, unsigned long action)
{
	uint8_t character = 0;
	long err = 0;

	mutex_lock(&tty->lock);
	switch (action) {
	case UAPI_TCOOFF:
		line_output_stop(tty);
		break;
	case UAPI_TCOON:
		line_output_start(tty);
		break;
	case UAPI_TCIOFF:
		character = tty->termios.cc[UAPI_VSTOP];
		break;
	case UAPI_TCION:
		character = tty->termios.cc[UAPI_VSTART];
		break;
	default:
		err = -EINVAL;
		break;
	}
	if (character != 0) {
		tty->driver->write(tty, &character, 1);
	}
	mutex_unlock(&tty->lock);
	return err;
}

static long set_exclusive(struct tty *tty, bool on)
{
	mutex_lock(&tty->lock);
	tty->exclusive = on;
	mutex_unlock(&tty->lock);
	return 0;
}

static size_t queued_count(struct tty *tty, bool output)
{
	size_t count;

	mutex_lock(&tty->lock);
	count = output ? tty->driver->queued(tty) : line_input_count(tty);
	mutex_unlock(&tty->lock);
	return count;
}

/* Those that a background process may not do. */
static long change_ioctl(struct tty *tty, unsigned command, unsigned long arg)
{
	long err = tty_job_check(tty, UAPI_SIGTTOU);

	if (err < 0) {
		return err;
	}
	switch (command) {
	case UAPI_TCFLSH:
		return flush_queues(tty, arg);
	case UAPI_TCXONC:
		return control_flow(tty, arg);
	case UAPI_TIOCSETD: {
		uint32_t discipline;

		err = user_get_u32(&discipline, (void USER *)arg);
		return err < 0 ? err : discipline == 0 ? 0 : -EINVAL;
	}
	default: /* TCSBRK, TCSBRKP, TIOCSBRK, TIOCCBRK: no line to break */
		return tty_drain(tty);
	}
}

static long other_ioctl(struct tty *tty, unsigned command, unsigned long arg)
{
	void USER *user = (void USER *)arg;

	switch (command) {
	case UAPI_FIONREAD:
		return user_put_u32(user, (uint32_t)queued_count(tty, false));
	case UAPI_TIOCOUTQ:
		return user_put_u32(user, (uint32_t)queued_count(tty, true));
	case UAPI_TIOCGETD:
		return user_put_u32(user, 0);
	case UAPI_TIOCGDEV:
		return user_put_u32(user, (uint32_t)tty->device);
	case UAPI_TIOCEXCL:
		return set_exclusive(tty, true);
	case UAPI_TIOCNXCL:
		return set_exclusive(tty, false);
	case UAPI_TIOCGEXCL:
		return user_put_u32(user, READ_ONCE(tty->exclusive));
	case UAPI_TIOCSTI:
		return -EIO;
	default:
		return tty_mode_ioctl(tty, command, arg, true);
	}
}

long tty_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	struct tty *tty = file->private;

	if (READ_ONCE(tty->hung_up)) {
		return command == UAPI_TIOCSPGRP ? -ENOTTY : -EIO;
	}
	switch (command) {
	case UAPI_TIOCSCTTY:
	case UAPI_TIOCNOTTY:
	case UAPI_TIOCGPGRP:
	case UAPI_TIOCSPGRP:
	case UAPI_TIOCGSID:
		return tty_job_ioctl(tty, command, arg, false);
	case UAPI_TCFLSH:
	case UAPI_TCXONC:
	case UAPI_TIOCSETD:
	case UAPI_TCSBRK:
	case UAPI_TCSBRKP:
	case UAPI_TIOCSBRK:
	case UAPI_TIOCCBRK:
		return change_ioctl(tty, command, arg);
	default:
		return other_ioctl(tty, command, arg);
	}
}
