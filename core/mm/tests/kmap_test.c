/* SPDX-License-Identifier: BSD-3-Clause */

/* Kernel mappings on the fake machine, whose kernel root is frame 0. */
#include <mm/kmap.h>

#include <string.h>

#include <debug/unit_test.h>
#include <mm/frame.h>
#include <sched/thread.h>

#include "../internal.h"
#include "../kstack.h"

static void fresh(void)
{
	memset(mmu_direct(mmu_kernel_root()), 0, PAGE_SIZE);
	kmap_init();
}

static paddr_t frame_of(uintptr_t address)
{
	unsigned level;

	return pte_paddr(
		pte_load(pgtable_lookup(mmu_kernel_root(), address, &level)));
}

TEST(kmap, stacks_have_guards)
{
	char *first;
	char *second;

	fresh();
	first = kstack_alloc();
	second = kstack_alloc();
	EXPECT(first != NULL && second != NULL && first != second);
	EXPECT(kmap_is_guard((uintptr_t)first - 1));
	EXPECT(kmap_is_guard((uintptr_t)first + THREAD_STACK_SIZE));
	EXPECT(!kmap_is_guard((uintptr_t)first));
	EXPECT(!kmap_is_guard((uintptr_t)first + THREAD_STACK_SIZE - 1));
	EXPECT_EQ(frame_count(FRAME_COUNT_KERNEL_STACKS), 8);
}

TEST(kmap, devices_keep_their_offset)
{
	paddr_t registers = {.value = 0xfee00030};
	char *first;
	char *second;

	fresh();
	first = kmap_device(registers, 64);
	second = kmap_device(registers, PAGE_SIZE);
	EXPECT_EQ((uintptr_t)first % PAGE_SIZE, 0x30);
	EXPECT_EQ(frame_of((uintptr_t)first).value, 0xfee00000);
	EXPECT_EQ(frame_of((uintptr_t)second + PAGE_SIZE).value, 0xfee01000);
	EXPECT(kmap_is_guard((uintptr_t)first + PAGE_SIZE));
	kunmap_device(first, 64);
	EXPECT(kmap_is_guard((uintptr_t)first));
	EXPECT(kmap_device(registers, 64) == first);
	kunmap_device(second, PAGE_SIZE);
}

TEST(kmap, areas_come_back)
{
	uint64_t before;
	void *small;
	void *large;

	fresh();
	kmap_free(kmap_alloc(PAGE_SIZE)); /* tables stay */
	before = frame_free_count();
	small = kmap_alloc(100);
	large = kmap_alloc(37 * PAGE_SIZE + 1);
	EXPECT(small != NULL && large != NULL);
	EXPECT_EQ(before - frame_free_count(), 39);
	kmap_free(small);
	kmap_free(large);
	kmap_free(NULL);
	EXPECT_EQ(frame_free_count(), before);
	EXPECT(kmap_alloc(1ul << 40) == NULL);
}
