/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The helpers that abi_test.h offers to checks. None keeps state but the
 * fault trap, which is per thread.
 */
#include "abi_internal.h"
#include "abi_test.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

void *const abi_bad[ABI_BAD_COUNT] = {
	(void *)8UL,
	(void *)0x00007ffffffff000UL,
	(void *)0x0000800000000000UL,
	(void *)0xffff800000001000UL,
	(void *)0xffffffff80100000UL,
	(void *)0xfffffffffffff000UL,
};

static _Thread_local sigjmp_buf *trap;
static _Thread_local struct abi_fault caught;

void abi_guard_action(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (trap != NULL) {
		caught.sig = sig;
		caught.code = info->si_code;
		caught.addr = info->si_addr;
		siglongjmp(*trap, 1);
	}
	abi_guard_failed(sig);
}

struct abi_fault abi_try(void (*fn)(void *), void *arg)
{
	sigjmp_buf here;
	sigjmp_buf *volatile before = trap;
	memset(&caught, 0, sizeof(caught));
	if (sigsetjmp(here, 1) == 0) {
		trap = &here;
		fn(arg);
	}
	trap = before;
	return caught;
}

static void read_byte(void *address)
{
	(void)*(volatile char *)address;
}

static void write_byte(void *address)
{
	*(volatile char *)address = 1;
}

struct abi_fault abi_try_read(const void *address)
{
	return abi_try(read_byte, (void *)address);
}

struct abi_fault abi_try_write(void *address)
{
	return abi_try(write_byte, address);
}

static const char *error_name(int error)
{
	const char *name = strerrorname_np(error);
	return name != NULL ? name : "no such errno";
}

void abi_true(int holds, const char *text, const char *file, int line)
{
	if (!holds) {
		abi_fail(file, line, "%s is false", text);
	}
}

void abi_eq(long is, long want, const char *is_text, const char *want_text,
	    const char *file, int line)
{
	if (is != want) {
		abi_fail(file, line, "%s is %ld (%#lx), not %s = %ld (%#lx)",
			 is_text, is, is, want_text, want, want);
	}
}

void abi_errno(long result, int want, const char *text, const char *file,
	       int line)
{
	int error = errno;
	if (result != -1) {
		abi_fail(file, line, "%s is %ld, not -1 with %s", text, result,
			 error_name(want));
	}
	if (error != want) {
		abi_fail(file, line, "%s fails with %s, not %s", text,
			 error_name(error), error_name(want));
	}
}

long abi_ok(long result, const char *text, const char *file, int line)
{
	if (result == -1) {
		abi_fail(file, line, "%s fails with %s", text,
			 error_name(errno));
	}
	return result;
}

void abi_zero(int error, const char *text, const char *file, int line)
{
	if (error != 0) {
		abi_fail(file, line, "%s returns %s, not 0", text,
			 error_name(error));
	}
}

char *abi_pages(size_t count, int prot)
{
	return (char *)OK(mmap(NULL, count * PAGE, prot,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

char *abi_edge(size_t room)
{
	size_t whole = (room + PAGE - 1) / PAGE;
	char *pages = abi_pages(whole + 1, PROT_READ | PROT_WRITE);
	OK(mprotect(pages + whole * PAGE, PAGE, PROT_NONE));
	return pages + whole * PAGE - room;
}

pthread_t abi_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	OK0(pthread_create(&thread, NULL, fn, arg));
	return thread;
}

void *abi_join(pthread_t thread)
{
	void *result;
	OK0(pthread_join(thread, &result));
	return result;
}

pid_t abi_gettid(void)
{
	return syscall(SYS_gettid);
}

void abi_wait_sleeping(const volatile pid_t *tid)
{
	char path[64];
	char text[256];
	int seen = 0;
	for (int round = 0; round < 1000 && seen < 3; round++) {
		abi_sleep_ms(2);
		if (*tid == 0) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *tid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			continue;
		}
		ssize_t n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		char *end = strrchr(text, ')');
		seen = end != NULL && end[1] == ' ' && end[2] == 'S' ? seen + 1
								     : 0;
	}
}

void abi_sleep_ms(unsigned int ms)
{
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
	}
}

int64_t abi_now(void)
{
	struct timespec now;
	OK(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void abi_handler(int sig, void (*fn)(int), int flags)
{
	struct sigaction action = {.sa_handler = fn, .sa_flags = flags};
	OK(sigaction(sig, &action, NULL));
}

void abi_handler_info(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = fn,
				   .sa_flags = flags | SA_SIGINFO};
	OK(sigaction(sig, &action, NULL));
}

void abi_write_file(const char *path, const char *text)
{
	int fd = OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	OK(close(fd));
}

size_t abi_read_file(const char *path, char *buffer, size_t size)
{
	int fd = OK(open(path, O_RDONLY));
	size_t done = 0;
	while (done < size - 1) {
		ssize_t n = OK(read(fd, buffer + done, size - 1 - done));
		if (n == 0) {
			break;
		}
		done += n;
	}
	buffer[done] = '\0';
	OK(close(fd));
	return done;
}
