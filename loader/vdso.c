/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Mapping the vDSO: one read-only page of time factors, the image behind it.
 *
 * Both live in the kernel image or in frames of the kernel; each is an object
 * without owner whose pages are never freed.
 */
#include "internal.h"

#include <arch/mmu.h>
#include <arch/vdso.h>
#include <lib/align.h>
#include <lib/printf.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <mm/vm_object.h>
#include <uapi/errno.h>

static void object_reference(struct vm_object *object)
{
	(void)object; /* lives as long as the kernel */
}

static int page_at(paddr_t paddr, struct page **page_out)
{
	struct page *page = page_from_paddr(paddr);

	if (page == NULL) {
		return -EIO;
	}
	page_get(page);
	*page_out = page;
	return 0;
}

static int image_page(struct vm_object *object, uint64_t index,
		      struct page **page_out)
{
	size_t size;
	const char *image = vdso_image(&size);

	(void)object;
	if (index >= ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT) {
		return -ERANGE;
	}
	return page_at(mmu_direct_paddr(image + (index << PAGE_SHIFT)),
		       page_out);
}

static int data_page(struct vm_object *object, uint64_t index,
		     struct page **page_out)
{
	(void)object;
	return index == 0 ? page_at(vdso_data_page(), page_out) : -ERANGE;
}

static size_t image_name(struct vm_object *object, char *buf, size_t size)
{
	(void)object;
	return (size_t)ksnprintf(buf, size, "[vdso]");
}

static size_t data_name(struct vm_object *object, char *buf, size_t size)
{
	(void)object;
	return (size_t)ksnprintf(buf, size, "[vvar]");
}

static void no_identity(struct vm_object *object, uint64_t *dev_out,
			uint64_t *ino_out)
{
	(void)object;
	*dev_out = 0;
	*ino_out = 0;
}

static const struct vm_object_ops image_ops = {
	.get = object_reference,
	.put = object_reference,
	.page = image_page,
	.name = image_name,
	.identity = no_identity,
};

static const struct vm_object_ops data_ops = {
	.get = object_reference,
	.put = object_reference,
	.page = data_page,
	.name = data_name,
	.identity = no_identity,
};

static struct vm_object image_object = {.ops = &image_ops};
static struct vm_object data_object = {.ops = &data_ops};

uintptr_t vdso_map(struct address_space *space)
{
	size_t image_size;
	uintptr_t data;
	uintptr_t image;
	long addr;

	vdso_image(&image_size);
	image_size = ALIGN_UP(image_size, PAGE_SIZE);
	addr = vm_find_place(space, 0, PAGE_SIZE + image_size);
	if (addr < 0) {
		return 0;
	}
	data = (uintptr_t)addr;
	image = data + PAGE_SIZE;
	if (vm_map(space, data, PAGE_SIZE, VMA_READ | VMA_VVAR,
		   MAP_HOW_FIXED | MAP_HOW_NOREPLACE, &data_object, 0) < 0 ||
	    vm_map(space, image, image_size, VMA_READ | VMA_EXEC | VMA_VDSO,
		   MAP_HOW_FIXED | MAP_HOW_NOREPLACE, &image_object, 0) < 0) {
		vm_unmap(space, data, PAGE_SIZE + image_size);
		return 0;
	}
	return image;
}
