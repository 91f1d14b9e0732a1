/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program finds on its first stack, and the vDSO. */
#include "abi_test.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;
extern char __executable_start[];
extern char etext[];

static const ElfW(auxv_t) * auxv(void)
{
	char **p = environ;
	/* setenv() has not been called: environ is the kernel's. */
	while (*p != NULL) {
		p++;
	}
	return (const void *)(p + 1);
}

static const ElfW(auxv_t) * find(unsigned long type)
{
	for (const ElfW(auxv_t) *a = auxv(); a->a_type != AT_NULL; a++) {
		if (a->a_type == type) {
			return a;
		}
	}
	return NULL;
}

static unsigned long value_of(unsigned long type)
{
	const ElfW(auxv_t) *a = find(type);
	if (a == NULL) {
		abi_fail(__FILE__, __LINE__, "no auxv entry %lu", type);
	}
	return a->a_un.a_val;
}

ABI_CASE(auxv_values)
{
	CHECK_EQ(value_of(AT_PAGESZ), 4096);
	CHECK_EQ(value_of(AT_CLKTCK), 100);
	CHECK_EQ(value_of(AT_UID), getuid());
	CHECK_EQ(value_of(AT_EUID), geteuid());
	CHECK_EQ(value_of(AT_GID), getgid());
	CHECK_EQ(value_of(AT_EGID), getegid());
	CHECK_EQ(value_of(AT_SECURE), 0);
	CHECK_EQ(value_of(AT_FLAGS), 0);
	CHECK_EQ(value_of(AT_PHENT), sizeof(ElfW(Phdr)));
	CHECK_EQ(value_of(AT_BASE), 0); /* static: no interpreter */
	value_of(AT_HWCAP);
	value_of(AT_HWCAP2);
}

ABI_CASE(auxv_program_headers)
{
	const ElfW(Phdr) *header = (const void *)value_of(AT_PHDR);
	int count = value_of(AT_PHNUM);
	int loads = 0;
	CHECK(count > 2 && count < 40);
	for (int i = 0; i < count; i++) {
		loads += header[i].p_type == PT_LOAD;
	}
	CHECK(loads >= 2);
	unsigned long entry = value_of(AT_ENTRY);
	CHECK(entry >= (unsigned long)__executable_start);
	CHECK(entry < (unsigned long)etext);
}

ABI_CASE(auxv_random_bytes)
{
	const unsigned char *bytes = (const void *)value_of(AT_RANDOM);
	int zeros = 0;
	for (int i = 0; i < 16; i++) {
		zeros += bytes[i] == 0;
	}
	CHECK(zeros < 8);
}

ABI_CASE(auxv_names)
{
	char link[4096] = {0};
	const char *name = (const char *)value_of(AT_EXECFN);
	OK(readlink("/proc/self/exe", link, sizeof(link) - 1));
	CHECK_EQ(strcmp(strrchr(link, '/') + 1,
			strrchr(name, '/') ? strrchr(name, '/') + 1 : name),
		 0);
#if defined(__x86_64__)
	CHECK_EQ(strcmp((const char *)value_of(AT_PLATFORM), "x86_64"), 0);
#endif
}

ABI_CASE(proc_auxv_is_the_same)
{
	char text[4096];
	size_t n = abi_read_file("/proc/self/auxv", text, sizeof(text));
	CHECK(n > 160 && n % 16 == 0);
	CHECK_EQ(memcmp(text, auxv(), n - 16), 0);
}

ABI_CASE(first_stack_layout)
{
	/* argc, argv, NULL, environment, NULL, auxv: without a gap. */
	long *p = (long *)environ - 1;
	CHECK_EQ(*p, 0);
	long count = 0;
	while (p[-1 - count] != count) {
		count++;
		CHECK(count < 1000);
	}
	long *argc = p - 1 - count;
	CHECK(*argc >= 1);
	CHECK_EQ((unsigned long)argc % 16, 0);
	char text[4096];
	size_t n = abi_read_file("/proc/self/cmdline", text, sizeof(text));
	char *at = text;
	for (long i = 0; i < *argc; i++) {
		CHECK_EQ(strcmp((char *)argc[1 + i], at), 0);
		at += strlen(at) + 1;
	}
	CHECK_EQ(at - text, n);
}

/* The symbol in the vDSO; NULL when it is not there. */
static void *vdso_symbol(const char *name)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	CHECK(base != NULL);
	const ElfW(Ehdr) *e = (const void *)base;
	CHECK_EQ(memcmp(e->e_ident, ELFMAG, 4), 0);
	CHECK_EQ(e->e_type, ET_DYN);
	const ElfW(Phdr) *ph = (const void *)(base + e->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	long bias = 0;
	for (int i = 0; i < e->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD) {
			bias = (long)base - ph[i].p_vaddr + ph[i].p_offset;
		} else if (ph[i].p_type == PT_DYNAMIC) {
			dynamic = (const void *)(base + ph[i].p_offset);
		}
	}
	const ElfW(Sym) *symbols = NULL;
	const char *strings = NULL;
	const unsigned int *hash = NULL;
	CHECK(dynamic != NULL);
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		char *at = (char *)(bias + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_SYMTAB) {
			symbols = (const void *)at;
		} else if (dynamic->d_tag == DT_STRTAB) {
			strings = at;
		} else if (dynamic->d_tag == DT_HASH) {
			hash = (const void *)at;
		}
	}
	CHECK(symbols != NULL && strings != NULL);
	/* Without DT_HASH: the string table lies behind the symbols. */
	unsigned int count =
		hash != NULL ? hash[1]
			     : ((const char *)strings - (const char *)symbols) /
				       sizeof(*symbols);
	for (unsigned int i = 0; i < count && i < 64; i++) {
		if (strcmp(strings + symbols[i].st_name, name) == 0) {
			return (void *)(bias + symbols[i].st_value);
		}
	}
	return NULL;
}

#if defined(__x86_64__)
ABI_CASE(vdso_functions)
{
	long (*get_time)(int, struct timespec *) =
		vdso_symbol("__vdso_clock_gettime");
	long (*get_cpu)(unsigned int *, unsigned int *, void *) =
		vdso_symbol("__vdso_getcpu");
	CHECK(get_time != NULL);
	CHECK(get_cpu != NULL);
	CHECK(vdso_symbol("__vdso_gettimeofday") != NULL);
	CHECK(vdso_symbol("__vdso_time") != NULL);
	struct timespec t = {0};
	unsigned int cpu = ~0U;
	CHECK_EQ(get_time(CLOCK_MONOTONIC, &t), 0);
	CHECK(t.tv_sec * 1000000000LL + t.tv_nsec <= abi_now());
	CHECK_EQ(get_time(12345, &t), -EINVAL);
	CHECK_EQ(get_time(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	CHECK_EQ(get_cpu(&cpu, NULL, NULL), 0);
	CHECK(cpu < 1024);
}
#endif

ABI_CASE(vdso_is_read_only)
{
	char *base = (char *)getauxval(AT_SYSINFO_EHDR);
	CHECK(base != NULL);
	CHECK_EQ(abi_try_write(base).sig, SIGSEGV);
	CHECK_EQ(abi_try_read(base).sig, 0);
}

ABI_CASE(program_image_protection)
{
	static const int constant = 5;
	static int data = 5;
	static int bss;
	CHECK_EQ(abi_try_write((void *)&constant).code, SEGV_ACCERR);
	CHECK_EQ(abi_try_write(&data).sig, 0);
	CHECK_EQ(abi_try_write(&bss).sig, 0);
}
