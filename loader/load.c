/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Mapping the segments of a checked ELF image into a new address space.
 *
 * File pages are mapped privately, so they come from the page cache without a
 * copy until they are written.  The rest of a writable segment's last file page
 * is zeroed, the pages behind it are anonymous.  A relocatable image gets one
 * contiguous range, found first and then filled.
 */
#include "internal.h"

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <uapi/errno.h>
#include <vfs/file.h>

static uint32_t vma_flags(uint32_t elf_flags)
{
	return ((elf_flags & ELF_PF_R) != 0 ? VMA_READ : 0) |
	       ((elf_flags & ELF_PF_W) != 0 ? VMA_WRITE : 0) |
	       ((elf_flags & ELF_PF_X) != 0 ? VMA_EXEC : 0);
}

static int map_file_part(struct address_space *space, struct file *file,
			 const struct elf_segment *segment, uintptr_t start,
			 uintptr_t end)
{
	struct vm_object *object;
	uint32_t flags = vma_flags(segment->flags);
	long mapped;
	int err = file_map(file, flags, &object, &flags);

	if (err < 0) {
		return err;
	}
	mapped = vm_map(space, start, end - start, flags,
			MAP_HOW_FIXED | MAP_HOW_NOREPLACE, object,
			ALIGN_DOWN(segment->offset, PAGE_SIZE) >> PAGE_SHIFT);
	return mapped < 0 ? (int)mapped : 0;
}

static int map_zero_part(struct address_space *space, uint32_t elf_flags,
			 uintptr_t start, uintptr_t end)
{
	long mapped;

	if (start >= end) {
		return 0;
	}
	mapped = vm_map(space, start, end - start, vma_flags(elf_flags),
			MAP_HOW_FIXED | MAP_HOW_NOREPLACE, NULL, 0);
	return mapped < 0 ? (int)mapped : 0;
}

/* The bytes between the end of the file's data and the end of its page. */
static int clear_tail(struct address_space *space, uintptr_t start,
		      uintptr_t end)
{
	static const char zeros[256];

	while (start < end) {
		size_t size = end - start;
		ssize_t done;

		size = size < sizeof(zeros) ? size : sizeof(zeros);
		done = vm_access(space, start, (void *)zeros, size, true);
		if (done < 0) {
			return (int)done;
		}
		start += size;
	}
	return 0;
}

static int map_segment(struct address_space *space, struct file *file,
		       const struct elf_segment *segment, uintptr_t bias)
{
	uintptr_t start = bias + segment->vaddr;
	uintptr_t file_end = start + segment->filesz;
	uintptr_t end = start + segment->memsz;
	uintptr_t file_pages_end = ALIGN_UP(file_end, PAGE_SIZE);
	uintptr_t first = ALIGN_DOWN(start, PAGE_SIZE);
	int err = 0;

	if (segment->filesz == 0) {
		return map_zero_part(space, segment->flags, first,
				     ALIGN_UP(end, PAGE_SIZE));
	}
	err = map_file_part(space, file, segment, first, file_pages_end);
	if (err == 0 && end > file_end && (segment->flags & ELF_PF_W) != 0) {
		err = clear_tail(space, file_end, file_pages_end);
	}
	if (err == 0) {
		err = map_zero_part(space, segment->flags, file_pages_end,
				    ALIGN_UP(end, PAGE_SIZE));
	}
	return err;
}

/* A free range that the image fits into however it is aligned, or a negative
 * errno. */
static long find_base(struct address_space *space,
		      const struct elf_image *image, uintptr_t wanted)
{
	size_t size = image->high - image->low;
	size_t spare = image->align - PAGE_SIZE;

	return vm_find_place(space, wanted, size + spare);
}

static void note_ranges(const struct elf_image *image, struct loaded *loaded)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uintptr_t start = loaded->bias + segment->vaddr;
		uintptr_t end = start + segment->filesz;

		if ((segment->flags & ELF_PF_X) != 0) {
			if (loaded->code_start == 0) {
				loaded->code_start = start;
			}
			loaded->code_end = end;
		}
		loaded->data_start = start; /* the last one, as on Linux */
		loaded->data_end = end;
	}
}

int load_image(struct address_space *space, struct file *file,
	       const struct elf_image *image, uintptr_t base,
	       struct loaded *loaded_out)
{
	struct loaded *loaded = loaded_out;

	memset(loaded, 0, sizeof(*loaded));
	if (image->relocatable) {
		long found = find_base(space, image, base);

		if (found < 0) {
			return (int)found;
		}
		loaded->bias =
			ALIGN_UP((uintptr_t)found - image->low, image->align);
	}
	for (size_t i = 0; i < image->segment_count; i++) {
		int err = map_segment(space, file, &image->segments[i],
				      loaded->bias);

		if (err < 0) {
			return err;
		}
	}
	loaded->entry = loaded->bias + image->entry;
	loaded->phdr =
		image->phdr_vaddr != 0 ? loaded->bias + image->phdr_vaddr : 0;
	loaded->end = loaded->bias + image->high;
	note_ranges(image, loaded);
	return 0;
}
