/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vector and x87 registers belong to the thread: nothing that the kernel does
 * (switching, signals, system calls, faults) may show in them. The same for
 * the red zone, the 128 bytes below the stack pointer.
 */
#include "abi_test.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REGISTER_COUNT 32
#define REGISTER_SIZE  64

struct vectors {
	_Alignas(64) unsigned char v[REGISTER_COUNT][REGISTER_SIZE];
	_Alignas(64) unsigned char got[REGISTER_COUNT][REGISTER_SIZE];
	unsigned long masks[8];
	unsigned long got_masks[8];
};

enum width { SSE = 16, AVX = 32, AVX512 = 64 };

static enum width widest(void)
{
	unsigned int a, b, c, d, xcr0;
	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE) || !(c & bit_AVX)) {
		return SSE;
	}
	__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
	if ((xcr0 & 6) != 6) {
		return SSE;
	}
	__cpuid_count(7, 0, a, b, c, d);
	return (b & bit_AVX512F) && (b & bit_AVX512BW) && (xcr0 & 0xe0) == 0xe0
		       ? AVX512
		       : AVX;
}

/* clang-format off */
#define EACH16(X)                                                              \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)                                \
	X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH_UPPER(X)                                                          \
	X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)                        \
	X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
/* clang-format on */
#define EACH_MASK(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

#define LOAD_SSE(n)   "movdqa " #n "*64(%0), %%xmm" #n "\n\t"
#define STORE_SSE(n)  "movdqa %%xmm" #n ", " #n "*64(%1)\n\t"
#define LOAD_AVX(n)   "vmovdqa " #n "*64(%0), %%ymm" #n "\n\t"
#define STORE_AVX(n)  "vmovdqa %%ymm" #n ", " #n "*64(%1)\n\t"
#define LOAD_512(n)   "vmovdqa64 " #n "*64(%0), %%zmm" #n "\n\t"
#define STORE_512(n)  "vmovdqa64 %%zmm" #n ", " #n "*64(%1)\n\t"
#define LOAD_MASK(n)  "kmovq " #n "*8(%4), %%k" #n "\n\t"
#define STORE_MASK(n) "kmovq %%k" #n ", " #n "*8(%5)\n\t"

/* What is done while the registers are loaded: spin, or a system call. */
#define MIDDLE                                                                 \
	"1:	test %%rcx, %%rcx\n\t"                                             \
	"jz 2f\n\t"                                                            \
	"dec %%rcx\n\t"                                                        \
	"jmp 1b\n"                                                             \
	"2:	test %%rax, %%rax\n\t"                                             \
	"js 3f\n\t"                                                            \
	"syscall\n"                                                            \
	"3:\n\t"

#define CLOBBERS                                                               \
	"r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", \
		"xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",     \
		"xmm13", "xmm14", "xmm15"

static void hold_sse(struct vectors *s, long spins, long nr, long arg)
{
	void *from = s->v;
	void *to = s->got;
	__asm__ volatile(EACH16(LOAD_SSE) MIDDLE EACH16(STORE_SSE)
			 : "+r"(from), "+r"(to), "+c"(spins), "+a"(nr)
			 : "D"(arg), "S"(0L), "d"(0L)
			 : CLOBBERS);
}

__attribute__((target("avx"))) static void
hold_avx(struct vectors *s, long spins, long nr, long arg)
{
	void *from = s->v;
	void *to = s->got;
	__asm__ volatile(EACH16(LOAD_AVX) MIDDLE EACH16(STORE_AVX) "vzeroupper"
			 : "+r"(from), "+r"(to), "+c"(spins), "+a"(nr)
			 : "D"(arg), "S"(0L), "d"(0L)
			 : CLOBBERS);
}

__attribute__((target("avx512f,avx512bw"))) static void
hold_avx512(struct vectors *s, long spins, long nr, long arg)
{
	void *from = s->v;
	void *to = s->got;
	__asm__ volatile(
		EACH16(LOAD_512) EACH_UPPER(LOAD_512) EACH_MASK(LOAD_MASK)
			MIDDLE EACH16(STORE_512) EACH_UPPER(STORE_512)
				EACH_MASK(STORE_MASK) "vzeroupper"
		: "+r"(from), "+r"(to), "+c"(spins), "+a"(nr)
		: "r"(s->masks), "r"(s->got_masks), "D"(arg), "S"(0L), "d"(0L)
		: CLOBBERS);
}

