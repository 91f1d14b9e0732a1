/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults as signals: number, si_code, si_addr, and a handler that repairs.
 *
 * Only what is alike in rings 0 and 3: nothing here executes a privileged
 * instruction, which a program in ring 0 is able to.
 */
#include "abi_test.h"
#include "signal/signal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define RW (PROT_READ | PROT_WRITE)

static volatile siginfo_t seen;
static volatile int seen_count;

static void note(siginfo_t *info)
{
	memcpy((void *)&seen, info, sizeof(seen));
	seen_count++;
}

#if defined(__x86_64__)

static greg_t context_trap;
static greg_t context_cr2;
static greg_t context_error;

static void skip_to(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	note(info);
	context_trap = uc->uc_mcontext.gregs[REG_TRAPNO];
	context_cr2 = uc->uc_mcontext.gregs[REG_CR2];
	context_error = uc->uc_mcontext.gregs[REG_ERR];
	/* The checks put the address to go on at into rbx. */
	uc->uc_mcontext.gregs[REG_RIP] = uc->uc_mcontext.gregs[REG_RBX];
}

static void arm(int sig)
{
	seen_count = 0;
	memset((void *)&seen, 0, sizeof(seen));
	abi_handler_info(sig, skip_to, 0);
}

static void *raise_divide(void)
{
	void *at;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "lea 2f(%%rip), %0\n\t"
			 "mov $1, %%eax\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%ecx, %%ecx\n"
			 "2:	div %%ecx\n"
			 "1:"
			 : "=&r"(at)
			 :
			 : "rax", "rbx", "rcx", "rdx", "cc", "memory");
	return at;
}

ABI_CASE(fpe_divide_by_zero)
{
	arm(SIGFPE);
	void *at = raise_divide();
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_signo, SIGFPE);
	CHECK_EQ(seen.si_code, FPE_INTDIV);
	CHECK_EQ(seen.si_addr, at);
	CHECK_EQ(context_trap, 0);
}

static void *raise_overflow(void)
{
	void *at;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "lea 2f(%%rip), %0\n\t"
			 "mov $0x80000000, %%eax\n\t"
			 "cdq\n\t"
			 "mov $-1, %%ecx\n"
			 "2:	idiv %%ecx\n"
			 "1:"
			 : "=&r"(at)
			 :
			 : "rax", "rbx", "rcx", "rdx", "cc", "memory");
	return at;
}

ABI_CASE(fpe_divide_overflow)
{
	arm(SIGFPE);
	void *at = raise_overflow();
	CHECK_EQ(seen.si_code, FPE_INTDIV);
	CHECK_EQ(seen.si_addr, at);
}

static void sse_divide(unsigned int mask, float a, float b)
{
	unsigned int csr = 0x1f80 & ~mask;
	unsigned int normal = 0x1f80;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "ldmxcsr %0\n\t"
			 "divss %3, %2\n"
			 "1:	ldmxcsr %1"
			 :
			 : "m"(csr), "m"(normal), "x"(a), "x"(b)
			 : "rbx", "memory");
}

ABI_CASE(fpe_sse_codes)
{
	static const struct {
		unsigned int unmasked;
		float a, b;
		int code;
	} table[] = {
		{0x200, 1.0f, 0.0f, FPE_FLTDIV},
		{0x080, 0.0f, 0.0f, FPE_FLTINV},
		{0x400, 1e38f, 1e-38f, FPE_FLTOVF},
		{0x800, 1e-38f, 1e38f, FPE_FLTUND},
		{0x1000, 1.0f, 3.0f, FPE_FLTRES},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		arm(SIGFPE);
		sse_divide(table[i].unmasked, table[i].a, table[i].b);
		CHECK_EQ(seen_count, 1);
		CHECK_EQ(seen.si_code, table[i].code);
		CHECK_EQ(context_trap, 19);
	}
}

static void x87_divide(void)
{
	unsigned short control = 0x037f & ~4;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "fninit\n\t"
			 "fldcw %0\n\t"
			 "fldz\n\t"
			 "fld1\n\t"
			 "fdivp\n\t"
			 "fwait\n"
			 "1:	fninit"
			 :
			 : "m"(control)
			 : "rbx", "memory", "st", "st(1)");
}

ABI_CASE(fpe_x87)
{
	arm(SIGFPE);
	x87_divide();
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_code, FPE_FLTDIV);
	CHECK_EQ(context_trap, 16);
}

static void *raise_illegal(void)
{
	void *at;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "lea 2f(%%rip), %0\n"
			 "2:	ud2\n"
			 "1:"
			 : "=&r"(at)
			 :
			 : "rbx", "memory");
	return at;
}

ABI_CASE(ill_undefined_instruction)
{
	arm(SIGILL);
	void *at = raise_illegal();
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_code, ILL_ILLOPN);
	CHECK_EQ(seen.si_addr, at);
	CHECK_EQ(context_trap, 6);
}

