/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clone and clone3 as threads use them, without libc's own bookkeeping: the
 * children only make raw system calls.
 */
#include "abi_raw.h"
#include "abi_test.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREAD_FLAGS                                                           \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	 CLONE_SYSVSEM)
#define STACK_SIZE (64 * 1024)

struct child {
	atomic_int tid_seen; /* what gettid said in the child */
	atomic_int pid_seen;
	atomic_int settid_seen; /* the CLONE_CHILD_SETTID word, at start */
	atomic_int go;
	int parent_word;
	int child_word;
	atomic_int alive; /* CLONE_CHILD_CLEARTID */
};

static _Alignas(16) char stack[STACK_SIZE];

static void wait_word(atomic_int *word, int while_value)
{
	while (atomic_load(word) == while_value) {
		sched_yield();
	}
}

static int child_main(void *arg)
{
	struct child *c = arg;
	atomic_store(&c->settid_seen, c->child_word);
	atomic_store(&c->pid_seen, ABI_RAW(SYS_getpid, 0, 0, 0));
	atomic_store(&c->tid_seen, ABI_RAW(SYS_gettid, 0, 0, 0));
	while (!atomic_load(&c->go)) {
		ABI_RAW(SYS_sched_yield, 0, 0, 0);
	}
	return 0;
}

static int start(struct child *c, int flags)
{
	atomic_store(&c->alive, 1);
	return clone(child_main, stack + STACK_SIZE,
		     THREAD_FLAGS | CLONE_CHILD_CLEARTID | flags, c,
		     &c->parent_word, NULL, &c->alive);
}

static void finish(struct child *c)
{
	int alive;
	atomic_store(&c->go, 1);
	/* One load: a second one may see 0 and sleep on it for ever. */
	while ((alive = atomic_load(&c->alive)) != 0) {
		syscall(SYS_futex, &c->alive, FUTEX_WAIT, alive, NULL);
	}
}

ABI_CASE(clone_thread_identity)
{
	struct child c = {0};
	int tid = OK(start(&c, CLONE_PARENT_SETTID));
	CHECK_EQ(c.parent_word, tid);
	wait_word(&c.tid_seen, 0);
	CHECK_EQ(c.tid_seen, tid);
	CHECK_EQ(c.pid_seen, getpid());
	CHECK(tid != getpid());
	OK(syscall(SYS_tgkill, getpid(), tid, 0));
	finish(&c);
}

ABI_CASE(clone_clears_tid_and_wakes)
{
	struct child c = {0};
	int tid = OK(start(&c, 0));
	CHECK_EQ(c.alive, 1);
	wait_word(&c.tid_seen, 0);
	finish(&c);
	CHECK_EQ(c.alive, 0);
	/* The word is cleared before the thread is unhashed. */
	for (int i = 0; i < 1000; i++) {
		if (syscall(SYS_tgkill, getpid(), tid, 0) == -1) {
			break;
		}
		abi_sleep_ms(1);
	}
	CHECK_ERRNO(syscall(SYS_tgkill, getpid(), tid, 0), ESRCH);
}

ABI_CASE(clone_child_settid)
{
	static struct child c;
	memset(&c, 0, sizeof(c));
	atomic_store(&c.go, 1);
	int tid = OK(
		clone(child_main, stack + STACK_SIZE,
		      THREAD_FLAGS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
		      &c, NULL, NULL, &c.child_word));
	wait_word(&c.tid_seen, 0);
	CHECK_EQ(c.settid_seen, tid);
	while (*(volatile int *)&c.child_word != 0) {
		syscall(SYS_futex, &c.child_word, FUTEX_WAIT, tid, NULL);
	}
}