static void fill(struct vectors *s, unsigned int seed)
{
	for (int i = 0; i < REGISTER_COUNT; i++) {
		for (int j = 0; j < REGISTER_SIZE; j++) {
			seed = seed * 1103515245 + 12345;
			s->v[i][j] = seed >> 16;
		}
	}
	for (int i = 0; i < 8; i++) {
		seed = seed * 1103515245 + 12345;
		s->masks[i] = seed * 0x100000001UL;
	}
	memset(s->got, 0, sizeof(s->got));
	memset(s->got_masks, 0, sizeof(s->got_masks));
}

/* Load, do something, store, compare; all registers of the given width. */
static void hold(struct vectors *s, enum width width, long spins, long nr,
		 long arg)
{
	int count = width == AVX512 ? 32 : 16;
	if (width == AVX512) {
		hold_avx512(s, spins, nr, arg);
	} else if (width == AVX) {
		hold_avx(s, spins, nr, arg);
	} else {
		hold_sse(s, spins, nr, arg);
	}
	for (int i = 0; i < count; i++) {
		if (memcmp(s->v[i], s->got[i], width) != 0) {
			abi_fail(__FILE__, __LINE__,
				 "register %d of %d bytes changed", i, width);
		}
	}
	if (width == AVX512) {
		for (int i = 1; i < 8; i++) {
			CHECK_EQ(s->got_masks[i], s->masks[i]);
		}
	}
}

ABI_CASE(vector_system_calls)
{
	static struct vectors s;
	for (unsigned int i = 0; i < 200; i++) {
		fill(&s, i);
		hold(&s, widest(), 0, SYS_getppid, 0);
		hold(&s, widest(), 0, SYS_sched_yield, 0);
		hold(&s, widest(), 0, SYS_close, -1);
		hold(&s, widest(), 0, 9999, 0);
	}
}

ABI_CASE(vector_system_call_that_copies)
{
	static struct vectors s;
	char name[400];
	for (unsigned int i = 0; i < 100; i++) {
		fill(&s, i);
		/* uname writes, a bad pointer runs into the fault handler. */
		hold(&s, widest(), 0, SYS_uname, (long)name);
		hold(&s, widest(), 0, SYS_uname, (long)abi_bad[0]);
	}
}

static atomic_int stop;

static void *hold_often(void *arg)
{
	struct vectors *s = aligned_alloc(64, sizeof(*s));
	unsigned int seed = (unsigned int)(long)arg;
	while (!atomic_load(&stop)) {
		fill(s, seed += 7);
		hold(s, widest(), 50000, -1, 0);
		hold(s, widest(), 1000, SYS_sched_yield, 0);
	}
	free(s);
	return NULL;
}

ABI_CASE(vector_preemption)
{
	/* More threads than processors, each with its own values. */
	pthread_t threads[8];
	atomic_store(&stop, 0);
	for (long i = 0; i < 8; i++) {
		threads[i] = abi_thread(hold_often, (void *)(i * 1000));
	}
	abi_sleep_ms(500);
	atomic_store(&stop, 1);
	for (int i = 0; i < 8; i++) {
		abi_join(threads[i]);
	}
}

static void *use_sse_only(void *arg)
{
	struct vectors *s = aligned_alloc(64, sizeof(*s));
	unsigned int seed = (unsigned int)(long)arg;
	while (!atomic_load(&stop)) {
		fill(s, seed += 3);
		hold(s, SSE, 20000, -1, 0);
	}
	free(s);
	return NULL;
}

ABI_CASE(vector_mixed_widths)
{
	pthread_t threads[6];
	atomic_store(&stop, 0);
	for (long i = 0; i < 6; i++) {
		threads[i] = abi_thread(i % 2 ? use_sse_only : hold_often,
					(void *)(i * 999));
	}
	abi_sleep_ms(300);
	atomic_store(&stop, 1);
	for (int i = 0; i < 6; i++) {
		abi_join(threads[i]);
	}
}