static greg_t trap_rip;

static void note_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	(void)sig;
	note(info);
	trap_rip = uc->uc_mcontext.gregs[REG_RIP];
	/* A single step ends here. */
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
}

ABI_CASE(trap_breakpoint)
{
	long after;
	seen_count = 0;
	abi_handler_info(SIGTRAP, note_trap, 0);
	__asm__ volatile("lea 1f(%%rip), %0\n\t"
			 "int3\n"
			 "1:"
			 : "=r"(after)
			 :
			 : "memory");
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_code, SI_KERNEL);
	CHECK_EQ(trap_rip, after);
}

ABI_CASE(trap_single_step)
{
	long after;
	seen_count = 0;
	abi_handler_info(SIGTRAP, note_trap, 0);
	__asm__ volatile("lea 1f(%%rip), %0\n\t"
			 "sub $128, %%rsp\n\t"
			 "pushf\n\t"
			 "orq $0x100, (%%rsp)\n\t"
			 "popf\n\t"
			 "nop\n"
			 "1:	add $128, %%rsp"
			 : "=&r"(after)
			 :
			 : "memory", "cc");
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_code, TRAP_TRACE);
	CHECK_EQ(trap_rip, after);
	CHECK_EQ(seen.si_addr, after);
}

static void *raise_access(void *address, int write)
{
	void *at;
	__asm__ volatile("lea 1f(%%rip), %%rbx\n\t"
			 "lea 2f(%%rip), %0\n\t"
			 "test %2, %2\n\t"
			 "jnz 3f\n"
			 "2:	mov (%1), %%al\n\t"
			 "jmp 1f\n"
			 "3:	movb $1, (%1)\n"
			 "1:"
			 : "=&r"(at)
			 : "r"(address), "r"(write)
			 : "rax", "rbx", "memory", "cc");
	return at;
}

ABI_CASE(segv_context)
{
	char *p = abi_pages(2, PROT_READ);
	arm(SIGSEGV);
	raise_access(p + 4096 + 17, 1);
	CHECK_EQ(seen.si_code, SEGV_ACCERR);
	CHECK_EQ(seen.si_addr, p + 4096 + 17);
	CHECK_EQ(context_trap, 14);
	CHECK_EQ(context_cr2, p + 4096 + 17);
	CHECK_EQ(context_error & 2, 2);
	OK(munmap(p, 8192));
	raise_access(p + 3, 0);
	CHECK_EQ(seen.si_code, SEGV_MAPERR);
	CHECK_EQ(context_error & 2, 0);
	CHECK_EQ(context_cr2, p + 3);
}

ABI_CASE(segv_kernel_half)
{
	/* Canonical addresses of the kernel's half. */
	arm(SIGSEGV);
	raise_access((void *)0xffffffffff600000UL, 1);
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_signo, SIGSEGV);
}

ABI_CASE(bus_beyond_end_of_file)
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0600));
	OK(ftruncate(fd, 100));
	char *p = mmap(NULL, 8192, RW, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	arm(SIGBUS);
	raise_access(p + 4096 + 55, 0);
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(seen.si_code, BUS_ADRERR);
	CHECK_EQ(seen.si_addr, p + 4096 + 55);
	raise_access(p + 4096, 1);
	CHECK_EQ(seen_count, 2);
}

static char *volatile repair_page;

static void repair(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	note(info);
	mprotect(repair_page, 4096, RW);
}

ABI_CASE(segv_handler_repairs_and_resumes)
{
	/* What a garbage collector does with its barriers. */
	abi_handler_info(SIGSEGV, repair, 0);
	seen_count = 0;
	for (int i = 0; i < 200; i++) {
		repair_page = abi_pages(1, i % 2 ? PROT_NONE : PROT_READ);
		repair_page[i] = (char)i;
		CHECK_EQ(repair_page[i], (char)i);
		OK(munmap(repair_page, 4096));
	}
	CHECK_EQ(seen_count, 200);
}

static void *repair_own(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		char *p = abi_pages(1, PROT_NONE);
		CHECK_EQ(abi_try_write(p).code, SEGV_ACCERR);
		OK(mprotect(p, 4096, PROT_READ));
		CHECK_EQ(abi_try_read(p).sig, 0);
		CHECK_EQ(abi_try_write(p).sig, SIGSEGV);
		/* Behind it another thread may get the page. */
		OK(munmap(p, 4096));
	}
	return NULL;
}

ABI_CASE(segv_in_four_threads)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(repair_own, NULL);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
}

ABI_CASE(segv_of_system_call_pointer_is_efault)
{
	arm(SIGSEGV);
	CHECK_ERRNO(syscall(SYS_write, 1, abi_bad[0], 1), EFAULT);
	CHECK_ERRNO(syscall(SYS_pipe2, abi_bad[3], 0), EFAULT);
	CHECK_EQ(seen_count, 0);
}

#endif