ABI_CASE(clone_bad_tid_pointers_are_ignored)
{
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		static struct child c;
		memset(&c, 0, sizeof(c));
		int tid = OK(clone(child_main, stack + STACK_SIZE,
				   THREAD_FLAGS | CLONE_PARENT_SETTID |
					   CLONE_CHILD_SETTID |
					   CLONE_CHILD_CLEARTID,
				   &c, abi_bad[i], NULL, abi_bad[i]));
		wait_word(&c.tid_seen, 0);
		CHECK_EQ(c.tid_seen, tid);
		atomic_store(&c.go, 1);
		while (syscall(SYS_tgkill, getpid(), tid, 0) == 0) {
			abi_sleep_ms(1);
		}
	}
}

ABI_CASE(clone_flag_errors)
{
	static const unsigned long wrong[] = {
		CLONE_THREAD,
		CLONE_THREAD | CLONE_VM,
		CLONE_SIGHAND,
		CLONE_THREAD | CLONE_SIGHAND,
	};
	/* A kernel without namespaces may say so first. */
	static const unsigned long namespaces[] = {
		CLONE_NEWNS | CLONE_FS,
		CLONE_NEWUSER | CLONE_FS,
		THREAD_FLAGS | CLONE_NEWPID,
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK_ERRNO(syscall(SYS_clone, wrong[i], 0, 0, 0, 0), EINVAL);
	}
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(syscall(SYS_clone, namespaces[i], 0, 0, 0, 0), -1);
		CHECK(errno == EINVAL || errno == EPERM);
	}
}

ABI_CASE(clone3_errors)
{
	struct clone_args args = {.flags = THREAD_FLAGS,
				  .stack = (uintptr_t)stack,
				  .stack_size = STACK_SIZE};
	struct clone_args bad;
	CHECK_ERRNO(syscall(SYS_clone3, NULL, sizeof(args)), EFAULT);
	CHECK_ERRNO(syscall(SYS_clone3, abi_bad[1], sizeof(args)), EFAULT);
	CHECK_ERRNO(syscall(SYS_clone3, &args, 63), EINVAL);
	CHECK_ERRNO(syscall(SYS_clone3, &args, 4097), E2BIG);
	bad = args;
	bad.stack_size = 0;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.stack = 0;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.exit_signal = SIGCHLD;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.exit_signal = 65;
	bad.flags = 0;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.flags |= 1UL << 63;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.flags |= 1; /* CSIGNAL does not belong here */
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	bad = args;
	bad.set_tid_size = 1;
	CHECK_ERRNO(syscall(SYS_clone3, &bad, sizeof(bad)), EINVAL);
	/* Bytes that this kernel does not know must be zero. */
	static char large[256];
	memcpy(large, &args, sizeof(args));
	large[200] = 1;
	CHECK_ERRNO(syscall(SYS_clone3, large, sizeof(large)), E2BIG);
}

