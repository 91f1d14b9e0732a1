/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* ELF64 file format as far as loading a program needs it (gABI, chapter 4
 * and 5). */
#include <stdint.h>

struct elf64_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "gABI, ELF header");

struct elf64_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "gABI, program header");

#define ELF_CLASS_64	2
#define ELF_DATA_LITTLE 1
#define ELF_VERSION	1
#define ELF_IDENT_CLASS 4
#define ELF_IDENT_DATA	5

#define ELF_TYPE_EXEC 2
#define ELF_TYPE_DYN  3

#define ELF_MACHINE_X86_64  62
#define ELF_MACHINE_AARCH64 183

#define ELF_PT_LOAD	    1
#define ELF_PT_DYNAMIC	    2
#define ELF_PT_INTERP	    3
#define ELF_PT_PHDR	    6
#define ELF_PT_TLS	    7
#define ELF_PT_GNU_STACK    0x6474e551u
#define ELF_PT_GNU_PROPERTY 0x6474e553u

#define ELF_PF_X 1u
#define ELF_PF_W 2u
#define ELF_PF_R 4u
