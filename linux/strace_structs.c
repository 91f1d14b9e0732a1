/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Structures in the application's memory, with the field names of their manual
 * pages.  Those that cannot be read are shown as addresses; of arrays the first
 * ELEMENTS_SHOWN elements are shown.
 */
#include "strace.h"

#include <asm/stat.h>
#include <lib/minmax.h>
#include <lib/signal_name.h>
#include <uapi/clone.h>
#include <uapi/resource.h>
#include <uapi/signal.h>
#include <uapi/socket.h>
#include <uapi/time.h>
#include <uapi/wait.h>

#define ELEMENTS_SHOWN 8
#define FILE_TYPE_MASK 0170000u

/* Reads the argument's target; shows the address where that fails. */
static bool read_target(struct strace_line *line, const struct strace_arg *arg,
			void *target, size_t size)
{
	unsigned long address = strace_value(arg);

	if (address != 0 &&
	    user_copy_in(target, (const void USER *)address, size) == 0) {
		return true;
	}
	strace_put_address(line, address);
	return false;
}

void strace_show_int(struct strace_line *line, const struct strace_arg *arg,
		     const struct strace_words *words)
{
	int32_t value;

	(void)words;
	if (read_target(line, arg, &value, sizeof(value))) {
		strace_put(line, "[%d]", value);
	}
}

/* The two descriptors of pipe(2) and socketpair(2). */
void strace_show_fds(struct strace_line *line, const struct strace_arg *arg,
		     const struct strace_words *words)
{
	int32_t fds[2];

	(void)words;
	if (read_target(line, arg, fds, sizeof(fds))) {
		strace_put(line, "[%d, %d]", fds[0], fds[1]);
	}
}

void strace_show_stat(struct strace_line *line, const struct strace_arg *arg,
		      const struct strace_words *words)
{
	static const char *const types[16] = {
		[001] = "S_IFIFO",  [002] = "S_IFCHR", [004] = "S_IFDIR",
		[006] = "S_IFBLK",  [010] = "S_IFREG", [012] = "S_IFLNK",
		[014] = "S_IFSOCK",
	};
	struct uapi_stat stat;
	const char *type;

	(void)words;
	if (!read_target(line, arg, &stat, sizeof(stat))) {
		return;
	}
	type = types[(stat.mode & FILE_TYPE_MASK) >> 12];
	strace_put(line, "{st_mode=%s|0%o, ", type == NULL ? "0" : type,
		   stat.mode & ~FILE_TYPE_MASK);
	if (stat.rdev != 0) {
		strace_put(line, "st_rdev=%#llx, ...}",
			   (unsigned long long)stat.rdev);
	} else {
		strace_put(line, "st_size=%lld, ...}", (long long)stat.size);
	}
}

static void put_timespec(struct strace_line *line,
			 const struct uapi_timespec *time)
{
	strace_put(line, "{tv_sec=%lld, tv_nsec=%lld}", (long long)time->sec,
		   (long long)time->nsec);
}

void strace_show_timespec(struct strace_line *line,
			  const struct strace_arg *arg,
			  const struct strace_words *words)
{
	struct uapi_timespec time;

	(void)words;
	if (read_target(line, arg, &time, sizeof(time))) {
		put_timespec(line, &time);
	}
}

void strace_show_itimerspec(struct strace_line *line,
			    const struct strace_arg *arg,
			    const struct strace_words *words)
{
	struct uapi_itimerspec timer;

	(void)words;
	if (read_target(line, arg, &timer, sizeof(timer))) {
		strace_put(line, "{it_interval=");
		put_timespec(line, &timer.interval);
		strace_put(line, ", it_value=");
		put_timespec(line, &timer.value);
		strace_put(line, "}");
	}
}

static void put_timeval(struct strace_line *line,
			const struct uapi_timeval *time)
{
	strace_put(line, "{tv_sec=%lld, tv_usec=%lld}", (long long)time->sec,
		   (long long)time->usec);
}

void strace_show_timeval(struct strace_line *line, const struct strace_arg *arg,
			 const struct strace_words *words)
{
	struct uapi_timeval time;

	(void)words;
	if (read_target(line, arg, &time, sizeof(time))) {
		put_timeval(line, &time);
	}
}

void strace_show_itimerval(struct strace_line *line,
			   const struct strace_arg *arg,
			   const struct strace_words *words)
{
	struct uapi_itimerval timer;

	(void)words;
	if (read_target(line, arg, &timer, sizeof(timer))) {
		strace_put(line, "{it_interval=");
		put_timeval(line, &timer.interval);
		strace_put(line, ", it_value=");
		put_timeval(line, &timer.value);
		strace_put(line, "}");
	}
}

static void put_limit(struct strace_line *line, const char *name,
		      uint64_t value)
{
	if (value == UINT64_MAX) {
		strace_put(line, "%s=RLIM64_INFINITY", name);
	} else {
		strace_put(line, "%s=%llu", name, (unsigned long long)value);
	}
}

void strace_show_rlimit(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	uint64_t limits[2];

	(void)words;
	if (read_target(line, arg, limits, sizeof(limits))) {
		put_limit(line, "{rlim_cur", limits[0]);
		put_limit(line, ", rlim_max", limits[1]);
		strace_put(line, "}");
	}
}

/* As strace: names without SIG; a set of more than half is shown inverted. */
static void put_sigset(struct strace_line *line, uint64_t set)
{
	bool inverted = __builtin_popcountll(set) > 32;
	const char *between = "";

	strace_put(line, inverted ? "~[" : "[");
	for (int signal = 1; signal <= 64; signal++) {
		bool member = (set >> (signal - 1) & 1) != 0;

		if (member == inverted) {
			continue;
		}
		if (signal < UAPI_SIGRTMIN) {
			strace_put(line, "%s%s", between,
				   signal_name(signal) + 3);
		} else {
			strace_put(line, "%sRT_%d", between,
				   signal - UAPI_SIGRTMIN);
		}
		between = " ";
	}
	strace_put(line, "]");
}

