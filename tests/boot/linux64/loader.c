/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A boot loader for tests: starts the kernel by Linux's 64-bit protocol.
 *
 * QEMU itself always takes the PVH note.  This is a PVH program in 32-bit code
 * that gets the kernel as its module: it copies the ELF segments, makes a page
 * of boot parameters, and enters at e_entry in long mode (entry.S).
 */
#include <stdint.h>

#define PARAMS	   0x90000u
#define PT_LOAD	   1
#define E820_COUNT 0x1e8
#define E820_TABLE 0x2d0

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, cmdline, rsdp, memory_map;
	uint32_t memory_map_count, reserved;
};
struct module {
	uint64_t address, size, cmdline, reserved;
};
struct memory {
	uint64_t address, size;
	uint32_t type, reserved;
};
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

uint64_t load(const struct start_info *info);

static void copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
	while (size-- > 0) {
		*to++ = *from++;
	}
}

static void fill(uint8_t *to, uint32_t size)
{
	while (size-- > 0) {
		*to++ = 0;
	}
}

static void make_params(const struct start_info *info)
{
	uint8_t *params = (uint8_t *)PARAMS;
	const struct memory *map =
		(const struct memory *)(uintptr_t)info->memory_map;

	fill(params, 4096);
	copy(params + 0x202, (const uint8_t *)"HdrS", 4);
	*(uint32_t *)(params + 0x228) = (uint32_t)info->cmdline;
	*(uint64_t *)(params + 0x70) = info->rsdp;
	params[E820_COUNT] = (uint8_t)info->memory_map_count;
	for (uint32_t i = 0; i < info->memory_map_count; i++) {
		copy(params + E820_TABLE + i * 20, (const uint8_t *)&map[i],
		     20);
	}
}

/* Returns the kernel's entry. */
uint64_t load(const struct start_info *info)
{
	const struct module *module =
		(const struct module *)(uintptr_t)info->modules;
	const uint8_t *file = (const uint8_t *)(uintptr_t)module->address;
	const struct elf_header *header = (const struct elf_header *)file;

	for (unsigned i = 0; i < header->phnum; i++) {
		const struct elf_segment *segment =
			(const struct elf_segment *)(file +
						     (uint32_t)header->phoff +
						     i * header->phentsize);
		uint8_t *to = (uint8_t *)(uintptr_t)segment->paddr;

		if (segment->type != PT_LOAD) {
			continue;
		}
		copy(to, file + (uint32_t)segment->offset,
		     (uint32_t)segment->filesz);
		fill(to + (uint32_t)segment->filesz,
		     (uint32_t)(segment->memsz - segment->filesz));
	}
	make_params(info);
	return header->entry;
}
