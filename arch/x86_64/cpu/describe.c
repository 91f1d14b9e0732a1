/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/cpuinfo of one CPU, as programs parse it (SDM volume 2, CPUID).
 * All CPUs are taken to be alike; the text is made from this CPU's leaves.
 */
#include <arch/cpu.h>

#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/time.h>
#include <asm/cpuid.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>

#define BRAND_SIZE 48
#define CACHES_MAX 16

struct text {
	char *buf;
	size_t size;
	size_t length; /* of the whole text */
};

static void add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

static void add(struct text *text, const char *format, ...)
{
	size_t used = text->length < text->size ? text->length : text->size;
	va_list args;

	va_start(args, format);
	text->length += (size_t)kvsnprintf(text->buf + used, text->size - used,
					   format, args);
	va_end(args);
}

/* Names of the bits 0, 1, ... of a register; "": no name. */
static const char *const names_1d[] = {
	"fpu",	"vme",	 "de",	 "pse",	    "tsc",  "msr", "pae",  "mce",
	"cx8",	"apic",	 "",	 "sep",	    "mtrr", "pge", "mca",  "cmov",
	"pat",	"pse36", "pn",	 "clflush", "",	    "dts", "acpi", "mmx",
	"fxsr", "sse",	 "sse2", "ss",	    "ht",   "tm",  "ia64", "pbe"};
static const char *const names_1c[] = {
	"pni",	  "pclmulqdq", "dtes64", "monitor", "ds_cpl",
	"vmx",	  "smx",       "est",	 "tm2",	    "ssse3",
	"cid",	  "sdbg",      "fma",	 "cx16",    "xtpr",
	"pdcm",	  "",	       "pcid",	 "dca",	    "sse4_1",
	"sse4_2", "x2apic",    "movbe",	 "popcnt",  "tsc_deadline_timer",
	"aes",	  "xsave",     "",	 "avx",	    "f16c",
	"rdrand", "hypervisor"};
static const char *const names_7b[] = {
	"fsgsbase", "tsc_adjust", "sgx",      "bmi1",	    "hle",
	"avx2",	    "",		  "",	      "bmi2",	    "erms",
	"invpcid",  "rtm",	  "cqm",      "",	    "mpx",
	"rdt_a",    "avx512f",	  "avx512dq", "rdseed",	    "adx",
	"",	    "avx512ifma", "",	      "clflushopt", "clwb",
	"intel_pt", "avx512pf",	  "avx512er", "avx512cd",   "sha_ni",
	"avx512bw", "avx512vl"};
static const char *const names_81d[] = {
	"", "",		"",	   "",	      "",   "",	  "",	      "",
	"", "",		"",	   "syscall", "",   "",	  "",	      "",
	"", "",		"",	   "mp",      "nx", "",	  "mmxext",   "",
	"", "fxsr_opt", "pdpe1gb", "rdtscp",  "",   "lm", "3dnowext", "3dnow"};
static const char *const names_81c[] = {
	"lahf_lm", "cmp_legacy", "svm",		"extapic",	"cr8_legacy",
	"abm",	   "sse4a",	 "misalignsse", "3dnowprefetch"};

static void add_flags(struct text *text, uint32_t bits,
		      const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((bits >> i & 1) != 0 && names[i][0] != '\0') {
			add(text, " %s", names[i]);
		}
	}
}

static void add_identity(struct text *text)
{
	struct cpuid leaf = cpuid_read(0, 0);
	uint32_t version = cpuid_read(1, 0).eax;
	uint32_t family = version >> 8 & 15;
	uint32_t model = version >> 4 & 15;
	uint32_t vendor[3] = {leaf.ebx, leaf.edx, leaf.ecx};
	char brand[BRAND_SIZE + 1] = "";

	if (family == 6 || family == 15) {
		model += (version >> 16 & 15) << 4;
	}
	if (family == 15) {
		family += version >> 20 & 0xff;
	}
	for (uint32_t i = 0; i < 3; i++) {
		leaf = cpuid_read(0x80000002 + i, 0);
		memcpy(brand + 16 * i, &leaf, sizeof(leaf));
	}
	add(text,
	    "vendor_id\t: %.12s\ncpu family\t: %u\nmodel\t\t: %u\n"
	    "model name\t: %s\nstepping\t: %u\n",
	    (const char *)vendor, family, model, brand, version & 15);
}

/* The last cache, in KiB: leaf 4 has one subleaf for each; where it is empty
 * (AMD) the level 2 of an extended leaf counts. */
static unsigned cache_size(void)
{
	uint64_t size = 0;

	for (uint32_t i = 0; cpuid_read(0, 0).eax >= 4 && i < CACHES_MAX; i++) {
		struct cpuid leaf = cpuid_read(4, i);
		uint64_t ways = (leaf.ebx >> 22) + 1;
		uint64_t parts = (leaf.ebx >> 12 & 0x3ff) + 1;
		uint64_t line = (leaf.ebx & 0xfff) + 1;

		if ((leaf.eax & 31) == 0) {
			break;
		}
		size = MAX(size, ways * parts * line * (leaf.ecx + 1ull));
	}
	if (size == 0 && cpuid_read(0x80000000, 0).eax >= 0x80000006) {
		size = (uint64_t)(cpuid_read(0x80000006, 0).ecx >> 16) << 10;
	}
	return (unsigned)(size >> 10);
}

size_t cpu_describe(unsigned cpu, char *buf, size_t size)
{
	struct text text = {.buf = buf, .size = size};
	uint64_t khz = arch_time_cycles_hz() / 1000;
	struct cpuid leaf7 = cpuid_read(7, 0);

	add(&text, "processor\t: %u\n", cpu);
	add_identity(&text);
	add(&text, "cpu MHz\t\t: %llu.%03llu\n", (unsigned long long)khz / 1000,
	    (unsigned long long)khz % 1000);
	if (cache_size() != 0) {
		add(&text, "cache size\t: %u KB\n", cache_size());
	}
	add(&text,
	    "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n"
	    "cpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\n",
	    cpu_count(), cpu, cpu_count(), cpu, cpu);
	add(&text,
	    "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\n"
	    "wp\t\t: yes\nflags\t\t:",
	    cpuid_read(0, 0).eax);
	add_flags(&text, cpuid_read(1, 0).edx, names_1d, ARRAY_SIZE(names_1d));
	add_flags(&text, cpuid_read(0x80000001, 0).edx, names_81d,
		  ARRAY_SIZE(names_81d));
	add_flags(&text, cpuid_read(1, 0).ecx, names_1c, ARRAY_SIZE(names_1c));
	add_flags(&text, cpuid_read(0x80000001, 0).ecx, names_81c,
		  ARRAY_SIZE(names_81c));
	add_flags(&text, leaf7.ebx, names_7b, ARRAY_SIZE(names_7b));
	add(&text,
	    "\nbugs\t\t:\nbogomips\t: %llu.%02llu\nclflush size\t: 64\n"
	    "cache_alignment\t: 64\naddress sizes\t: %u bits physical, 48 bits "
	    "virtual\npower management:\n\n",
	    (unsigned long long)khz / 500, (unsigned long long)khz / 5 % 100,
	    mmu_paddr_bits());
	return text.length;
}