ABI_CASE(vector_migration)
{
	static struct vectors s;
	cpu_set_t all, one;
	OK(sched_getaffinity(0, sizeof(all), &all));
	for (unsigned int i = 0; i < 64; i++) {
		if (!CPU_ISSET(i, &all)) {
			continue;
		}
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		fill(&s, i);
		hold(&s, widest(), 1000, SYS_sched_yield, 0);
		OK(sched_setaffinity(0, sizeof(one), &one));
		hold(&s, widest(), 1000, SYS_sched_yield, 0);
	}
	OK(sched_setaffinity(0, sizeof(all), &all));
}

static volatile int hits;

__attribute__((target("avx"))) static void spoil_avx(void)
{
	__asm__ volatile("vpcmpeqd %%xmm0, %%xmm0, %%xmm0\n\t"
			 "vinsertf128 $1, %%xmm0, %%ymm0, %%ymm0\n\t"
			 "vmovaps %%ymm0, %%ymm5\n\t"
			 "vmovaps %%ymm0, %%ymm15"
			 :
			 :
			 : "xmm0", "xmm5", "xmm15");
}

__attribute__((target("avx512f"))) static void spoil_avx512(void)
{
	__asm__ volatile("vpternlogd $0xff, %%zmm17, %%zmm17, %%zmm17\n\t"
			 "vmovaps %%zmm17, %%zmm31\n\t"
			 "vmovaps %%zmm17, %%zmm3"
			 :
			 :
			 : "xmm3");
}

static void spoil(int sig)
{
	(void)sig;
	hits++;
	if (widest() >= AVX) {
		spoil_avx();
	}
	if (widest() == AVX512) {
		spoil_avx512();
	}
}

static timer_t start_ticks(int sig, long ns)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = sig};
	struct itimerspec tick = {{0, ns}, {0, ns}};
	timer_t timer;
	hits = 0;
	abi_handler(sig, spoil, 0);
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &tick, NULL));
	return timer;
}

ABI_CASE(vector_signals)
{
	static struct vectors s;
	timer_t timer = start_ticks(SIGALRM, 1000000);
	for (unsigned int i = 0; hits < 100; i++) {
		fill(&s, i);
		hold(&s, widest(), 100000, SYS_getppid, 0);
	}
	OK(timer_delete(timer));
}

ABI_CASE(vector_signal_behind_a_timer)
{
	static struct vectors s;
	hits = 0;
	abi_handler(SIGUSR1, spoil, 0);
	for (unsigned int i = 0; i < 100; i++) {
		struct itimerspec now = {.it_value = {0, 1}};
		struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
					 .sigev_signo = SIGUSR1};
		timer_t timer;
		fill(&s, i);
		OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
		OK(timer_settime(timer, 0, &now, NULL));
		hold(&s, widest(), 100000, SYS_sched_yield, 0);
		OK(timer_delete(timer));
	}
	CHECK(hits > 0);
}

static void *volatile repair_page;

static void repair(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	spoil(sig);
	mprotect(repair_page, 4096, PROT_READ | PROT_WRITE);
}

ABI_CASE(vector_page_faults)
{
	/* The registers are stored into pages that are not there yet, or that
	 * a handler makes accessible first. */
	hits = 0;
	abi_handler_info(SIGSEGV, repair, 0);
	for (unsigned int i = 0; i < 50; i++) {
		struct vectors *s =
			(void *)abi_pages(2, PROT_READ | PROT_WRITE);
		fill(s, i);
		repair_page = abi_pages(1, PROT_NONE);
		hold(s, widest(), 10, -1, 0);
		*(volatile char *)repair_page = 1;
		hold(s, widest(), 10, -1, 0);
		OK(munmap(repair_page, 4096));
		OK(munmap(s, 8192));
	}
	CHECK_EQ(hits, 50);
}

