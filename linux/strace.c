/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * --strace: every system call as a line of the log, after it returned (before,
 * for those that do not):
 *
 *	[7] openat(AT_FDCWD, "/etc/passwd", 0x80000, 0) = 3
 *
 * How an argument is printed follows from its type (USER left out) and name in
 * syscalls.def:
 * strings and written buffers are quoted, modes octal, flags and addresses
 * hexadecimal.  A line is built on the kernel stack by its own thread; no
 * state, no locks.
 */
#include <linux/syscall.h>

#include <arch/frame.h>
#include <debug/log.h>
#include <lib/errno_name.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <process/signal.h>
#include <sched/thread.h>

#define LINE_SIZE   448 /* of a log line's 512 */
#define QUOTED_DATA 32	/* bytes of a buffer that are shown */
#define QUOTED_PATH 160

struct line {
	size_t length;
	char text[LINE_SIZE];
};

static void put(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

static void put(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line->length += kvscnprintf(line->text + line->length,
				    LINE_SIZE - line->length, format, args);
	va_end(args);
}

static void put_byte(struct line *line, unsigned char byte)
{
	if (byte == '\n') {
		put(line, "\\n");
	} else if (byte == '\t') {
		put(line, "\\t");
	} else if (byte == '"' || byte == '\\') {
		put(line, "\\%c", byte);
	} else if (byte < ' ' || byte > '~') {
		put(line, "\\x%02x", byte);
	} else {
		put(line, "%c", byte);
	}
}

static void put_data(struct line *line, unsigned long address, size_t size)
{
	unsigned char data[QUOTED_DATA];
	size_t shown = MIN(size, sizeof(data));

	if (address == 0) {
		put(line, "NULL");
		return;
	}
	if (user_copy_in(data, (const void USER *)address, shown) < 0) {
		put(line, "0x%lx", address);
		return;
	}
	put(line, "\"");
	for (size_t i = 0; i < shown; i++) {
		put_byte(line, data[i]);
	}
	put(line, shown < size ? "\"..." : "\"");
}

static void put_string(struct line *line, unsigned long address)
{
	unsigned char byte = 0;
	size_t i = 0;

	if (address == 0) {
		put(line, "NULL");
		return;
	}
	put(line, "\"");
	for (; i < QUOTED_PATH; i++) {
		if (user_get_u8(&byte, (const char USER *)address + i) < 0) {
			put(line, "\"<fault>");
			return;
		}
		if (byte == '\0') {
			break;
		}
		put_byte(line, byte);
	}
	put(line, byte == '\0' ? "\"" : "\"...");
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void put_number(struct line *line, const struct syscall_arg *arg,
		       unsigned long value)
{
	if (is(arg->type, "int") || is(arg->type, "int64_t") ||
	    is(arg->type, "long")) {
		long number = is(arg->type, "int") ? (int)value : (long)value;

		if (strstr(arg->name, "dir_fd") != NULL && number == -100) {
			put(line, "AT_FDCWD");
		} else if (strstr(arg->name, "flags") != NULL ||
			   is(arg->name, "prot")) {
			put(line, "%#x", (unsigned)value);
		} else {
			put(line, "%ld", number);
		}
		return;
	}
	if (is(arg->type, "unsigned") || is(arg->type, "uint32_t")) {
		value = (uint32_t)value;
	}
	if (is(arg->name, "mode")) {
		put(line, "%#lo", value);
	} else if (is(arg->type, "size_t") || is(arg->name, "count") ||
		   is(arg->name, "size") || value < 16) {
		put(line, "%lu", value);
	} else {
		put(line, "%#lx", value);
	}
}

/* Index of the buffer that the call fills with `result` bytes, or -1. */
static int filled_buffer(const struct syscall_info *info)
{
	for (unsigned i = 0; i + 1 < info->arg_count; i++) {
		if (is(info->args[i].name, "buf") &&
		    is(info->args[i].type, "void *") &&
		    (is(info->args[i + 1].type, "size_t") ||
		     is(info->name, "readlink") ||
		     is(info->name, "readlinkat"))) {
			return (int)i;
		}
	}
	return -1;
}

static void put_args(struct line *line, const struct syscall_info *info,
		     const unsigned long *values, long result)
{
	int filled = filled_buffer(info);

	for (unsigned i = 0; i < info->arg_count; i++) {
		const struct syscall_arg *arg = &info->args[i];

		put(line, i == 0 ? "" : ", ");
		if (is(arg->type, "const char *")) {
			put_string(line, values[i]);
		} else if (is(arg->type, "const void *") &&
			   is(arg->name, "buf") && i + 1 < info->arg_count) {
			put_data(line, values[i], values[i + 1]);
		} else if ((int)i == filled && result > 0) {
			put_data(line, values[i], (size_t)result);
		} else if (strchr(arg->type, '*') != NULL) {
			put(line, values[i] == 0 ? "NULL" : "%#lx", values[i]);
		} else {
			put_number(line, arg, values[i]);
		}
	}
}

static void put_result(struct line *line, const char *name, long result)
{
	if (result < 0 && result >= -4095) {
		switch (-result) {
		case ERESTARTSYS:
		case ERESTARTNOINTR:
		case ERESTARTNOHAND:
		case ERESTART_RESTARTBLOCK:
			put(line, " = ? (interrupted)");
			break;
		default:
			put(line, " = -1 %s", errno_name(result));
			break;
		}
	} else if (is(name, "mmap") || is(name, "brk") || is(name, "mremap")) {
		put(line, " = %#lx", (unsigned long)result);
	} else {
		put(line, " = %ld", result);
	}
}

/* Calls after which the thread may be gone, or another program. */
static bool prints_first(const char *name)
{
	return is(name, "exit") || is(name, "exit_group") ||
	       is(name, "execve") || is(name, "execveat") ||
	       is(name, "rt_sigreturn");
}

static void begin(struct line *line, const struct syscall_info *info)
{
	line->length = 0;
	put(line, "[%d] %s(", thread_current()->tid, info->name);
}

long strace_call(const struct trapframe *frame,
		 long (*enter)(const struct trapframe *frame))
{
	struct syscall_info found = {.name = "syscall"};
	const struct syscall_info *info = &found;
	unsigned long values[SYSCALL_ARG_MAX];
	struct line line;
	long result;

	for (unsigned i = 0; i < SYSCALL_ARG_MAX; i++) {
		values[i] = frame_syscall_arg(frame, i);
	}
	syscall_info(frame_syscall_number(frame), &found);
	if (prints_first(info->name)) {
		begin(&line, info);
		put_args(&line, info, values, 0);
		put(&line, ")");
		log_warning("%s", line.text);
		result = enter(frame);
		if (result < 0 && !is(info->name, "rt_sigreturn")) {
			log_warning("[%d] %s = %s", thread_current()->tid,
				    info->name, errno_name(result));
		}
		return result;
	}
	result = enter(frame);
	begin(&line, info);
	put_args(&line, info, values, result);
	put(&line, ")");
	put_result(&line, info->name, result);
	log_warning("%s", line.text);
	return result;
}
