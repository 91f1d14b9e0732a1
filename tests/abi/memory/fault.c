/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults: signal, si_code and the exact si_addr; mprotect; races of both. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)

#if defined(__x86_64__)
/* mov $42, %eax; ret */
static const unsigned char return_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
#else
/* mov w0, #42; ret */
static const unsigned char return_42[] = {0x40, 0x05, 0x80, 0x52,
					  0xc0, 0x03, 0x5f, 0xd6};
#endif

static void expect(struct abi_fault fault, int sig, int code, const void *at)
{
	CHECK_EQ(fault.sig, sig);
	CHECK_EQ(fault.code, code);
	CHECK_EQ(fault.addr, at);
}

static void call_it(void *code)
{
	((void (*)(void))code)();
}

ABI_CASE(fault_unmapped)
{
	char *p = abi_pages(2, RW);
	OK(munmap(p, 2 * PAGE));
	expect(abi_try_read(p + 123), SIGSEGV, SEGV_MAPERR, p + 123);
	expect(abi_try_write(p + PAGE + 4095), SIGSEGV, SEGV_MAPERR,
	       p + PAGE + 4095);
}

ABI_CASE(fault_null_page)
{
	expect(abi_try_read((void *)8UL), SIGSEGV, SEGV_MAPERR, (void *)8UL);
	expect(abi_try_write((void *)0xfffUL), SIGSEGV, SEGV_MAPERR,
	       (void *)0xfffUL);
}

ABI_CASE(fault_null_call)
{
	expect(abi_try(call_it, NULL), SIGSEGV, SEGV_MAPERR, NULL);
}

ABI_CASE(fault_prot_none)
{
	char *p = abi_pages(1, PROT_NONE);
	expect(abi_try_read(p + 77), SIGSEGV, SEGV_ACCERR, p + 77);
	expect(abi_try_write(p), SIGSEGV, SEGV_ACCERR, p);
}

ABI_CASE(fault_read_only)
{
	char *p = abi_pages(2, PROT_READ);
	CHECK_EQ(abi_try_read(p + 5).sig, 0);
	expect(abi_try_write(p + 5), SIGSEGV, SEGV_ACCERR, p + 5);
	/* Also when the page never was touched before. */
	expect(abi_try_write(p + PAGE + 9), SIGSEGV, SEGV_ACCERR, p + PAGE + 9);
}

ABI_CASE(fault_program_text)
{
	expect(abi_try_write((void *)call_it), SIGSEGV, SEGV_ACCERR, call_it);
	expect(abi_try_write((void *)return_42), SIGSEGV, SEGV_ACCERR,
	       return_42);
}

ABI_CASE(fault_execute_data)
{
	char *p = abi_pages(1, RW);
	memcpy(p, return_42, sizeof(return_42));
	expect(abi_try(call_it, p), SIGSEGV, SEGV_ACCERR, p);
	static char data[64];
	memcpy(data, return_42, sizeof(return_42));
	expect(abi_try(call_it, data), SIGSEGV, SEGV_ACCERR, data);
}

ABI_CASE(fault_execute_stack)
{
	volatile char code[64];
	for (size_t i = 0; i < sizeof(return_42); i++) {
		code[i] = return_42[i];
	}
	CHECK_EQ(abi_try(call_it, (void *)code).code, SEGV_ACCERR);
}

ABI_CASE(execute_after_mprotect)
{
	char *p = abi_pages(1, RW);
	memcpy(p, return_42, sizeof(return_42));
	__builtin___clear_cache(p, p + sizeof(return_42));
	OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CHECK_EQ(((int (*)(void))(void *)p)(), 42);
	expect(abi_try_write(p), SIGSEGV, SEGV_ACCERR, p);
}

#if defined(__x86_64__)
ABI_CASE(fault_not_canonical)
{
	/* A general protection fault has no address: SI_KERNEL and 0. */
	expect(abi_try_read((void *)0x0000900000000000UL), SIGSEGV, SI_KERNEL,
	       NULL);
	expect(abi_try(call_it, (void *)0x0000900000000000UL), SIGSEGV,
	       SI_KERNEL, NULL);
}
#endif

