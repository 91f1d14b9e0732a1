/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From a system call's number and registers to sys_x().
 *
 * syscalls.def fills a constant table of the functions, which entry code calls
 * straight with the arguments in its registers; every slot is filled, so a call
 * costs a comparison and an indirect call.
 *
 * --strace or --fail-alloc sets the limit of that comparison to 0: every call
 * then takes the slow path, which prints it and uses adapters, enter_x(), that
 * take the typed arguments from the frame.  Nothing else is shared but the bits
 * of the absent numbers that have been logged.
 */
#include <arch/trap.h>

#include <arch/frame.h>
#include <asm/syscall.h>
#include <debug/log.h>
#include <generated/config.h>
#include <init/hooks.h>
#include <init/options.h>
#include <lib/compiler.h>
#include <linux/syscall.h>
#include <mm/fail_alloc.h>
#include <process/process.h>
#include <uapi/errno.h>

typedef long enter_func(const struct trapframe *frame);

static uint64_t logged[SYSCALL_NUMBER_MAX / 64]; /* [a] */

static long enter_absent(const struct trapframe *frame)
{
	unsigned long number = frame_syscall_number(frame);
	unsigned long slot = number < SYSCALL_NUMBER_MAX ? number : 0;
	uint64_t bit = 1ull << (slot % 64);
	struct syscall_info info;

	if (number < SYSCALL_NUMBER_MAX &&
	    (__atomic_fetch_or(&logged[slot / 64], bit, __ATOMIC_RELAXED) &
	     bit) == 0) {
		log_warning("system call %lu (%s) is not implemented: ENOSYS",
			    number,
			    syscall_info(number, &info) ? info.name
							: "no name");
	}
	return -ENOSYS;
}

/* Calls that this architecture lacks go behind the table. */
#define SLOT(x86, arm)                                                         \
	(SYSCALL_NUMBER(x86, arm) >= 0 ? SYSCALL_NUMBER(x86, arm)              \
				       : SYSCALL_NUMBER_MAX + (x86))
#define SLOT_COUNT (2 * SYSCALL_NUMBER_MAX)

#if CONFIG_STRACE
/* --- adapters --------------------------------------------------------- */

#define ARG(type, i) ((type)frame_syscall_arg(frame, i))
#define ENTER_FULL(name, ...)                                                  \
	static long enter_##name(const struct trapframe *frame)                \
	{                                                                      \
		(void)frame;                                                   \
		return sys_##name(__VA_ARGS__);                                \
	}
#define ENTER_PARTIAL(name, ...) ENTER_FULL(name, __VA_ARGS__)
#define ENTER_ABSENT(name, ...)

#define SYSCALL0(name, x86, arm, status) ENTER_##status(name)
#define SYSCALL1(name, x86, arm, status, t0, a0)                               \
	ENTER_##status(name, ARG(t0, 0))
#define SYSCALL2(name, x86, arm, status, t0, a0, t1, a1)                       \
	ENTER_##status(name, ARG(t0, 0), ARG(t1, 1))
#define SYSCALL3(name, x86, arm, status, t0, a0, t1, a1, t2, a2)               \
	ENTER_##status(name, ARG(t0, 0), ARG(t1, 1), ARG(t2, 2))
#define SYSCALL4(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3)       \
	ENTER_##status(name, ARG(t0, 0), ARG(t1, 1), ARG(t2, 2), ARG(t3, 3))
#define SYSCALL5(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4)                                                           \
	ENTER_##status(name, ARG(t0, 0), ARG(t1, 1), ARG(t2, 2), ARG(t3, 3),   \
		       ARG(t4, 4))
#define SYSCALL6(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4, t5, a5)                                                   \
	ENTER_##status(name, ARG(t0, 0), ARG(t1, 1), ARG(t2, 2), ARG(t3, 3),   \
		       ARG(t4, 4), ARG(t5, 5))
#include <linux/syscalls.def>
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6

/* --- the table ---------------------------------------------------------- */

#define ROW_FULL(name, x86, arm)    [SLOT(x86, arm)] = enter_##name,
#define ROW_PARTIAL(name, x86, arm) ROW_FULL(name, x86, arm)
#define ROW_ABSENT(name, x86, arm)

#define SYSCALL0(name, x86, arm, status)      ROW_##status(name, x86, arm)
#define SYSCALL1(name, x86, arm, status, ...) ROW_##status(name, x86, arm)
#define SYSCALL2			      SYSCALL1
#define SYSCALL3			      SYSCALL1
#define SYSCALL4			      SYSCALL1
#define SYSCALL5			      SYSCALL1
#define SYSCALL6			      SYSCALL1

/* The range below is overridden on purpose; scripts/check_syscalls.py finds
 * numbers that are used twice. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static enter_func *const table[SLOT_COUNT] = {
	[0 ... SLOT_COUNT - 1] = enter_absent,
#include <linux/syscalls.def>
};
#pragma GCC diagnostic pop
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
#endif /* CONFIG_STRACE */

/*
 * The functions themselves, for entry code that has the arguments in the
 * registers of a C call already (arch/trap.h).
 */
#define ROW_DIRECT_FULL(name, x86, arm)                                        \
	[SLOT(x86, arm)] = (syscall_direct_func *)sys_##name,
#define ROW_DIRECT_PARTIAL(name, x86, arm) ROW_DIRECT_FULL(name, x86, arm)
#define ROW_DIRECT_ABSENT(name, x86, arm)
#define SYSCALL0(name, x86, arm, status) ROW_DIRECT_##status(name, x86, arm)
#define SYSCALL1(name, x86, arm, status, ...)                                  \
	ROW_DIRECT_##status(name, x86, arm)
#define SYSCALL2 SYSCALL1
#define SYSCALL3 SYSCALL1
#define SYSCALL4 SYSCALL1
#define SYSCALL5 SYSCALL1
#define SYSCALL6 SYSCALL1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
syscall_direct_func *const syscall_direct[SLOT_COUNT] = {
	[0 ... SLOT_COUNT - 1] = arch_syscall_absent,
#include <linux/syscalls.def>
};
#pragma GCC diagnostic pop
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6

/* Below it a number goes straight through the tables.  Written once at boot. */
unsigned long syscall_direct_limit = SYSCALL_NUMBER_MAX;

long syscall_absent(const struct trapframe *frame)
{
	return enter_absent(frame);
}

#if CONFIG_STRACE
static NO_INLINE long call_slowly(const struct trapframe *frame)
{
	unsigned long number = frame_syscall_number(frame);
	enter_func *enter =
		number < SYSCALL_NUMBER_MAX ? table[number] : enter_absent;
	long result;

	if (CONFIG_FAIL_ALLOC && fail_alloc_is_on()) {
		fail_alloc_arm();
	}
	result = options()->strace ? strace_call(frame, enter) : enter(frame);
	if (CONFIG_FAIL_ALLOC && fail_alloc_is_on()) {
		fail_alloc_disarm();
	}
	return result;
}
#else
/* Only numbers behind the tables come here. */
static long call_slowly(const struct trapframe *frame)
{
	return enter_absent(frame);
}
#endif

void trap_syscall(struct trapframe *frame)
{
	frame_set_result(frame, call_slowly(frame));
}

static int dispatch_start(void)
{
	if (CONFIG_STRACE && options()->strace) {
		syscall_direct_limit = 0;
		process_trace_start();
	}
	if (CONFIG_FAIL_ALLOC && options()->fail_alloc != NULL) {
		syscall_direct_limit = 0;
	}
	return 0;
}
INIT_HOOK(dispatch, dispatch_start, INIT_CORE);
