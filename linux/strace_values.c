/* SPDX-License-Identifier: BSD-3-Clause */

/* Arguments that are values, paths or buffers.  See strace.h. */
#include "strace.h"

#include <lib/minmax.h>
#include <lib/signal_name.h>
#include <lib/string.h>
#include <uapi/clone.h>
#include <uapi/fcntl.h>
#include <uapi/futex.h>
#include <uapi/socket.h>

void strace_show_words(struct strace_line *line, const struct strace_arg *arg,
		       const struct strace_words *words)
{
	strace_put_words(line, words, (uint32_t)strace_value(arg));
}

static void put_signal(struct strace_line *line, int signal)
{
	if (signal > 0 && signal <= 64) {
		strace_put(line, "%s", signal_name(signal));
	} else {
		strace_put(line, "%d", signal);
	}
}

void strace_show_signal(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	(void)words;
	put_signal(line, (int)strace_value(arg));
}

void strace_show_octal(struct strace_line *line, const struct strace_arg *arg,
		       const struct strace_words *words)
{
	(void)words;
	strace_put(line, "%#o", (unsigned)strace_value(arg));
}

void strace_show_hex(struct strace_line *line, const struct strace_arg *arg,
		     const struct strace_words *words)
{
	(void)words;
	strace_put(line, "%#lx", strace_value(arg));
}

void strace_show_dir_fd(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	int fd = (int)strace_value(arg);

	(void)words;
	if (fd == UAPI_AT_FDCWD) {
		strace_put(line, "AT_FDCWD");
	} else {
		strace_put(line, "%d", fd);
	}
}

void strace_show_string(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	(void)words;
	strace_put_string(line, strace_value(arg));
}

/* A buffer whose size is the next argument. */
void strace_show_data(struct strace_line *line, const struct strace_arg *arg,
		      const struct strace_words *words)
{
	(void)words;
	strace_put_data(line, strace_value(arg), arg->values[arg->index + 1]);
}

/* A buffer that the call has filled: the result is its size, but no more than
 * the next argument (MSG_TRUNC). */
void strace_show_data_out(struct strace_line *line,
			  const struct strace_arg *arg,
			  const struct strace_words *words)
{
	(void)words;
	strace_put_data(line, strace_value(arg),
			MIN((size_t)arg->result, arg->values[arg->index + 1]));
}

void strace_show_open_flags(struct strace_line *line,
			    const struct strace_arg *arg,
			    const struct strace_words *words)
{
	static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR",
					    "O_ACCMODE"};
	uint32_t flags = (uint32_t)strace_value(arg);

	strace_put(line, "%s", modes[flags & UAPI_O_ACCMODE]);
	flags &= ~(uint32_t)UAPI_O_ACCMODE;
	if (flags != 0) {
		strace_put(line, "|");
		strace_put_words(line, words, flags);
	}
}

/* The mode after open flags: of new files only. */
void strace_show_open_mode(struct strace_line *line,
			   const struct strace_arg *arg,
			   const struct strace_words *words)
{
	uint32_t flags = (uint32_t)arg->values[arg->index - 1];

	(void)words;
	if ((flags & UAPI_O_CREAT) != 0 ||
	    (flags & UAPI_O_TMPFILE) == UAPI_O_TMPFILE) {
		strace_put(line, "%#o", (unsigned)strace_value(arg));
	} else {
		strace_put(line, "0");
	}
}

/* What follows the command of fcntl(2). */
void strace_show_fcntl_arg(struct strace_line *line,
			   const struct strace_arg *arg,
			   const struct strace_words *words)
{
	unsigned long value = strace_value(arg);

	switch (arg->values[arg->index - 1]) {
	case UAPI_F_SETFD:
		if (value == UAPI_FD_CLOEXEC) {
			strace_put(line, "FD_CLOEXEC");
		} else {
			strace_put(line, "%#lx", value);
		}
		break;
	case UAPI_F_SETFL:
		strace_show_open_flags(line, arg, words);
		break;
	case UAPI_F_SETSIG:
		put_signal(line, (int)value);
		break;
	case UAPI_F_DUPFD:
	case UAPI_F_DUPFD_CLOEXEC:
	case UAPI_F_SETOWN:
	case UAPI_F_SETPIPE_SZ:
		strace_put(line, "%d", (int)value);
		break;
	default:
		strace_put(line, "%#lx", value);
	}
}

/* The low byte is the signal of the child's end. */
void strace_show_clone_flags(struct strace_line *line,
			     const struct strace_arg *arg,
			     const struct strace_words *words)
{
	uint32_t value = (uint32_t)strace_value(arg);
	uint32_t flags = value & ~(uint32_t)UAPI_CSIGNAL;
	int signal = (int)(value & UAPI_CSIGNAL);

	if (flags != 0 || signal == 0) {
		strace_put_words(line, words, flags);
	}
	if (signal != 0) {
		strace_put(line, flags != 0 ? "|" : "");
		put_signal(line, signal);
	}
}

void strace_show_futex_op(struct strace_line *line,
			  const struct strace_arg *arg,
			  const struct strace_words *words)
{
	const uint32_t flags =
		UAPI_FUTEX_PRIVATE_FLAG | UAPI_FUTEX_CLOCK_REALTIME;
	uint32_t value = (uint32_t)strace_value(arg);

	strace_put_words(line, words, value & ~flags);
	if ((value & UAPI_FUTEX_PRIVATE_FLAG) != 0) {
		strace_put(line, "_PRIVATE");
	}
	if ((value & UAPI_FUTEX_CLOCK_REALTIME) != 0) {
		strace_put(line, "|FUTEX_CLOCK_REALTIME");
	}
}

void strace_show_socket_type(struct strace_line *line,
			     const struct strace_arg *arg,
			     const struct strace_words *words)
{
	uint32_t value = (uint32_t)strace_value(arg);

	strace_put_words(line, words, value & UAPI_SOCK_TYPE_MASK);
	if ((value & UAPI_SOCK_CLOEXEC) != 0) {
		strace_put(line, "|SOCK_CLOEXEC");
	}
	if ((value & UAPI_SOCK_NONBLOCK) != 0) {
		strace_put(line, "|SOCK_NONBLOCK");
	}
}