static void read_word(void *address)
{
	unsigned long word;
	__asm__ volatile("" : "+r"(address));
	memcpy(&word, address, sizeof(word));
	__asm__ volatile("" : : "r"(word));
}

ABI_CASE(fault_straddles_pages)
{
	/* The reported address is the first byte that is not accessible. */
	char *edge = abi_edge(8);
	CHECK_EQ(abi_try(read_word, edge).sig, 0);
	expect(abi_try(read_word, edge + 3), SIGSEGV, SEGV_ACCERR, edge + 8);
}

ABI_CASE(mprotect_cycle)
{
	char *p = abi_pages(3, RW);
	memset(p, 1, 3 * PAGE);
	OK(mprotect(p + PAGE, PAGE, PROT_READ));
	p[0] = 2;
	p[2 * PAGE] = 2;
	expect(abi_try_write(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
	OK(mprotect(p, 3 * PAGE, PROT_NONE));
	expect(abi_try_read(p + 2 * PAGE), SIGSEGV, SEGV_ACCERR, p + 2 * PAGE);
	OK(mprotect(p, 3 * PAGE, RW));
	CHECK_EQ(p[0] + p[PAGE] + p[2 * PAGE], 5);
	p[PAGE] = 9;
}

ABI_CASE(mprotect_arguments)
{
	char *p = abi_pages(2, RW);
	CHECK_ERRNO(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ), EINVAL);
	OK(syscall(SYS_mprotect, p, 0, PROT_READ));
	p[0] = 1;
	CHECK_ERRNO(syscall(SYS_mprotect, p, PAGE, 0x1000), EINVAL);
	CHECK_ERRNO(syscall(SYS_mprotect, p, PAGE,
			    PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_mprotect, p, ~0UL - 4095 - (long)p, PROT_READ),
		    ENOMEM);
	CHECK_ERRNO(syscall(SYS_mprotect, 0xffff800000000000UL, PAGE, 0),
		    ENOMEM);
}

ABI_CASE(mprotect_over_hole)
{
	char *p = abi_pages(3, RW);
	OK(munmap(p + PAGE, PAGE));
	/* ENOMEM, and what lies before the hole is changed. */
	CHECK_ERRNO(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM);
	CHECK_EQ(abi_try_write(p).code, SEGV_ACCERR);
	CHECK_EQ(abi_try_write(p + 2 * PAGE).sig, 0);
	CHECK_ERRNO(mprotect(p + PAGE, PAGE, PROT_READ), ENOMEM);
}

ABI_CASE(mprotect_shared_read_only_file)
{
	abi_write_file("a", "text");
	int fd = OK(open("a", O_RDONLY));
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK((long)p > 0);
	CHECK_ERRNO(mprotect(p, PAGE, RW), EACCES);
	char *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	OK(mprotect(q, PAGE, RW));
	*q = 'T';
	CHECK_EQ(*p, 't');
}

ABI_CASE(kernel_respects_protection)
{
	int fd = OK(open("/dev/zero", O_RDONLY));
	char *p = abi_pages(2, RW);
	OK(mprotect(p, PAGE, PROT_READ));
	CHECK_ERRNO(syscall(SYS_read, fd, p, 1), EFAULT);
	CHECK_ERRNO(syscall(SYS_read, fd, call_it, 1), EFAULT);
	OK(mprotect(p, PAGE, PROT_NONE));
	int out = OK(open("a", O_RDWR | O_CREAT, 0600));
	CHECK_ERRNO(syscall(SYS_write, out, p, 1), EFAULT);
	CHECK_EQ(lseek(out, 0, SEEK_END), 0);
}

struct race {
	volatile unsigned long *counter;
	atomic_int stop;
	atomic_int running;
	atomic_ulong faults;
};

static void count_on(void *arg)
{
	struct race *race = arg;
	while (!atomic_load_explicit(&race->stop, memory_order_relaxed)) {
		(*race->counter)++;
		atomic_store_explicit(&race->running, 1, memory_order_relaxed);
	}
}

static void *counting_thread(void *arg)
{
	struct race *race = arg;
	while (!atomic_load(&race->stop)) {
		if (abi_try(count_on, race).sig != 0) {
			atomic_fetch_add(&race->faults, 1);
		}
	}
	return NULL;
}

static void wait_running(struct race *race)
{
	atomic_store(&race->running, 0);
	while (!atomic_load(&race->running)) {
		sched_yield();
	}
}

ABI_CASE(mprotect_reaches_other_cpus)
{
	/* After mprotect returned no thread can write through an old TLB entry.
	 */
	struct race race = {.counter = (void *)abi_pages(1, RW)};
	pthread_t thread = abi_thread(counting_thread, &race);
	for (int round = 0; round < 50; round++) {
		wait_running(&race);
		OK(mprotect((void *)race.counter, PAGE, PROT_READ));
		unsigned long before = *race.counter;
		for (int spin = 0; spin < 20; spin++) {
			sched_yield();
		}
		CHECK_EQ(*race.counter, before);
		OK(mprotect((void *)race.counter, PAGE, RW));
	}
	atomic_store(&race.stop, 1);
	abi_join(thread);
}

ABI_CASE(munmap_reaches_other_cpus)
{
	struct race race = {.counter = (void *)abi_pages(1, RW)};
	pthread_t thread = abi_thread(counting_thread, &race);
	for (int round = 0; round < 50; round++) {
		wait_running(&race);
		void *at = (void *)race.counter;
		OK(munmap(at, PAGE));
		CHECK_EQ(mmap(at, PAGE, PROT_READ,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 at);
		for (int spin = 0; spin < 20; spin++) {
			sched_yield();
		}
		CHECK_EQ(*race.counter, 0);
		OK(mprotect(at, PAGE, RW));
	}
	atomic_store(&race.stop, 1);
	abi_join(thread);
}

struct sharers {
	unsigned int *words;
	pthread_barrier_t start;
};

static void *add_everywhere(void *arg)
{
	struct sharers *s = arg;
	pthread_barrier_wait(&s->start);
	for (size_t i = 0; i < 512; i++) {
		__atomic_fetch_add(s->words + i * PAGE / 4, 1,
				   __ATOMIC_RELAXED);
	}
	return NULL;
}

ABI_CASE(fault_same_pages_concurrently)
{
	struct sharers s;
	pthread_t threads[4];
	OK0(pthread_barrier_init(&s.start, NULL, 4));
	for (int round = 0; round < 8; round++) {
		s.words = (void *)abi_pages(512, RW);
		for (int i = 0; i < 4; i++) {
			threads[i] = abi_thread(add_everywhere, &s);
		}
		for (int i = 0; i < 4; i++) {
			abi_join(threads[i]);
		}
		for (size_t i = 0; i < 512; i++) {
			CHECK_EQ(s.words[i * PAGE / 4], 4);
		}
		OK(munmap(s.words, 512 * PAGE));
	}
}

static void *map_and_unmap(void *arg)
{
	unsigned long mark = (unsigned long)arg;
	for (int round = 0; round < 300; round++) {
		unsigned long *p = (void *)abi_pages(8, RW);
		for (size_t i = 0; i < 8; i++) {
			CHECK_EQ(p[i * PAGE / 8], 0);
			p[i * PAGE / 8] = mark;
		}
		for (size_t i = 0; i < 8; i++) {
			CHECK_EQ(p[i * PAGE / 8], mark);
		}
		OK(munmap(p, 8 * PAGE));
	}
	return NULL;
}

ABI_CASE(mmap_munmap_from_four_threads)
{
	pthread_t threads[4];
	for (unsigned long i = 0; i < 4; i++) {
		threads[i] = abi_thread(map_and_unmap, (void *)(i + 1));
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
}