static void *check_x87(void *arg)
{
	double seed = (double)(long)arg;
	while (!atomic_load(&stop)) {
		double out[6];
		unsigned short control = 0x027f; /* double precision */
		unsigned short got = 0;
		unsigned int csr = 0x3f80; /* round down */
		unsigned int got_csr = 0;
		unsigned int normal = 0x1f80;
		__asm__ volatile("fninit\n\t"
				 "fldcw %8\n\t"
				 "ldmxcsr %9\n\t"
				 "fldl %7\n\t"
				 "fld1\n\t"
				 "fldpi\n\t"
				 "fldl2e\n\t"
				 "fldln2\n\t"
				 "fldlg2\n\t"
				 "mov $30000, %%ecx\n"
				 "1:	dec %%ecx\n\t"
				 "jnz 1b\n\t"
				 "fstpl %0\n\t"
				 "fstpl %1\n\t"
				 "fstpl %2\n\t"
				 "fstpl %3\n\t"
				 "fstpl %4\n\t"
				 "fstpl %5\n\t"
				 "fnstcw %6\n\t"
				 "stmxcsr %10\n\t"
				 "ldmxcsr %11\n\t"
				 "fninit"
				 : "=m"(out[0]), "=m"(out[1]), "=m"(out[2]),
				   "=m"(out[3]), "=m"(out[4]), "=m"(out[5]),
				   "=m"(got)
				 : "m"(seed), "m"(control), "m"(csr),
				   "m"(got_csr), "m"(normal)
				 : "rcx", "memory", "cc");
		CHECK(out[5] == seed);
		CHECK(out[4] == 1.0);
		CHECK(out[3] > 3.14 && out[3] < 3.15);
		CHECK(out[2] > 1.44 && out[2] < 1.45);
		CHECK_EQ(got, control);
		CHECK_EQ(got_csr & 0xffc0, csr);
	}
	return NULL;
}

ABI_CASE(vector_x87_and_control_words)
{
	pthread_t threads[6];
	atomic_store(&stop, 0);
	for (long i = 0; i < 6; i++) {
		threads[i] = abi_thread(check_x87, (void *)(i + 10));
	}
	abi_sleep_ms(300);
	atomic_store(&stop, 1);
	for (int i = 0; i < 6; i++) {
		abi_join(threads[i]);
	}
}

static void *initial_state(void *arg)
{
	unsigned short control = 0;
	unsigned int csr = 0;
	(void)arg;
	__asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(control), "=m"(csr));
	/* A new thread inherits its creator's control words. */
	CHECK_EQ(control, 0x037f);
	CHECK_EQ(csr & 0xffc0, 0x1f80);
	return NULL;
}

ABI_CASE(vector_state_of_new_threads)
{
	for (int i = 0; i < 20; i++) {
		abi_join(abi_thread(initial_state, NULL));
	}
}

/* Fill the red zone, wait, and compare; 0 when all 128 bytes are as before. */
static long red_zone(long spins)
{
	long wrong;
	__asm__ volatile("mov $16, %%ecx\n"
			 "1:	mov %%rcx, %%rax\n\t"
			 "neg %%rax\n\t"
			 "lea 0x5a5a(%%rcx), %%rdx\n\t"
			 "mov %%rdx, (%%rsp,%%rax,8)\n\t"
			 "dec %%ecx\n\t"
			 "jnz 1b\n"
			 "2:	dec %1\n\t"
			 "jnz 2b\n\t"
			 "xor %0, %0\n\t"
			 "mov $16, %%ecx\n"
			 "3:	mov %%rcx, %%rax\n\t"
			 "neg %%rax\n\t"
			 "lea 0x5a5a(%%rcx), %%rdx\n\t"
			 "cmp %%rdx, (%%rsp,%%rax,8)\n\t"
			 "je 4f\n\t"
			 "inc %0\n"
			 "4:	dec %%ecx\n\t"
			 "jnz 3b"
			 : "=&r"(wrong), "+r"(spins)
			 :
			 : "rax", "rcx", "rdx", "memory", "cc");
	return wrong;
}

/* A leaf's caller must not keep anything there itself. */
static __attribute__((noinline, target("general-regs-only"))) long
call_red_zone(long spins)
{
	volatile char space[256];
	space[0] = 0;
	long wrong = red_zone(spins);
	space[1] = 0;
	return wrong + space[0];
}

