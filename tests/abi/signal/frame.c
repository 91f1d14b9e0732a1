/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The signal frame: where it lies, what it holds, what comes back from it.
 */
#include "abi_test.h"
#include "signal/signal.h"

#include <cpuid.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

static _Alignas(64) char alternate[128 * 1024];
static stack_t stack_inside;
static ucontext_t *context_at;
static volatile uintptr_t frame_at;
static volatile int hits;

static void note_stack(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	hits++;
	frame_at = (uintptr_t)__builtin_frame_address(0);
	context_at = context;
	sigaltstack(NULL, &stack_inside);
}

static int is_on_alternate(uintptr_t address)
{
	return address >= (uintptr_t)alternate &&
	       address < (uintptr_t)alternate + sizeof(alternate);
}

ABI_CASE(altstack_errors)
{
	stack_t s = {.ss_sp = alternate, .ss_size = 2047};
	CHECK_ERRNO(sigaltstack(&s, NULL), ENOMEM);
	s.ss_size = sizeof(alternate);
	s.ss_flags = 0x1234;
	CHECK_ERRNO(sigaltstack(&s, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sigaltstack, abi_bad[0], NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_sigaltstack, NULL, abi_bad[0]), EFAULT);
	/* Size and place mean nothing with SS_DISABLE. */
	s = (stack_t){.ss_sp = abi_bad[1], .ss_flags = SS_DISABLE};
	OK(sigaltstack(&s, NULL));
	OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, SS_DISABLE);
	CHECK_EQ(s.ss_size, 0);
}

ABI_CASE(altstack_is_used)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	stack_t old;
	OK(sigaltstack(&s, NULL));
	abi_handler_info(SIGUSR1, note_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	CHECK(is_on_alternate(frame_at));
	CHECK(is_on_alternate((uintptr_t)context_at));
	CHECK_EQ(stack_inside.ss_flags, SS_ONSTACK);
	CHECK_EQ(stack_inside.ss_sp, alternate);
	OK(sigaltstack(NULL, &old));
	CHECK_EQ(old.ss_flags, 0);
	CHECK_EQ(old.ss_size, sizeof(alternate));
	/* Without SA_ONSTACK the handler stays where the thread is. */
	abi_handler_info(SIGUSR1, note_stack, 0);
	OK(raise(SIGUSR1));
	CHECK(!is_on_alternate(frame_at));
}

static volatile int change_error;

static void change_stack(int sig)
{
	stack_t s = {.ss_flags = SS_DISABLE};
	(void)sig;
	errno = 0;
	sigaltstack(&s, NULL);
	change_error = errno;
}

ABI_CASE(altstack_cannot_change_while_used)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	OK(sigaltstack(&s, NULL));
	abi_handler(SIGUSR1, change_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	CHECK_EQ(change_error, EPERM);
}

static uintptr_t outer_at;

static void raise_inner(int sig)
{
	(void)sig;
	outer_at = (uintptr_t)__builtin_frame_address(0);
	raise(SIGUSR2);
}

ABI_CASE(altstack_nested_continues_below)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	OK(sigaltstack(&s, NULL));
	abi_handler(SIGUSR1, raise_inner, SA_ONSTACK);
	abi_handler_info(SIGUSR2, note_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	CHECK(is_on_alternate(frame_at));
	CHECK(frame_at < outer_at);
}

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

ABI_CASE(altstack_autodisarm)
{
	stack_t s = {.ss_sp = alternate,
		     .ss_size = sizeof(alternate),
		     .ss_flags = (int)SS_AUTODISARM};
	OK(sigaltstack(&s, NULL));
	abi_handler_info(SIGUSR1, note_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	CHECK(is_on_alternate(frame_at));
	CHECK_EQ(stack_inside.ss_flags, SS_DISABLE);
	OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, (int)SS_AUTODISARM);
	CHECK_EQ(s.ss_sp, alternate);
}

static void *own_stack(void *arg)
{
	stack_t s;
	(void)arg;
	OK(sigaltstack(NULL, &s));
	CHECK_EQ(s.ss_flags, SS_DISABLE);
	return NULL;
}

