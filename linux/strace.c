/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * --strace: system calls as lines of the log, in the manner of strace(1):
 *
 *	[7] openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
 *
 * A line has two parts.  The arguments up to the first one that the call
 * writes are read before the call; the rest, and the result, after it.  A call
 * that takes longer than SHOWN_AFTER is shown unfinished, so that one sees what
 * a program waits for, and resumed when it returns.
 *
 * Lines under way lie on the kernel stacks of their threads and are linked in
 * `pending`, protected by pending_lock.  A timer looks through the list while
 * it has members: one of each thread at most.
 */
#include "strace.h"

#include <arch/frame.h>
#include <debug/log.h>
#include <lib/errno_name.h>
#include <lib/list.h>
#include <lib/string.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/spinlock.h>
#include <time/clock.h>
#include <time/timer.h>

#define SHOWN_AFTER_NS 300000000ull

struct traced_call {
	struct list_node node;
	uint64_t start_ns;
	bool is_shown; /* as unfinished; by pending_lock */
	struct strace_line line;
	struct strace_arg arg; /* the next one to be shown */
	unsigned long values[SYSCALL_ARG_MAX];
	struct syscall_info info;
};

static void show_unfinished(struct timer *timer);

static struct spinlock pending_lock = SPINLOCK_INIT("strace");
static struct list pending = LIST_INITIALIZER(pending);
static struct timer watch = {.func = show_unfinished};

/* --- arguments --------------------------------------------------------------
 */

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void put_number(struct strace_line *line, const char *type,
		       unsigned long value)
{
	if (is(type, "int")) {
		strace_put(line, "%d", (int)value);
	} else if (is(type, "unsigned") || is(type, "uint32_t")) {
		strace_put(line, "%u", (uint32_t)value);
	} else if (is(type, "size_t") || is(type, "uint64_t")) {
		strace_put(line, "%lu", value);
	} else if (is(type, "unsigned long")) {
		strace_put(line, "%#lx", value);
	} else {
		strace_put(line, "%ld", (long)value);
	}
}

static void put_arg(struct strace_line *line, const struct strace_arg *arg,
		    const struct strace_rule *rule, bool failed)
{
	const struct syscall_arg *words = &arg->info->args[arg->index];
	unsigned long value = strace_value(arg);

	strace_put(line, arg->index == 0 ? "" : ", ");
	if (rule != NULL && !(rule->out && failed)) {
		rule->show(line, arg, rule->words);
	} else if (is(words->type, "const char *")) {
		strace_put_string(line, value);
	} else if (strchr(words->type, '*') != NULL ||
		   is(words->name, "addr")) {
		strace_put_address(line, value);
	} else {
		put_number(line, words->type, value);
	}
}

/* Before the call: up to the first argument that it writes. */
static void put_args_in(struct traced_call *call)
{
	struct strace_arg *arg = &call->arg;

	for (; arg->index < call->info.arg_count; arg->index++) {
		const struct strace_rule *rule = strace_rule(arg);

		if (rule != NULL && rule->out) {
			return;
		}
		put_arg(&call->line, arg, rule, false);
	}
}

static void put_args_out(struct traced_call *call)
{
	struct strace_arg *arg = &call->arg;

	for (; arg->index < call->info.arg_count; arg->index++) {
		put_arg(&call->line, arg, strace_rule(arg), arg->result < 0);
	}
}

/* --- results ----------------------------------------------------------------
 */

static const char *restart_name(long result)
{
	switch (-result) {
	case ERESTARTSYS:
		return "ERESTARTSYS";
	case ERESTARTNOINTR:
		return "ERESTARTNOINTR";
	case ERESTARTNOHAND:
		return "ERESTARTNOHAND";
	case ERESTART_RESTARTBLOCK:
		return "ERESTART_RESTARTBLOCK";
	default:
		return NULL;
	}
}

static void put_result(struct strace_line *line, const char *name, long result)
{
	if (result < 0 && result >= -4095) {
		const char *restart = restart_name(result);

		if (restart != NULL) {
			strace_put(line, ") = ? %s", restart);
		} else {
			strace_put(line, ") = -1 %s", errno_name(result));
		}
	} else if (is(name, "mmap") || is(name, "brk") || is(name, "mremap") ||
		   is(name, "shmat")) {
		strace_put(line, ") = %#lx", (unsigned long)result);
	} else {
		strace_put(line, ") = %ld", result);
	}
}

/* --- calls under way --------------------------------------------------------
 */

static void show_unfinished(struct timer *timer)
{
	uint64_t now = clock_monotonic_ns();
	struct traced_call *call;
	bool is_empty;

	spin_lock(&pending_lock);
	list_for_each (call, &pending, node) {
		if (!call->is_shown && now - call->start_ns >= SHOWN_AFTER_NS) {
			log_warning("%s <unfinished ...>", call->line.text);
			call->is_shown = true;
		}
	}
	is_empty = list_is_empty(&pending);
	spin_unlock(&pending_lock);
	if (!is_empty) {
		timer_arm(timer, now + SHOWN_AFTER_NS);
	}
}

static void call_begins(struct traced_call *call)
{
	unsigned long state;

	call->start_ns = clock_monotonic_ns();
	call->is_shown = false;
	state = spin_lock_irqsave(&pending_lock);
	list_add_tail(&pending, &call->node);
	spin_unlock_irqrestore(&pending_lock, state);
	if (!timer_is_armed(&watch)) {
		timer_arm(&watch, call->start_ns + SHOWN_AFTER_NS);
	}
}

static void call_ends(struct traced_call *call)
{
	unsigned long state = spin_lock_irqsave(&pending_lock);

	list_remove(&call->node);
	spin_unlock_irqrestore(&pending_lock, state);
}

/* --- one call ---------------------------------------------------------------
 */

static void call_init(struct traced_call *call, const struct trapframe *frame)
{
	unsigned long number = frame_syscall_number(frame);

	for (unsigned i = 0; i < SYSCALL_ARG_MAX; i++) {
		call->values[i] = frame_syscall_arg(frame, i);
	}
	call->info.name = NULL;
	call->info.arg_count = 0;
	syscall_info(number, &call->info);
	call->arg = (struct strace_arg){.info = &call->info,
					.values = call->values};
	call->line.length = 0;
	strace_put(&call->line, "[%d] ", thread_current()->tid);
	if (call->info.name != NULL) {
		strace_put(&call->line, "%s(", call->info.name);
	} else {
		call->info.name = "syscall";
		strace_put(&call->line, "syscall_%#lx(", number);
	}
	put_args_in(call);
}

long strace_call(const struct trapframe *frame,
		 long (*enter)(const struct trapframe *frame))
{
	struct traced_call call;

	call_init(&call, frame);
	if (is(call.info.name, "exit") || is(call.info.name, "exit_group") ||
	    is(call.info.name, "rt_sigreturn")) {
		log_warning("%s) = ?", call.line.text);
		return enter(frame);
	}
	call_begins(&call);
	call.arg.result = enter(frame);
	call_ends(&call);
	if (call.is_shown) {
		call.line.length = 0;
		strace_put(&call.line, "[%d] <... %s resumed>",
			   thread_current()->tid, call.info.name);
	}
	put_args_out(&call);
	put_result(&call.line, call.info.name, call.arg.result);
	log_warning("%s", call.line.text);
	return call.arg.result;
}
