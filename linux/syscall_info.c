/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Names of system calls and of their arguments: the words of syscalls.def.
 * Constant data.
 */
#include <asm/syscall.h>
#include <linux/syscall.h>

#define INFO(call, x86, arm, count, ...)                                       \
	{.number = SYSCALL_NUMBER(x86, arm),                                   \
	 .info = {                                                             \
		 .name = #call, .arg_count = (count), .args = {__VA_ARGS__}}},
#define ARG(t, a)                                                              \
	{                                                                      \
		.type = #t, .name = #a                                         \
	}

#define SYSCALL0(name, x86, arm, status) INFO(name, x86, arm, 0, {0})
#define SYSCALL1(name, x86, arm, status, t0, a0)                               \
	INFO(name, x86, arm, 1, ARG(t0, a0))
#define SYSCALL2(name, x86, arm, status, t0, a0, t1, a1)                       \
	INFO(name, x86, arm, 2, ARG(t0, a0), ARG(t1, a1))
#define SYSCALL3(name, x86, arm, status, t0, a0, t1, a1, t2, a2)               \
	INFO(name, x86, arm, 3, ARG(t0, a0), ARG(t1, a1), ARG(t2, a2))
#define SYSCALL4(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3)       \
	INFO(name, x86, arm, 4, ARG(t0, a0), ARG(t1, a1), ARG(t2, a2),         \
	     ARG(t3, a3))
#define SYSCALL5(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4)                                                           \
	INFO(name, x86, arm, 5, ARG(t0, a0), ARG(t1, a1), ARG(t2, a2),         \
	     ARG(t3, a3), ARG(t4, a4))
#define SYSCALL6(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4, t5, a5)                                                   \
	INFO(name, x86, arm, 6, ARG(t0, a0), ARG(t1, a1), ARG(t2, a2),         \
	     ARG(t3, a3), ARG(t4, a4), ARG(t5, a5))

static const struct {
	int number;
	struct syscall_info info;
} rows[] = {
#include <linux/syscalls.def>
};

const struct syscall_info *syscall_info(unsigned long number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number >= 0 &&
		    (unsigned long)rows[i].number == number) {
			return &rows[i].info;
		}
	}
	return NULL;
}
