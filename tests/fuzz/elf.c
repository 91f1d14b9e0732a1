/* SPDX-License-Identifier: BSD-3-Clause */

/* Program headers: whatever the file says, the result satisfies what
 * loader/internal.h promises of struct elf_image. */
#include "../../loader/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/elf.h>
#include <mm/slab.h>

#include "fuzz.h"

#define LIMIT 0x7ffffffff000ull

static const char *const seeds[] = {"/bin/true",
				    "/bin/ls",
				    "/bin/bash",
				    "/usr/bin/python3.11",
				    "/lib64/ld-linux-x86-64.so.2",
				    NULL};

static void require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "elf: broken promise: %s\n", what);
		abort();
	}
}

static void check_image(const struct elf_image *image, size_t size)
{
	uint64_t last = 0;

	require(image->segment_count > 0, "segments");
	require(image->align != 0 && (image->align & (image->align - 1)) == 0,
		"alignment is a power of two");
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *s = &image->segments[i];

		require(s->filesz <= s->memsz, "filesz <= memsz");
		require(s->vaddr + s->memsz <= LIMIT, "below the limit");
		require(s->filesz == 0 || s->offset + s->filesz <= size,
			"inside the file");
		require(s->vaddr >= last || i == 0, "ascending");
		last = s->vaddr + s->memsz;
	}
	require(image->interp_size == 0 ||
			image->interp_offset + image->interp_size <= size,
		"interpreter inside the file");
}

static void run(const uint8_t *data, size_t size)
{
	struct elf64_header header;
	struct elf_image *image;
	struct elf64_phdr *phdrs;
	size_t table;

	if (elf_check_header(data, size, ARCH_ELF_MACHINE, &header) < 0) {
		return;
	}
	table = header.phnum * sizeof(*phdrs);
	if (header.phoff > size || table > size - header.phoff) {
		return;
	}
	phdrs = malloc(table);
	memcpy(phdrs, data + header.phoff, table);
	if (elf_parse(&header, phdrs, size, LIMIT, &image) == 0) {
		check_image(image, size);
		kfree(image);
	}
	free(phdrs);
}

FUZZ_TARGET(elf, seeds, run);