ABI_CASE(altstack_is_per_thread)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	OK(sigaltstack(&s, NULL));
	abi_join(abi_thread(own_stack, NULL));
}

static sigjmp_buf out;

static void leap(int sig)
{
	(void)sig;
	hits++;
	siglongjmp(out, 1);
}

ABI_CASE(leaving_handlers_by_longjmp)
{
	volatile int rounds = 0;
	hits = 0;
	abi_handler(SIGUSR1, leap, SA_ONSTACK);
	while (rounds < 1000) {
		rounds++;
		if (sigsetjmp(out, 1) == 0) {
			raise(SIGUSR1);
			CHECK(0);
		}
	}
	CHECK_EQ(hits, 1000);
	CHECK_EQ(kernel_pending(), 0);
}

ABI_CASE(minimum_size_in_auxv)
{
	/* AT_MINSIGSTKSZ covers the frame with its vector state. */
	unsigned long least = getauxval(AT_MINSIGSTKSZ);
	CHECK(least >= 1024 && least < 65536);
	abi_handler_info(SIGUSR1, note_stack, SA_ONSTACK);
	stack_t s = {.ss_sp = alternate, .ss_size = least + 2048};
	OK(sigaltstack(&s, NULL));
	OK(raise(SIGUSR1));
	CHECK(is_on_alternate(frame_at));
}

#if defined(__x86_64__)

struct entry {
	unsigned long rsp, rdi, rsi, rdx, rax, flags;
};

static struct entry entry;

/* The registers as the kernel hands them to a handler. */
__asm__(".text\n"
	".type raw_handler, @function\n"
	"raw_handler:\n\t"
	"push %rbp\n\t"
	"pushf\n\t"
	"lea entry(%rip), %rcx\n\t"
	"lea 16(%rsp), %rbp\n\t"
	"mov %rbp, 0(%rcx)\n\t"
	"mov %rdi, 8(%rcx)\n\t"
	"mov %rsi, 16(%rcx)\n\t"
	"mov %rdx, 24(%rcx)\n\t"
	"mov %rax, 32(%rcx)\n\t"
	"mov (%rsp), %rbp\n\t"
	"mov %rbp, 40(%rcx)\n\t"
	"popf\n\t"
	"pop %rbp\n\t"
	"ret\n");
void raw_handler(int sig, siginfo_t *info, void *context);

ABI_CASE(handler_entry_registers)
{
	abi_handler_info(SIGUSR1, raw_handler, 0);
	memset(&entry, 0xff, sizeof(entry));
	/* The direction flag is set by the interrupted code. */
	long nr = SYS_tgkill;
	__asm__ volatile("std\n\t"
			 "syscall\n\t"
			 "cld"
			 : "+a"(nr)
			 : "D"((long)getpid()), "S"((long)abi_gettid()),
			   "d"((long)SIGUSR1)
			 : "rcx", "r11", "memory", "cc");
	CHECK_EQ(nr, 0);
	CHECK_EQ(entry.rsp % 16, 8);
	CHECK_EQ((int)entry.rdi, SIGUSR1);
	CHECK_EQ(entry.rax, 0);
	CHECK_EQ(entry.flags & 0x400, 0);
	/* In front of the frame lies the restorer's address; the context and
	 * the info follow. */
	CHECK_EQ(entry.rdx, entry.rsp + 8);
	CHECK(entry.rsi > entry.rdx && entry.rsi < entry.rdx + 1024);
}

static void change_registers(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RAX] = 0x1111;
	uc->uc_mcontext.gregs[REG_RBX] = 0x2222;
	uc->uc_mcontext.gregs[REG_R15] = 0x3333;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x400 | 1; /* DF, CF */
	sigaddset(&uc->uc_sigmask, SIGTERM);
	memset(uc->uc_mcontext.fpregs->_xmm[5].element, 0x5a, 16);
}