static void *keep_red_zone(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		CHECK_EQ(call_red_zone(100000), 0);
	}
	return NULL;
}

ABI_CASE(red_zone_across_interrupts)
{
	pthread_t threads[6];
	atomic_store(&stop, 0);
	for (int i = 0; i < 6; i++) {
		threads[i] = abi_thread(keep_red_zone, NULL);
	}
	abi_sleep_ms(500);
	atomic_store(&stop, 1);
	for (int i = 0; i < 6; i++) {
		abi_join(threads[i]);
	}
}

ABI_CASE(red_zone_across_signals)
{
	timer_t timer = start_ticks(SIGALRM, 500000);
	while (hits < 200) {
		CHECK_EQ(call_red_zone(20000), 0);
	}
	OK(timer_delete(timer));
}

ABI_CASE(stack_pointer_may_be_anything)
{
	/* Interrupts while rsp points nowhere: the kernel must not care. */
	long got;
	long spins = 3000000;
	timer_t timer = start_ticks(SIGALRM, 1000000);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	OK0(pthread_sigmask(SIG_BLOCK, &set, NULL));
	__asm__ volatile("mov %%rsp, %0\n\t"
			 "mov $8, %%rsp\n"
			 "1:	dec %1\n\t"
			 "jnz 1b\n\t"
			 "mov %0, %%rsp"
			 : "=&r"(got), "+r"(spins)
			 :
			 : "memory", "cc");
	spins = 3000000;
	__asm__ volatile("mov %%rsp, %0\n\t"
			 "mov $0xffff9000, %%rsp\n\t"
			 "shl $32, %%rsp\n"
			 "1:	dec %1\n\t"
			 "jnz 1b\n\t"
			 "mov %0, %%rsp"
			 : "=&r"(got), "+r"(spins)
			 :
			 : "memory", "cc");
	OK(timer_delete(timer));
}

ABI_CASE(registers_across_system_calls)
{
	/* All but rax, rcx and r11 are kept. */
	unsigned long in[12], out[12];
	for (int i = 0; i < 12; i++) {
		in[i] = 0x1111111111111111UL * (i + 1);
	}
	__asm__ volatile("push %%rbp\n\t"
			 "push %1\n\t"
			 "mov %0, %%rax\n\t"
			 "mov 0(%%rax), %%rbx\n\t"
			 "mov 8(%%rax), %%rdx\n\t"
			 "mov 16(%%rax), %%rsi\n\t"
			 "mov 24(%%rax), %%rdi\n\t"
			 "mov 32(%%rax), %%rbp\n\t"
			 "mov 40(%%rax), %%r8\n\t"
			 "mov 48(%%rax), %%r9\n\t"
			 "mov 56(%%rax), %%r10\n\t"
			 "mov 64(%%rax), %%r12\n\t"
			 "mov 72(%%rax), %%r13\n\t"
			 "mov 80(%%rax), %%r14\n\t"
			 "mov 88(%%rax), %%r15\n\t"
			 "mov $110, %%eax\n\t" /* getppid */
			 "syscall\n\t"
			 "pop %%rax\n\t"
			 "mov %%rbx, 0(%%rax)\n\t"
			 "mov %%rdx, 8(%%rax)\n\t"
			 "mov %%rsi, 16(%%rax)\n\t"
			 "mov %%rdi, 24(%%rax)\n\t"
			 "mov %%rbp, 32(%%rax)\n\t"
			 "mov %%r8, 40(%%rax)\n\t"
			 "mov %%r9, 48(%%rax)\n\t"
			 "mov %%r10, 56(%%rax)\n\t"
			 "mov %%r12, 64(%%rax)\n\t"
			 "mov %%r13, 72(%%rax)\n\t"
			 "mov %%r14, 80(%%rax)\n\t"
			 "mov %%r15, 88(%%rax)\n\t"
			 "pop %%rbp"
			 :
			 : "a"(in), "c"(out)
			 : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			   "r12", "r13", "r14", "r15", "memory", "cc");
	for (int i = 0; i < 12; i++) {
		CHECK_EQ(out[i], in[i]);
	}
}

#endif