#if defined(__x86_64__)
static long raw_clone3(struct clone_args *args, int (*fn)(void *), void *arg)
{
	long result;
	register void *r8 __asm__("r8") = fn;
	register void *r9 __asm__("r9") = arg;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t"
			 "syscall\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args)),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

ABI_CASE(clone3_thread)
{
	static struct child c;
	memset(&c, 0, sizeof(c));
	atomic_store(&c.alive, 1);
	struct clone_args args = {
		.flags = THREAD_FLAGS | CLONE_PARENT_SETTID |
			 CLONE_CHILD_CLEARTID,
		.stack = (uintptr_t)stack,
		.stack_size = STACK_SIZE,
		.parent_tid = (uintptr_t)&c.parent_word,
		.child_tid = (uintptr_t)&c.alive,
	};
	long tid = raw_clone3(&args, child_main, &c);
	CHECK(tid > 0);
	CHECK_EQ(c.parent_word, tid);
	wait_word(&c.tid_seen, 0);
	CHECK_EQ(c.tid_seen, tid);
	finish(&c);
}

static atomic_ulong fs_seen;
static atomic_ulong word_seen;

static int tls_child(void *arg)
{
	struct child *c = arg;
	unsigned long base;
	unsigned long word;
	ABI_RAW(SYS_arch_prctl, 0x1003, &base, 0); /* ARCH_GET_FS */
	__asm__ volatile("mov %%fs:16, %0" : "=r"(word));
	atomic_store(&fs_seen, base);
	atomic_store(&word_seen, word);
	atomic_store(&c->tid_seen, 1);
	return 0;
}

/* The thread pointer is in the stack protector's way. */
ABI_CASE(clone_sets_thread_pointer)
{
	static struct child c;
	static unsigned long area[64];
	memset(&c, 0, sizeof(c));
	atomic_store(&c.alive, 1);
	area[2] = 0x1234567890UL;
	OK(clone(tls_child, stack + STACK_SIZE,
		 THREAD_FLAGS | CLONE_SETTLS | CLONE_CHILD_CLEARTID, &c, NULL,
		 area, &c.alive));
	wait_word(&c.tid_seen, 0);
	finish(&c);
	CHECK_EQ(fs_seen, (unsigned long)area);
	CHECK_EQ(word_seen, 0x1234567890UL);
}

ABI_CASE(arch_prctl_thread_pointer)
{
	unsigned long base = 0;
	unsigned long self;
	OK(syscall(SYS_arch_prctl, 0x1003, &base));
	__asm__ volatile("mov %%fs:0, %0" : "=r"(self));
	CHECK_EQ(base, self);
	/* ARCH_SET_FS with what it is already, and with no user address. */
	OK(syscall(SYS_arch_prctl, 0x1002, base));
	CHECK_ERRNO(syscall(SYS_arch_prctl, 0x1002, 0xffff800000000000UL),
		    EPERM);
	CHECK_ERRNO(syscall(SYS_arch_prctl, 0x1003, abi_bad[1]), EFAULT);
	CHECK_ERRNO(syscall(SYS_arch_prctl, 0x7777, 0), EINVAL);
}
#endif

ABI_CASE(set_tid_address_returns_tid)
{
	/* Any pointer is taken; libc's is put back by the next thread only,
	 * so this runs in a thread of its own, which dies with it. */
	static struct child c;
	memset(&c, 0, sizeof(c));
	CHECK_EQ(syscall(SYS_set_tid_address, &c.child_word), abi_gettid());
}

static int exit_code_child(void *arg)
{
	struct child *c = arg;
	atomic_store(&c->tid_seen, 1);
	ABI_RAW(SYS_exit, 77, 0, 0);
	atomic_store(&c->tid_seen, 2);
	return 0;
}

ABI_CASE(exit_ends_only_the_thread)
{
	static struct child c;
	memset(&c, 0, sizeof(c));
	atomic_store(&c.alive, 1);
	OK(clone(exit_code_child, stack + STACK_SIZE,
		 THREAD_FLAGS | CLONE_CHILD_CLEARTID, &c, NULL, NULL,
		 &c.alive));
	finish(&c);
	CHECK_EQ(c.tid_seen, 1);
}

static int fs_child(void *arg)
{
	struct child *c = arg;
	ABI_RAW(SYS_chdir, "/", 0, 0);
	ABI_RAW(SYS_umask, 0123, 0, 0);
	ABI_RAW(SYS_close, 3, 0, 0);
	atomic_store(&c->tid_seen, 1);
	return 0;
}

ABI_CASE(clone_shares_fs_and_files)
{
	static struct child c;
	char name[256];
	memset(&c, 0, sizeof(c));
	atomic_store(&c.alive, 1);
	CHECK_EQ(dup(0), 3);
	OK(clone(fs_child, stack + STACK_SIZE,
		 THREAD_FLAGS | CLONE_CHILD_CLEARTID, &c, NULL, NULL,
		 &c.alive));
	finish(&c);
	CHECK(getcwd(name, sizeof(name)) != NULL);
	CHECK_EQ(strcmp(name, "/"), 0);
	mode_t mask = 0;
	__asm__ volatile("" : "+r"(mask));
	CHECK_EQ(syscall(SYS_umask, 022), 0123);
	CHECK_ERRNO(close(3), EBADF);
}