ABI_CASE(changed_context_is_taken_over)
{
	unsigned long rax = SYS_tgkill;
	unsigned long rbx = 0;
	unsigned long r15_out = 0;
	unsigned long flags = 0;
	unsigned long xmm[2] = {0, 0};
	uint64_t mask = 0;
	abi_handler_info(SIGUSR1, change_registers, 0);
	__asm__ volatile("pxor %%xmm5, %%xmm5\n\t"
			 "syscall\n\t"
			 "lea -128(%%rsp), %%rsp\n\t"
			 "pushf\n\t"
			 "pop %2\n\t"
			 "lea 128(%%rsp), %%rsp\n\t"
			 "cld\n\t"
			 "mov %%r15, %3\n\t"
			 "movdqu %%xmm5, %4"
			 : "+a"(rax), "+b"(rbx), "=&r"(flags), "=&r"(r15_out),
			   "=m"(xmm)
			 : "D"((long)getpid()), "S"((long)abi_gettid()),
			   "d"((long)SIGUSR1)
			 : "rcx", "r11", "r15", "xmm5", "memory", "cc");
	CHECK_EQ(rax, 0x1111);
	CHECK_EQ(rbx, 0x2222);
	CHECK_EQ(r15_out, 0x3333);
	CHECK_EQ(flags & 0x401, 0x401);
	CHECK_EQ(xmm[0], 0x5a5a5a5a5a5a5a5aL);
	CHECK_EQ(xmm[1], 0x5a5a5a5a5a5a5a5aL);
	OK(kernel_mask(SIG_SETMASK, 0, &mask));
	CHECK_EQ(mask, BIT(SIGTERM));
}

static void spoil_flags(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	(void)info;
	/* Interrupts off, I/O privilege 3, nested task: not for programs. */
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x200L;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x7000;
}

ABI_CASE(privileged_flags_are_not_taken_over)
{
	unsigned long flags;
	abi_handler_info(SIGUSR1, spoil_flags, 0);
	OK(raise(SIGUSR1));
	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	CHECK_EQ(flags & 0x7000, 0);
	CHECK_EQ(flags & 0x200, 0x200);
}

#define MAGIC1 0x46505853U
#define MAGIC2 0x46505845U

static struct {
	uint32_t magic1, extended_size;
	uint64_t features;
	uint32_t xstate_size, magic2;
	uint64_t flags;
	uintptr_t fp;
} state;

static void note_state(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *fp = (char *)uc->uc_mcontext.fpregs;
	(void)sig;
	(void)info;
	state.fp = (uintptr_t)fp;
	state.flags = uc->uc_flags;
	memcpy(&state.magic1, fp + 464, 4);
	memcpy(&state.extended_size, fp + 468, 4);
	memcpy(&state.features, fp + 472, 8);
	memcpy(&state.xstate_size, fp + 480, 4);
	if (state.magic1 == MAGIC1) {
		memcpy(&state.magic2, fp + state.extended_size - 4, 4);
	}
}

ABI_CASE(frame_describes_its_vector_state)
{
	unsigned int a, b, c, d;
	__cpuid(1, a, b, c, d);
	abi_handler_info(SIGUSR1, note_state, 0);
	memset(&state, 0, sizeof(state));
	OK(raise(SIGUSR1));
	CHECK_EQ(state.fp % 64, 0);
	if (!(c & bit_OSXSAVE)) {
		return;
	}
	unsigned int xcr0;
	__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
	__cpuid_count(0xd, 0, a, b, c, d);
	CHECK_EQ(state.flags & 1, 1); /* UC_FP_XSTATE */
	CHECK_EQ(state.magic1, MAGIC1);
	CHECK_EQ(state.magic2, MAGIC2);
	CHECK_EQ((unsigned int)state.features & ~xcr0, 0);
	CHECK_EQ(state.features & 3, 3);
	CHECK(state.xstate_size >= 576 && state.xstate_size <= c);
	CHECK_EQ(state.extended_size, state.xstate_size + 4);
}

