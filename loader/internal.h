/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Private to loader/: arguments, the parsed program, the plan of an address
 * space.  elf.c, script.c, args.c and stack.c know nothing of files and memory
 * and are tested on the build host.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>
#include <loader/exec.h>
#include <uapi/elf.h>

struct address_space;
struct file;

#define LOADER_PAGE 4096ull

/* --- args.c ------------------------------------------------------------- */

#define ARGS_TOTAL_MAX	 (6u << 20)
#define ARGS_TOTAL_FLOOR (128u << 10) /* granted whatever the stack limit */
#define ARGS_STRING_MAX	 (128u << 10) /* NUL included */
#define ARGS_CHUNK	 4096u
#define ARGS_CHUNK_MAX	 (ARGS_TOTAL_MAX / ARGS_CHUNK)
#define ARGS_PREFIX_MAX	 16 /* what #! lines put in front */

/*
 * The strings one after the other, NULs included: first `argc` arguments, of
 * which the first `skipped_count` (`skipped` bytes) were replaced by the
 * prefix, then `envc` of the environment.
 */
struct exec_args {
	size_t size;  /* bytes in the chunks */
	size_t limit; /* for strings and pointers together */
	size_t argc;  /* strings of the chunks that are arguments */
	size_t envc;
	size_t skipped;
	size_t skipped_count;
	size_t prefix_count;
	char *prefix[ARGS_PREFIX_MAX]; /* kmalloc'ed; last one comes first */
	char *chunks[ARGS_CHUNK_MAX];  /* ARGS_CHUNK bytes each */
};

/* Number of arguments the program sees. */
size_t args_count(const struct exec_args *args);
/* Removes the first argument (#!). */
void args_drop_first(struct exec_args *args);
/* Puts a copy in front.  0, -ENOMEM, -E2BIG. */
int args_push_front(struct exec_args *args, const char *text);
/* Adds one string to the end.  0, -ENOMEM, -E2BIG. */
int args_append(struct exec_args *args, const char *text);
/* Bytes of all strings. */
size_t args_bytes(const struct exec_args *args);

/* The strings as pieces of memory, in order; returns a piece's size or 0 at
 * the end.  *cursor starts as 0. */
size_t args_piece(const struct exec_args *args, size_t *cursor,
		  const char **piece_out);

/* --- elf.c ------------------------------------------------------------------
 */

#define ELF_PHDR_MAX ((65536 / sizeof(struct elf64_phdr)))

struct elf_segment {
	uint64_t vaddr;
	uint64_t offset;
	uint64_t filesz;
	uint64_t memsz;
	uint32_t flags; /* ELF_PF_* */
};

/*
 * A program whose every field has been checked: segments ascend, do not
 * overlap by page, end below the limit; offsets are congruent to addresses
 * and lie in the file; align is a power of two.
 */
struct elf_image {
	bool relocatable; /* ET_DYN */
	bool exec_stack;
	uint64_t entry;
	uint64_t phdr_vaddr; /* 0: not in any segment */
	uint16_t phdr_count;
	uint64_t low;	/* page of the first byte */
	uint64_t high;	/* behind the page of the last byte */
	uint64_t align; /* largest of the segments, >= page */
	uint64_t interp_offset;
	uint64_t interp_size; /* with its NUL; 0: none */
	size_t segment_count;
	struct elf_segment segments[];
};

/*
 * Checks the file header; `size` bytes of the file are there.  0, or -ENOEXEC
 * (no ELF64 program of this machine).  The program headers are at
 * header_out->phoff, phnum of them.
 */
int elf_check_header(const void *data, size_t size, uint16_t machine,
		     struct elf64_header *header_out);

/*
 * Checks the program headers.  `limit` is the end of the address range.  The
 * image is kmalloc'ed.  0, -ENOEXEC, -ENOMEM.
 */
int elf_parse(const struct elf64_header *header, const struct elf64_phdr *phdrs,
	      uint64_t file_size, uint64_t limit, struct elf_image **image_out);

/* --- script.c
 * ----------------------------------------------------------------- */

#define SCRIPT_LINE_MAX	 256 /* bytes looked at */
#define SCRIPT_DEPTH_MAX 5

struct script {
	char interpreter[SCRIPT_LINE_MAX];
	char argument[SCRIPT_LINE_MAX]; /* "": none */
};

/* Parses "#!" and its line in the first `size` bytes of a file.  0, or
 * -ENOEXEC: no script, no interpreter, name cut off. */
int script_parse(const char *data, size_t size, struct script *script_out);

/* --- aslr.c
 * ------------------------------------------------------------------- */

/* Where things go, before they are mapped. */
struct layout {
	bool random;
	uintptr_t stack_top;
	uintptr_t mmap_top;
	uintptr_t pie_base; /* before alignment */
};
void layout_plan(struct layout *layout, bool random, uint64_t stack_limit);
/* Distance from the end of the program to the heap. */
uintptr_t layout_brk_gap(const struct layout *layout);
/* Bytes to leave free below the strings of the stack. */
uintptr_t layout_stack_gap(const struct layout *layout);

/* --- load.c
 * ------------------------------------------------------------------- */

struct loaded {
	uintptr_t bias; /* address minus vaddr */
	uintptr_t entry;
	uintptr_t phdr; /* 0: not mapped */
	uintptr_t end;	/* of the highest segment, page aligned */
	uintptr_t code_start, code_end, data_start, data_end;
};

/* Maps the program: at its addresses, or for a relocatable one at `base`
 * (0: anywhere).  0 or a negative errno. */
int load_image(struct address_space *space, struct file *file,
	       const struct elf_image *image, uintptr_t base,
	       struct loaded *loaded_out);

/* --- vdso.c
 * -------------------------------------------------------------------- */

/* Maps the vDSO and its data; the image's address, 0 when that failed. */
uintptr_t vdso_map(struct address_space *space);

/* --- stack.c
 * -------------------------------------------------------------------- */

struct auxv_entry {
	uint64_t type;
	uint64_t value;
};

struct stack_writer {
	/* Writes into the new program's memory: 0 or -EFAULT, -ENOMEM. */
	int (*write)(struct stack_writer *writer, uintptr_t addr,
		     const void *data, size_t size);
};

#define STACK_AUXV_MAX 24

/* What goes onto the first stack, and where it went. */
struct stack_image {
	/* in */
	const struct exec_args *args;
	const char *exec_name;
	const char *platform;
	uint8_t random[16];
	uintptr_t top;
	uintptr_t gap;
	size_t auxv_count; /* without the entries that point to the stack */
	struct auxv_entry auxv[STACK_AUXV_MAX]; /* complete afterwards */
	/* out */
	uintptr_t sp;
	uintptr_t arg_start, arg_end, env_start, env_end;
};

/* Bytes below `top` that stack_build() will write, at most. */
size_t stack_size_needed(const struct stack_image *image);
int stack_build(struct stack_image *image, struct stack_writer *writer);