void strace_show_sigset(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	uint64_t set;

	(void)words;
	if (read_target(line, arg, &set, sizeof(set))) {
		put_sigset(line, set);
	}
}

void strace_show_sigaction(struct strace_line *line,
			   const struct strace_arg *arg,
			   const struct strace_words *words)
{
	struct uapi_sigaction action;

	if (!read_target(line, arg, &action, sizeof(action))) {
		return;
	}
	if (action.handler == UAPI_SIG_DFL) {
		strace_put(line, "{sa_handler=SIG_DFL, sa_mask=");
	} else if (action.handler == UAPI_SIG_IGN) {
		strace_put(line, "{sa_handler=SIG_IGN, sa_mask=");
	} else {
		strace_put(line, "{sa_handler=%#lx, sa_mask=", action.handler);
	}
	put_sigset(line, action.mask);
	strace_put(line, ", sa_flags=");
	strace_put_words(line, words, (uint32_t)action.flags);
	strace_put(line, "}");
}

/* struct pollfd: before the call what is asked, after it what is true. */
void strace_show_pollfds(struct strace_line *line, const struct strace_arg *arg,
			 const struct strace_words *words)
{
	struct {
		int32_t fd;
		uint16_t events, revents;
	} polled;
	unsigned count = (unsigned)arg->values[arg->index + 1];
	unsigned long address = strace_value(arg);

	strace_put(line, "[");
	for (unsigned i = 0; i < MIN(count, (unsigned)ELEMENTS_SHOWN); i++) {
		strace_put(line, i == 0 ? "{fd=" : ", {fd=");
		if (user_copy_in(&polled, (const void USER *)address,
				 sizeof(polled)) < 0) {
			strace_put(line, "%#lx", address);
		} else {
			strace_put(line, "%d, events=", polled.fd);
			strace_put_words(line, words, polled.events);
		}
		strace_put(line, "}");
		address += sizeof(polled);
	}
	strace_put(line, count > ELEMENTS_SHOWN ? ", ...]" : "]");
}

/* An array of pointers to strings up to NULL: argv. */
void strace_show_strings(struct strace_line *line, const struct strace_arg *arg,
			 const struct strace_words *words)
{
	unsigned long address = strace_value(arg);
	uint64_t string = 0;

	(void)words;
	strace_put(line, "[");
	for (unsigned i = 0; i < ELEMENTS_SHOWN * 2; i++) {
		if (user_get_u64(&string, (const void USER *)address) < 0 ||
		    string == 0) {
			strace_put(line, "]");
			return;
		}
		strace_put(line, i == 0 ? "" : ", ");
		strace_put_string(line, string);
		address += sizeof(string);
	}
	strace_put(line, ", ...]");
}

/* The same for an environment: how many there are. */
void strace_show_strings_count(struct strace_line *line,
			       const struct strace_arg *arg,
			       const struct strace_words *words)
{
	unsigned long address = strace_value(arg);
	uint64_t string = 0;
	unsigned count = 0;

	(void)words;
	while (count < 10000 &&
	       user_get_u64(&string, (const void USER *)address +
					     count * sizeof(string)) == 0 &&
	       string != 0) {
		count++;
	}
	strace_put_address(line, address);
	strace_put(line, " /* %u vars */", count);
}

void strace_show_wait_status(struct strace_line *line,
			     const struct strace_arg *arg,
			     const struct strace_words *words)
{
	uint32_t status;
	int signal;

	(void)words;
	if (arg->result == 0) { /* WNOHANG: no child has changed */
		strace_put_address(line, strace_value(arg));
		return;
	}
	if (!read_target(line, arg, &status, sizeof(status))) {
		return;
	}
	signal = (int)(status & 0x7f);
	if (status == UAPI_WAIT_CONTINUED) {
		strace_put(line, "[{WIFCONTINUED(s)}]");
	} else if (signal == 0x7f) {
		strace_put(line, "[{WIFSTOPPED(s) && WSTOPSIG(s) == %s}]",
			   signal_name((int)(status >> 8 & 0xff)));
	} else if (signal != 0) {
		strace_put(line, "[{WIFSIGNALED(s) && WTERMSIG(s) == %s}]",
			   signal_name(signal));
	} else {
		strace_put(line, "[{WIFEXITED(s) && WEXITSTATUS(s) == %u}]",
			   status >> 8 & 0xff);
	}
}

void strace_show_clone_args(struct strace_line *line,
			    const struct strace_arg *arg,
			    const struct strace_words *words)
{
	struct uapi_clone_args args = {0};
	size_t size = MIN(arg->values[arg->index + 1], sizeof(args));

	if (!read_target(line, arg, &args, size)) {
		return;
	}
	strace_put(line, "{flags=");
	strace_put_words(line, words, (uint32_t)args.flags);
	strace_put(line, ", exit_signal=%s",
		   args.exit_signal == 0 ? "0"
					 : signal_name((int)args.exit_signal));
	if (args.stack != 0) {
		strace_put(line, ", stack=%#llx, stack_size=%#llx",
			   (unsigned long long)args.stack,
			   (unsigned long long)args.stack_size);
	}
	if (args.tls != 0) {
		strace_put(line, ", tls=%#llx", (unsigned long long)args.tls);
	}
	strace_put(line, "}");
}
