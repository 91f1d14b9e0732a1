/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The parts of the tracer (--strace): strace.c follows a call, strace_rules.c
 * says how an argument is shown, strace_values.c shows what pointers point to,
 * strace_words.c has the names of constants, strace_line.c builds the text.
 *
 * All run in the thread that makes the call and may sleep: they read the
 * application's memory, with checks; what cannot be read is shown as an
 * address.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>
#include <linux/syscall.h>

#define STRACE_LINE_SIZE 448 /* of a log line's 512; what is longer is cut */

struct strace_line {
	size_t length;
	char text[STRACE_LINE_SIZE];
};

/* Names of a value: of one of several, or of bits. */
struct strace_word {
	uint32_t value;
	const char *name;
};

struct strace_words {
	const struct strace_word *words;
	uint16_t count;
	bool bits;	  /* joined by |, the rest in hexadecimal */
	const char *none; /* name of no bit; NULL: 0 */
};

/* A call and one of its arguments. */
struct strace_arg {
	const struct syscall_info *info;
	const unsigned long *values; /* of all arguments */
	unsigned index;		     /* of this one */
	long result;		     /* once it has returned */
};

/* Shows an argument; `words` is the rule's. */
typedef void strace_show(struct strace_line *line, const struct strace_arg *arg,
			 const struct strace_words *words);

static inline unsigned long strace_value(const struct strace_arg *arg)
{
	return arg->values[arg->index];
}

struct strace_rule {
	const char *calls; /* names between spaces; NULL: any */
	const char *arg;   /* its name in syscalls.def */
	strace_show *show;
	const struct strace_words *words;
	bool out; /* the call writes it: shown after success */
};

/* strace_rules.c: NULL when type and name alone decide. */
const struct strace_rule *strace_rule(const struct strace_arg *arg);

/* strace_line.c */
void strace_put(struct strace_line *line, const char *format, ...)
	PRINTF_LIKE(2, 3);
void strace_put_words(struct strace_line *line,
		      const struct strace_words *words, uint32_t value);
void strace_put_address(struct strace_line *line, unsigned long address);
void strace_put_string(struct strace_line *line, unsigned long address);
void strace_put_data(struct strace_line *line, unsigned long address,
		     size_t size);
void strace_put_quoted(struct strace_line *line, const char *data, size_t size);

/* strace_words.c */
extern const struct strace_words strace_access_modes, strace_advice,
	strace_arch_prctl, strace_at_flags, strace_clocks, strace_clone_flags,
	strace_close_range, strace_epoll_ops, strace_epoll_events,
	strace_fallocate, strace_families, strace_fcntl_commands,
	strace_fd_flags, strace_flock, strace_futex_ops, strace_ioctls,
	strace_ipc_commands, strace_ipc_flags, strace_itimers, strace_map_flags,
	strace_membarrier, strace_memfd_flags, strace_mount_flags,
	strace_mremap_flags, strace_msg_flags, strace_msync_flags,
	strace_open_flags, strace_poll_events, strace_policies, strace_prctl,
	strace_prot, strace_random_flags, strace_rename_flags, strace_resources,
	strace_rusage_who, strace_seek, strace_shutdown, strace_sig_how,
	strace_sigaction_flags, strace_socket_levels, strace_socket_options,
	strace_socket_types, strace_timer_flags, strace_umount_flags,
	strace_wait_options, strace_wait_which;

/* strace_values.c: what an argument or its target is. */
strace_show strace_show_words, strace_show_signal, strace_show_octal,
	strace_show_dir_fd, strace_show_string, strace_show_data,
	strace_show_data_out, strace_show_open_flags, strace_show_open_mode,
	strace_show_fcntl_arg, strace_show_clone_flags, strace_show_futex_op,
	strace_show_socket_type, strace_show_hex;
/* strace_structs.c: structures in the application's memory. */
strace_show strace_show_fds, strace_show_stat, strace_show_timespec,
	strace_show_timeval, strace_show_itimerspec, strace_show_itimerval,
	strace_show_rlimit, strace_show_sigset, strace_show_sigaction,
	strace_show_pollfds, strace_show_iovec, strace_show_wait_status,
	strace_show_sockaddr, strace_show_epoll_event, strace_show_epoll_events,
	strace_show_msghdr, strace_show_clone_args, strace_show_int,
	strace_show_strings, strace_show_strings_count;
