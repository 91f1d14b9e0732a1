/* SPDX-License-Identifier: BSD-3-Clause */

/* Page cache: a fake disk, reading ahead, writing back, truncation under
 * mappings, reclaim. */
#include "space.h"

#include <string.h>

#include <debug/unit_test.h>
#include <mm/page_cache.h>
#include <mm/slab.h>
#include <mm/vm_object.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#define PAGES(n) ((n)*PAGE_SIZE)
#define DISK	 200 /* pages */

struct disk {
	struct page_cache cache;
	struct vm_object object;
	uint8_t bytes[DISK]; /* first byte of each page */
	unsigned reads, writes;
	uint64_t pages_read;
	uint64_t bad; /* number of a page that cannot be read or written */
	int references;
};

static struct disk disk;

static int disk_read(struct page_cache *cache, uint64_t index,
		     struct page **pages, size_t count)
{
	int err = 0;

	EXPECT(cache == &disk.cache);
	disk.reads++;
	disk.pages_read += count;
	for (size_t i = 0; i < count; i++) {
		bool ok = index + i != disk.bad;

		EXPECT_EQ(pages[i]->index, index + i);
		EXPECT(page_has(pages[i], PAGE_LOCKED));
		memset(page_address(pages[i]), 0, PAGE_SIZE);
		*(uint8_t *)page_address(pages[i]) = disk.bytes[index + i];
		page_read_done(pages[i], ok);
		err = ok ? err : -EIO;
	}
	return err;
}

static int disk_write(struct page_cache *cache, uint64_t index,
		      struct page **pages, size_t count)
{
	(void)cache;
	disk.writes++;
	for (size_t i = 0; i < count; i++) {
		bool ok = index + i != disk.bad;

		EXPECT(page_has(pages[i], PAGE_WRITEBACK));
		EXPECT(!page_has(pages[i], PAGE_DIRTY));
		disk.bytes[index + i] = *(uint8_t *)page_address(pages[i]);
		page_write_done(pages[i], ok ? 0 : -EIO);
	}
	return 0;
}

static const struct page_cache_ops disk_ops = {
	.read = disk_read,
	.write = disk_write,
};

static void object_get(struct vm_object *object)
{
	(void)object;
	disk.references++;
}

static void object_put(struct vm_object *object)
{
	(void)object;
	disk.references--;
}

static const struct vm_object_ops object_ops = {
	.get = object_get,
	.put = object_put,
};

static void disk_fresh(const struct page_cache_ops *ops, size_t pages)
{
	memset(&disk, 0, sizeof(disk));
	disk.bad = UINT64_MAX;
	for (unsigned i = 0; i < DISK; i++) {
		disk.bytes[i] = (uint8_t)(i + 1);
	}
	disk.object.ops = &object_ops;
	disk.object.cache = &disk.cache;
	page_cache_init(&disk.cache, ops, NULL);
	page_cache_set_size(&disk.cache, PAGES(pages));
}

static int byte_of(uint64_t index)
{
	struct page *page;
	int value = page_cache_get(&disk.cache, index, false, &page);

	if (value == 0) {
		value = *(uint8_t *)page_address(page);
		page_put(page);
	}
	return value;
}

