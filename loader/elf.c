/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ELF64 headers, checked.
 *
 * The file is not trusted: every number is checked before it is used, sums
 * against overflow first.  What does not make sense is -ENOEXEC.  Sections,
 * notes and dynamic entries are the dynamic linker's business and not looked
 * at.
 */
#include "internal.h"

#include <lib/align.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define INTERP_SIZE_MAX 4096 /* PATH_MAX */

static const uint8_t ident[7] = {
	0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_DATA_LITTLE, ELF_VERSION,
};

int elf_check_header(const void *data, size_t size, uint16_t machine,
		     struct elf64_header *header_out)
{
	struct elf64_header *header = header_out;

	if (size < sizeof(*header)) {
		return -ENOEXEC;
	}
	memcpy(header, data, sizeof(*header));
	if (memcmp(header->ident, ident, sizeof(ident)) != 0 ||
	    (header->type != ELF_TYPE_EXEC && header->type != ELF_TYPE_DYN) ||
	    header->machine != machine || header->version != ELF_VERSION ||
	    header->phentsize != sizeof(struct elf64_phdr) ||
	    header->phnum == 0 || header->phnum > ELF_PHDR_MAX ||
	    header->phoff > UINT64_MAX - 65536) {
		return -ENOEXEC;
	}
	return 0;
}

/* a + b into *sum_out; false when it does not fit. */
static bool add(uint64_t a, uint64_t b, uint64_t *sum_out)
{
	return !__builtin_add_overflow(a, b, sum_out);
}

/* One PT_LOAD; the image's `high` is where the last one ended. */
static int add_segment(struct elf_image *image, const struct elf64_phdr *phdr,
		       uint64_t file_size, uint64_t limit)
{
	struct elf_segment *segment = &image->segments[image->segment_count];
	uint64_t file_end;
	uint64_t end;
	uint64_t start = ALIGN_DOWN(phdr->vaddr, LOADER_PAGE);

	if (phdr->memsz == 0) {
		return 0;
	}
	if (phdr->filesz > phdr->memsz ||
	    !add(phdr->offset, phdr->filesz, &file_end) ||
	    (phdr->filesz != 0 && file_end > file_size) ||
	    !add(phdr->vaddr, phdr->memsz, &end) || end > limit ||
	    (phdr->vaddr - phdr->offset) % LOADER_PAGE != 0) {
		return -ENOEXEC;
	}
	if (image->segment_count > 0 && start < image->high) {
		return -ENOEXEC; /* overlaps the one before, or is out of order
				  */
	}
	if (image->segment_count == 0) {
		image->low = start;
	}
	image->high = ALIGN_UP(end, LOADER_PAGE);
	if (is_power_of_two(phdr->align) && phdr->align > image->align) {
		image->align = phdr->align;
	}
	segment->vaddr = phdr->vaddr;
	segment->offset = phdr->offset;
	segment->filesz = phdr->filesz;
	segment->memsz = phdr->memsz;
	segment->flags = phdr->flags;
	image->segment_count++;
	return 0;
}

static int set_interpreter(struct elf_image *image,
			   const struct elf64_phdr *phdr, uint64_t file_size)
{
	uint64_t end;

	if (image->interp_size != 0) {
		return 0; /* the first one counts */
	}
	if (phdr->filesz < 2 || phdr->filesz > INTERP_SIZE_MAX ||
	    !add(phdr->offset, phdr->filesz, &end) || end > file_size) {
		return -ENOEXEC;
	}
	image->interp_offset = phdr->offset;
	image->interp_size = phdr->filesz;
	return 0;
}

static int add_phdr(struct elf_image *image, const struct elf64_phdr *phdr,
		    uint64_t file_size, uint64_t limit)
{
	switch (phdr->type) {
	case ELF_PT_LOAD:
		return add_segment(image, phdr, file_size, limit);
	case ELF_PT_INTERP:
		return set_interpreter(image, phdr, file_size);
	case ELF_PT_GNU_STACK:
		image->exec_stack = (phdr->flags & ELF_PF_X) != 0;
		return 0;
	default:
		return 0;
	}
}

/* The address of the program headers, if a segment holds them. */
static void find_phdrs(struct elf_image *image,
		       const struct elf64_header *header)
{
	uint64_t size = (uint64_t)header->phnum * sizeof(struct elf64_phdr);

	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (header->phoff >= segment->offset &&
		    size <= segment->filesz &&
		    header->phoff - segment->offset <= segment->filesz - size) {
			image->phdr_vaddr = segment->vaddr +
					    (header->phoff - segment->offset);
			return;
		}
	}
}

int elf_parse(const struct elf64_header *header, const struct elf64_phdr *phdrs,
	      uint64_t file_size, uint64_t limit, struct elf_image **image_out)
{
	struct elf_image *image;
	int err = 0;

	image = kzalloc(sizeof(*image) +
			header->phnum * sizeof(image->segments[0]));
	if (image == NULL) {
		return -ENOMEM;
	}
	image->relocatable = header->type == ELF_TYPE_DYN;
	image->entry = header->entry;
	image->phdr_count = header->phnum;
	image->align = LOADER_PAGE;
	for (unsigned i = 0; i < header->phnum && err == 0; i++) {
		err = add_phdr(image, &phdrs[i], file_size, limit);
	}
	if (err == 0 && (image->segment_count == 0 || image->entry >= limit ||
			 image->align > limit / 2 ||
			 (!image->relocatable && image->low == 0))) {
		err = -ENOEXEC;
	}
	if (err < 0) {
		kfree(image);
		return err;
	}
	find_phdrs(image, header);
	*image_out = image;
	return 0;
}
