/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Names of system calls and of their arguments: the words of syscalls.def.
 *
 * A row has one text: the call's name, then type and name of each argument,
 * each with its NUL; USER, an empty macro, is not in it.  Kernels without the
 * tracer keep the names of calls only. Constant data.
 */
#include <asm/syscall.h>
#include <generated/config.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <linux/syscall.h>

#if CONFIG_STRACE
#define ARG(t, a) "\0" #t "\0" #a
#else
#define ARG(t, a) ""
#endif

#define INFO(call, x86, arm, count, words)                                     \
	{.number = SYSCALL_NUMBER(x86, arm),                                   \
	 .arg_count = CONFIG_STRACE ? (count) : 0,                             \
	 .text = #call words},

#define SYSCALL0(name, x86, arm, status) INFO(name, x86, arm, 0, "")
#define SYSCALL1(name, x86, arm, status, t0, a0)                               \
	INFO(name, x86, arm, 1, ARG(t0, a0))
#define SYSCALL2(name, x86, arm, status, t0, a0, t1, a1)                       \
	INFO(name, x86, arm, 2, ARG(t0, a0) ARG(t1, a1))
#define SYSCALL3(name, x86, arm, status, t0, a0, t1, a1, t2, a2)               \
	INFO(name, x86, arm, 3, ARG(t0, a0) ARG(t1, a1) ARG(t2, a2))
#define SYSCALL4(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3)       \
	INFO(name, x86, arm, 4, ARG(t0, a0) ARG(t1, a1) ARG(t2, a2) ARG(t3, a3))
#define SYSCALL5(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4)                                                           \
	INFO(name, x86, arm, 5,                                                \
	     ARG(t0, a0) ARG(t1, a1) ARG(t2, a2) ARG(t3, a3) ARG(t4, a4))
#define SYSCALL6(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4, t5, a5)                                                   \
	INFO(name, x86, arm, 6,                                                \
	     ARG(t0, a0) ARG(t1, a1) ARG(t2, a2) ARG(t3, a3) ARG(t4, a4)       \
		     ARG(t5, a5))

static const struct {
	int16_t number;
	uint16_t arg_count;
	const char *text;
} rows[] = {
#include <linux/syscalls.def>
};

bool syscall_info(unsigned long number, struct syscall_info *info_out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *word = rows[i].text;

		if (rows[i].number < 0 ||
		    (unsigned long)rows[i].number != number) {
			continue;
		}
		info_out->name = word;
		info_out->arg_count = rows[i].arg_count;
		for (unsigned a = 0; a < rows[i].arg_count; a++) {
			word += strlen(word) + 1;
			info_out->args[a].type = word;
			word += strlen(word) + 1;
			info_out->args[a].name = word;
		}
		return true;
	}
	return false;
}