TEST(page_cache, reads_once)
{
	disk_fresh(&disk_ops, DISK);
	EXPECT(page_cache_find(&disk.cache, 50) == NULL);
	EXPECT_EQ(byte_of(50), 51);
	EXPECT_EQ(disk.pages_read, 1);
	EXPECT_EQ(byte_of(50), 51);
	EXPECT_EQ(disk.pages_read, 1);
	EXPECT_EQ(byte_of(DISK), -ERANGE);
	EXPECT_EQ(page_cache_next(&disk.cache, 3), 50);
	EXPECT_EQ(page_cache_next(&disk.cache, 51), (long long)UINT64_MAX);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, sequential_readers_read_ahead)
{
	disk_fresh(&disk_ops, DISK);
	for (unsigned i = 0; i < DISK; i++) {
		EXPECT_EQ(byte_of(i), (uint8_t)(i + 1));
	}
	EXPECT_EQ(disk.pages_read, DISK);
	EXPECT(disk.reads < 16);
	page_cache_fini(&disk.cache);
	/* Random reading reads nothing else. */
	disk_fresh(&disk_ops, DISK);
	for (unsigned i = 0; i < 20; i++) {
		byte_of(3 + (i * 37) % 180);
	}
	EXPECT_EQ(disk.pages_read, 20);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, errors_are_tried_again)
{
	disk_fresh(&disk_ops, DISK);
	disk.bad = 7;
	EXPECT_EQ(byte_of(7), -EIO);
	EXPECT_EQ(byte_of(7), -EIO);
	EXPECT_EQ(byte_of(8), 9);
	disk.bad = UINT64_MAX;
	EXPECT_EQ(byte_of(7), 8);
	page_cache_fini(&disk.cache);
}

static void write_byte(uint64_t index, uint8_t value)
{
	struct page *page;

	EXPECT_EQ(page_cache_get(&disk.cache, index, true, &page), 0);
	*(uint8_t *)page_address(page) = value;
	page_cache_mark_dirty(&disk.cache, page);
	page_put(page);
}

TEST(page_cache, sync_writes_runs)
{
	disk_fresh(&disk_ops, DISK);
	for (unsigned i = 10; i < 30; i++) {
		write_byte(i, 200);
	}
	write_byte(100, 201);
	EXPECT_EQ(disk.cache.dirty_count, 21);
	EXPECT_EQ(frame_count(FRAME_COUNT_DIRTY), 21);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, PAGES(50)), 0);
	EXPECT_EQ(disk.writes, 1);
	EXPECT_EQ(disk.cache.dirty_count, 1);
	EXPECT_EQ(disk.bytes[10] + disk.bytes[29], 400);
	EXPECT_EQ(disk.bytes[100], 101);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), 0);
	EXPECT_EQ(disk.bytes[100], 201);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), 0);
	EXPECT_EQ(disk.writes, 2);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, write_errors_are_told_once)
{
	disk_fresh(&disk_ops, DISK);
	disk.bad = 5;
	write_byte(4, 1);
	disk.bad = 5;
	write_byte(6, 1);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), 0);
	disk.bad = 6;
	write_byte(6, 2);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), -EIO);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), 0);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, memory_cache_keeps_its_pages)
{
	disk_fresh(NULL, 10);
	EXPECT_EQ(byte_of(3), 0);
	write_byte(3, 77);
	EXPECT_EQ(byte_of(3), 77);
	EXPECT_EQ(page_cache_reclaim(100), 0);
	EXPECT_EQ(byte_of(3), 77);
	write_byte(12, 5); /* beyond the size: created */
	EXPECT_EQ(byte_of(12), -ERANGE);
	page_cache_set_size(&disk.cache, PAGES(20));
	EXPECT_EQ(byte_of(12), 5);
	page_cache_punch(&disk.cache, PAGES(3), PAGES(4));
	EXPECT_EQ(page_cache_next(&disk.cache, 0), 12);
	EXPECT_EQ(byte_of(3), 0);
	EXPECT_EQ(frame_count(FRAME_COUNT_SHARED), 2);
	page_cache_fini(&disk.cache);
	EXPECT_EQ(frame_count(FRAME_COUNT_SHARED), 0);
}

