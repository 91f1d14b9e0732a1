/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole framework of the ABI checks: a check is a function without
 * arguments that returns when all it asked for held.
 *
 *	ABI_CASE(pipe_read_end_closed)
 *	{
 *		int fd[2];
 *		OK(pipe(fd));
 *		...
 *		CHECK_ERRNO(write(fd[1], "x", 1), EPIPE);
 *	}
 *
 * Before each check the runner (abi_main.c) empties and enters the family's
 * folder /tmp/abi-FAMILY, closes all descriptors from 3 up, empties the signal
 * mask, resets every signal action and installs the fault guard. So a check
 * uses relative names freely, and one that fails half-way leaves nothing
 * behind for the next one but memory.
 *
 * The first failed condition ends the check: in the runner's thread by a jump
 * back to the runner, in another thread by pthread_exit(). A fault
 * that nothing asked for is a failed condition. CHECK is not for signal
 * handlers.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct abi_case {
	const char *name;
	void (*run)(void);
};

/* What a forced access met: sig is 0 when it went through. */
struct abi_fault {
	int sig;
	int code;
	void *addr;
};

#define ABI_CASE(id)                                                           \
	static void id(void);                                                  \
	static const struct abi_case abi_case_##id = {#id, id};                \
	static const struct abi_case *const abi_ptr_##id                       \
		__attribute__((used, section("abi_cases"))) = &abi_case_##id;  \
	static void id(void)

/* The condition holds, or the check has failed. */
#define CHECK(cond) abi_true((cond), #cond, __FILE__, __LINE__)

/* Both values are integers or pointers and equal. */
#define CHECK_EQ(is, want)                                                     \
	abi_eq((long)(is), (long)(want), #is, #want, __FILE__, __LINE__)

/* The call returns -1 with this errno. */
#define CHECK_ERRNO(call, want)                                                \
	abi_errno((errno = 0, (long)(call)), want, #call, __FILE__, __LINE__)

/* The call does not return -1; the value of the expression is the call's. */
#define OK(call) abi_ok((long)(call), #call, __FILE__, __LINE__)

/* Like OK() for the calls that return an error number (pthread_*). */
#define OK0(call) abi_zero((call), #call, __FILE__, __LINE__)

void abi_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void abi_true(int holds, const char *text, const char *file, int line);
void abi_eq(long is, long want, const char *is_text, const char *want_text,
	    const char *file, int line);
void abi_errno(long result, int want, const char *text, const char *file,
	       int line);
long abi_ok(long result, const char *text, const char *file, int line);
void abi_zero(int error, const char *text, const char *file, int line);

/* Run fn(arg) and report the fault that ended it, in any thread. */
struct abi_fault abi_try(void (*fn)(void *), void *arg);
struct abi_fault abi_try_read(const void *address);
struct abi_fault abi_try_write(void *address);

/*
 * Addresses that no process can have: in page 0, past the end of the lower
 * half, not canonical, in the kernel's half, the last page.
 */
#define ABI_BAD_COUNT 6
extern void *const abi_bad[ABI_BAD_COUNT];

/* A pointer with exactly `room` accessible bytes behind it, then PROT_NONE. */
char *abi_edge(size_t room);

/* Fresh private zeroed pages with this protection. */
char *abi_pages(size_t count, int prot);

/* Threads: creation and joining that cannot fail unnoticed. */
pthread_t abi_thread(void *(*fn)(void *), void *arg);
void *abi_join(pthread_t thread);
pid_t abi_gettid(void);

/* Return when the thread sleeps in the kernel (or after two seconds). */
void abi_wait_sleeping(const volatile pid_t *tid);

/* Sleep this long at least; the present CLOCK_MONOTONIC time in ns. */
void abi_sleep_ms(unsigned int ms);
int64_t abi_now(void);

/* Install fn with flags (SA_SIGINFO is added when `info` is set). */
void abi_handler(int sig, void (*fn)(int), int flags);
void abi_handler_info(int sig, void (*fn)(int, siginfo_t *, void *), int flags);

/* Create a file with this text; the text of a file, at most size - 1 bytes. */
void abi_write_file(const char *path, const char *text);
size_t abi_read_file(const char *path, char *buffer, size_t size);