static void break_magic(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	(void)info;
	/* Without the magic only the 512 bytes of FXSAVE come back. */
	memset((char *)uc->uc_mcontext.fpregs + 464, 0, 4);
	memset(uc->uc_mcontext.fpregs->_xmm[1].element, 0x77, 16);
}

ABI_CASE(frame_without_magic_restores_the_legacy_part)
{
	unsigned long xmm[2];
	long nr = SYS_tgkill;
	abi_handler_info(SIGUSR1, break_magic, 0);
	__asm__ volatile("syscall\n\t"
			 "movdqu %%xmm1, %1"
			 : "+a"(nr), "=m"(xmm)
			 : "D"((long)getpid()), "S"((long)abi_gettid()),
			   "d"((long)SIGUSR1)
			 : "rcx", "r11", "xmm1", "memory");
	CHECK_EQ(xmm[0], 0x7777777777777777L);
}

static void drop_state(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.fpregs = NULL;
}

ABI_CASE(frame_without_state_resets_it)
{
	unsigned long xmm[2];
	unsigned int csr = 0;
	long nr = SYS_tgkill;
	abi_handler_info(SIGUSR1, drop_state, 0);
	__asm__ volatile("pcmpeqd %%xmm1, %%xmm1\n\t"
			 "syscall\n\t"
			 "movdqu %%xmm1, %1\n\t"
			 "stmxcsr %2"
			 : "+a"(nr), "=m"(xmm), "=m"(csr)
			 : "D"((long)getpid()), "S"((long)abi_gettid()),
			   "d"((long)SIGUSR1)
			 : "rcx", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			   "xmm5", "xmm6", "xmm7", "memory");
	CHECK_EQ(xmm[0], 0);
	CHECK_EQ(csr, 0x1f80);
}

static void spoil_csr(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	(void)info;
	/* Reserved bits: loading them faults, so the kernel must look. */
	uc->uc_mcontext.fpregs->mxcsr = 0xffffffff;
}

ABI_CASE(frame_with_bad_mxcsr_is_survived)
{
	/* Linux clears what the processor does not know or sends SIGSEGV; a
	 * kernel fault is neither. */
	volatile int rounds = 0;
	abi_handler_info(SIGUSR1, spoil_csr, 0);
	abi_handler(SIGSEGV, leap, SA_ONSTACK);
	if (sigsetjmp(out, 1) == 0) {
		rounds++;
		raise(SIGUSR1);
	}
	unsigned int normal = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	CHECK_EQ(rounds, 1);
}

static void spoil_registers(int sig)
{
	(void)sig;
	hits++;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\t"
			 "pcmpeqd %%xmm7, %%xmm7\n\t"
			 "pcmpeqd %%xmm15, %%xmm15\n\t"
			 "fninit\n\t"
			 "fld1"
			 :
			 :
			 : "xmm0", "xmm7", "xmm15");
}

ABI_CASE(handler_state_does_not_leak)
{
	hits = 0;
	abi_handler(SIGALRM, spoil_registers, 0);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGALRM};
	struct itimerspec tick = {{0, 1000000}, {0, 1000000}};
	timer_t timer;
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &tick, NULL));
	while (hits < 100) {
		unsigned long x0[2], x7[2], x15[2];
		__asm__ volatile("pxor %%xmm0, %%xmm0\n\t"
				 "pxor %%xmm7, %%xmm7\n\t"
				 "pxor %%xmm15, %%xmm15\n\t"
				 "mov $20000, %%ecx\n"
				 "1:	dec %%ecx\n\t"
				 "jnz 1b\n\t"
				 "movdqu %%xmm0, %0\n\t"
				 "movdqu %%xmm7, %1\n\t"
				 "movdqu %%xmm15, %2"
				 : "=m"(x0), "=m"(x7), "=m"(x15)
				 :
				 : "rcx", "xmm0", "xmm7", "xmm15", "cc");
		CHECK_EQ(x0[0] | x0[1] | x7[0] | x7[1] | x15[0] | x15[1], 0);
	}
	OK(timer_delete(timer));
}

#endif