TEST(page_cache, truncation_zeroes_and_drops)
{
	struct page *page;

	disk_fresh(NULL, 10);
	EXPECT_EQ(page_cache_get(&disk.cache, 2, true, &page), 0);
	memset(page_address(page), 'x', PAGE_SIZE);
	write_byte(5, 5);
	page_cache_set_size(&disk.cache, PAGES(2) + 10);
	EXPECT_EQ(((char *)page_address(page))[9], 'x');
	EXPECT_EQ(((char *)page_address(page))[10], 0);
	EXPECT_EQ(((char *)page_address(page))[PAGE_SIZE - 1], 0);
	EXPECT_EQ(disk.cache.page_count, 1);
	page_put(page);
	page_cache_set_size(&disk.cache, PAGES(10));
	EXPECT_EQ(byte_of(5), 0);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, reclaim_takes_the_oldest_clean_ones)
{
	disk_fresh(&disk_ops, DISK);
	for (unsigned i = 20; i < 30; i++) {
		byte_of(i * 3 + 1);
	}
	write_byte(61, 3);
	EXPECT_EQ(frame_count(FRAME_COUNT_CACHED), 10);
	EXPECT_EQ(page_cache_reclaim(4), 4);
	EXPECT(page_cache_find(&disk.cache, 64) == NULL);
	EXPECT_EQ(page_cache_reclaim(100), 5);
	EXPECT_EQ(byte_of(61), 3); /* dirty: stayed */
	EXPECT_EQ(disk.cache.page_count, 1);
	page_cache_fini(&disk.cache);
	EXPECT_EQ(frame_count(FRAME_COUNT_CACHED), 0);
}

/* --- mapped
 * -------------------------------------------------------------------
 */

static uintptr_t map(struct address_space *space, size_t pages, uint32_t flags,
		     uint64_t offset)
{
	long at =
		vm_map(space, 0, PAGES(pages), flags, 0, &disk.object, offset);

	EXPECT(at > 0);
	return (uintptr_t)at;
}

TEST(page_cache, private_mapping)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uintptr_t at;

	disk_fresh(&disk_ops, DISK);
	at = map(space, 50, VMA_READ | VMA_WRITE, 10);
	EXPECT_EQ(disk.references, 1);
	EXPECT_EQ(get_byte(space, at), 11);
	EXPECT_EQ(leaf_prot(space, at), PTE_READ);
	put_byte(space, at, 99);
	put_byte(space, at + PAGES(1), 98);
	EXPECT_EQ(get_byte(space, at), 99);
	EXPECT_EQ(byte_of(10), 11);
	EXPECT_EQ(byte_of(11), 12);
	EXPECT_EQ(disk.cache.dirty_count, 0);
	EXPECT_EQ(vm_unmap(space, at + PAGES(10), PAGES(10)), 0);
	EXPECT_EQ(disk.references, 2);
	EXPECT_EQ(get_byte(space, at + PAGES(30)), 41);
	EXPECT_EQ(vm_advise(space, at, PAGES(1), UAPI_MADV_DONTNEED), 0);
	EXPECT_EQ(get_byte(space, at), 11);
	address_space_put(space);
	EXPECT_EQ(disk.references, 0);
	page_cache_fini(&disk.cache);
	EXPECT(free_frames() + 24 >= before);
}

