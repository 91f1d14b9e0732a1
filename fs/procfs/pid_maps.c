/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID/maps, and the mappings for smaps.
 *
 * Mappings are copied out in batches under the address space's lock, with
 * references to their objects; text, which may sleep, is made without it.
 * A mapping that changes meanwhile is shown before or after, never half.
 */
#include <fs/procfs/internal.h>

#include <arch/mmu.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <mm/vm_object.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

#define BATCH	    16
#define NAME_COLUMN 73

static void take(struct proc_mapping *mapping, const struct vma *vma)
{
	*mapping = (struct proc_mapping){
		.start = vma->start,
		.end = vma->end,
		.flags = vma->flags,
		.offset = vma->offset,
		.object = vma->object,
	};
	if (vma->object != NULL) {
		vma->object->ops->get(vma->object);
	}
}

size_t proc_mappings_get(struct address_space *space, uintptr_t addr,
			 struct proc_mapping *mappings, size_t max)
{
	size_t count = 0;

	rwlock_read_lock(&space->lock);
	for (struct vma *vma = vma_find(space, addr);
	     vma != NULL && count < max; vma = vma_next(vma)) {
		take(&mappings[count++], vma);
	}
	rwlock_read_unlock(&space->lock);
	return count;
}

void proc_mappings_put(struct proc_mapping *mappings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mappings[i].object != NULL) {
			mappings[i].object->ops->put(mappings[i].object);
		}
	}
}

static const char *special_name(const struct address_space *space,
				const struct proc_mapping *mapping)
{
	if ((mapping->flags & VMA_VDSO) != 0) {
		return "[vdso]";
	}
	if ((mapping->flags & VMA_VVAR) != 0) {
		return "[vvar]";
	}
	if (mapping->object != NULL) {
		return NULL;
	}
	if ((mapping->flags & VMA_STACK) != 0) {
		return "[stack]";
	}
	if ((mapping->flags & VMA_HEAP) != 0 ||
	    (mapping->start < READ_ONCE(space->brk) &&
	     mapping->end > space->brk_start)) {
		return "[heap]";
	}
	return NULL;
}

/* Newlines would break the format; Linux escapes only those. */
static void put_name(struct table_text *text, const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '\n') {
			table_text_put(text, "\\012", 4);
		} else {
			table_text_put(text, &name[i], 1);
		}
	}
}

static void show_object_name(struct table_text *text, struct vm_object *object)
{
	char *name;
	size_t length;

	if (object->ops->name == NULL) {
		return;
	}
	name = kmalloc(PATH_MAX_SIZE);
	if (name == NULL) {
		text->failed = true;
		return;
	}
	length = object->ops->name(object, name, PATH_MAX_SIZE);
	put_name(text, name, MIN(length, (size_t)PATH_MAX_SIZE - 1));
	kfree(name);
}

void proc_mapping_show(struct table_text *text, struct address_space *space,
		       const struct proc_mapping *mapping)
{
	const char *special = special_name(space, mapping);
	struct vm_object *object = mapping->object;
	size_t line_start = text->length;
	uint64_t device = 0;
	uint64_t ino = 0;

	if (object != NULL && object->ops->identity != NULL) {
		object->ops->identity(object, &device, &ino);
	}
	table_text_add(
		text, "%08lx-%08lx %c%c%c%c %08llx %02llx:%02llx %llu ",
		(unsigned long)mapping->start, (unsigned long)mapping->end,
		(mapping->flags & VMA_READ) != 0 ? 'r' : '-',
		(mapping->flags & VMA_WRITE) != 0 ? 'w' : '-',
		(mapping->flags & VMA_EXEC) != 0 ? 'x' : '-',
		(mapping->flags & VMA_SHARED) != 0 ? 's' : 'p',
		object == NULL
			? 0ull
			: (unsigned long long)(mapping->offset * PAGE_SIZE),
		(unsigned long long)DEVICE_MAJOR(device),
		(unsigned long long)DEVICE_MINOR(device),
		(unsigned long long)ino);
	if (special != NULL) {
		table_text_pad(text, line_start, NAME_COLUMN);
		table_text_put(text, special, strlen(special));
	} else if (object != NULL) {
		table_text_pad(text, line_start, NAME_COLUMN);
		show_object_name(text, object);
	}
	table_text_put(text, "\n", 1);
}

int proc_mappings_show(struct table_text *text,
		       const struct table_target *target,
		       proc_mapping_show_fn *show)
{
	struct address_space *space = process_get_space(target->process);
	struct proc_mapping mappings[BATCH];
	uintptr_t addr = 0;
	size_t count;

	if (space == NULL) {
		return 0;
	}
	while (!text->failed &&
	       (count = proc_mappings_get(space, addr, mappings, BATCH)) > 0) {
		for (size_t i = 0; i < count; i++) {
			show(text, space, &mappings[i]);
		}
		addr = mappings[count - 1].end;
		proc_mappings_put(mappings, count);
	}
	address_space_put(space);
	return 0;
}

int proc_show_pid_maps(struct table_text *text,
		       const struct table_target *target)
{
	return proc_mappings_show(text, target, proc_mapping_show);
}