TEST(page_cache, shared_mapping_marks_dirty)
{
	struct address_space *space = space_fresh();
	uint32_t flags = VMA_READ | VMA_WRITE | VMA_SHARED | VMA_MAY_WRITE;
	uintptr_t at;

	disk_fresh(&disk_ops, DISK);
	at = map(space, 4, flags, 0);
	EXPECT_EQ(get_byte(space, at), 1);
	EXPECT_EQ(leaf_prot(space, at), PTE_READ);
	EXPECT(page_cache_has_writable_mapping(&disk.cache));
	put_byte(space, at, 50);
	EXPECT_EQ(leaf_prot(space, at), PTE_READ | PTE_WRITE);
	EXPECT_EQ(disk.cache.dirty_count, 1);
	EXPECT_EQ(vm_sync(space, at, PAGES(4), UAPI_MS_SYNC), 0);
	EXPECT_EQ(disk.bytes[0], 50);
	/* Written back: the next write must be noticed again. */
	EXPECT_EQ(leaf_prot(space, at), PTE_READ);
	put_byte(space, at, 51);
	EXPECT_EQ(disk.cache.dirty_count, 1);
	address_space_put(space);
	EXPECT_EQ(page_cache_sync(&disk.cache, 0, UINT64_MAX), 0);
	EXPECT_EQ(disk.bytes[0], 51);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, faults_map_around)
{
	struct address_space *space = space_fresh();
	unsigned level;
	uintptr_t at;
	unsigned mapped = 0;

	disk_fresh(NULL, 64);
	for (unsigned i = 0; i < 64; i++) {
		write_byte(i, (uint8_t)i);
	}
	at = map(space, 64, VMA_READ, 0);
	EXPECT_EQ(touch(space, at + PAGES(20), 0), 0);
	for (unsigned i = 0; i < 64; i++) {
		if (!pte_is_none(leaf(space, at + PAGES(i), &level))) {
			mapped++;
			EXPECT_EQ(get_byte(space, at + PAGES(i)), (int)i);
		}
	}
	EXPECT_EQ(mapped, 16);
	EXPECT_EQ(space->resident_file, 16);
	address_space_put(space);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, truncation_unmaps)
{
	struct address_space *space = space_fresh();
	uintptr_t shared;
	uintptr_t private;

	disk_fresh(NULL, 8);
	shared = map(space, 8, VMA_READ | VMA_WRITE | VMA_SHARED, 0);
	private = map(space, 4, VMA_READ | VMA_WRITE, 4);
	put_byte(space, shared + PAGES(6), 1);
	put_byte(space, private + PAGES(2), 2);
	put_byte(space, shared + PAGES(2), 3);
	page_cache_set_size(&disk.cache, PAGES(5));
	EXPECT_EQ(touch(space, shared + PAGES(6), 0), -ERANGE);
	EXPECT_EQ(touch(space, private + PAGES(2), FAULT_WRITE), -ERANGE);
	EXPECT_EQ(get_byte(space, shared + PAGES(2)), 3);
	page_cache_set_size(&disk.cache, PAGES(8));
	EXPECT_EQ(get_byte(space, shared + PAGES(6)), 0);
	/* A hole leaves private copies alone. */
	put_byte(space, private, 9);
	page_cache_punch(&disk.cache, 0, PAGES(8));
	EXPECT_EQ(get_byte(space, private), 9);
	EXPECT_EQ(get_byte(space, shared + PAGES(2)), 0);
	address_space_put(space);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, reclaim_unmaps)
{
	struct address_space *space = space_fresh();
	uintptr_t at;
	unsigned level;

	disk_fresh(&disk_ops, DISK);
	at = map(space, 16, VMA_READ, 0);
	EXPECT_EQ(get_byte(space, at), 1);
	EXPECT(page_cache_reclaim(100) > 0);
	EXPECT(pte_is_none(leaf(space, at, &level)));
	EXPECT_EQ(disk.cache.page_count, 0);
	EXPECT_EQ(space->resident_file, 0);
	EXPECT_EQ(get_byte(space, at), 1);
	EXPECT_EQ(vm_lock(space, at, PAGES(1), 0), 0);
	page_cache_reclaim(100);
	EXPECT(!pte_is_none(leaf(space, at, &level)));
	address_space_put(space);
	page_cache_fini(&disk.cache);
}

TEST(page_cache, shared_anonymous_memory)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	struct address_space *child;
	struct vm_object *object;
	long at;

	EXPECT_EQ(vm_object_create_shared(PAGES(4), &object), 0);
	at = vm_map(space, 0, PAGES(4), VMA_READ | VMA_WRITE | VMA_SHARED, 0,
		    object, 0);
	object->ops->put(object);
	put_byte(space, (uintptr_t)at, 1);
	EXPECT_EQ(address_space_clone(space, &child), 0);
	put_byte(child, (uintptr_t)at + PAGES(1), 2);
	EXPECT_EQ(get_byte(space, (uintptr_t)at + PAGES(1)), 2);
	EXPECT_EQ(get_byte(child, (uintptr_t)at), 1);
	address_space_put(space);
	space_finish(child, before);
	EXPECT_EQ(frame_count(FRAME_COUNT_SHARED), 0);
}
