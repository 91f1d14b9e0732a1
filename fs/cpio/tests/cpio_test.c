/* SPDX-License-Identifier: BSD-3-Clause */

/* The archive reader with good and hostile archives, and unpacking. */
#include <fs/cpio/cpio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <debug/unit_test.h>
#include <fs/vfs/tests/world.h>
#include <uapi/errno.h>

static unsigned char archive[65536];
static size_t length;

/* `spare` more NULs behind the name: they align the data. */
static void add_wide(const char *name, size_t spare, unsigned mode,
		     unsigned ino, unsigned links, const char *data)
{
	size_t width = strlen(name) + 1 + spare;
	size_t size = data == NULL ? 0 : strlen(data);
	char header[160];

	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		 ino, mode, 7u, 8u, links, 1000u, size, 0u, 0u, 5u, 1u, width,
		 0u);
	memcpy(archive + length, header, 110);
	length += 110;
	memcpy(archive + length, name, strlen(name) + 1);
	length = (length + width + 3) & ~3ul;
	if (size != 0) {
		memcpy(archive + length, data, size);
	}
	length = (length + size + 3) & ~3ul;
}

static void add(const char *name, unsigned mode, unsigned ino, unsigned links,
		const char *data)
{
	add_wide(name, 0, mode, ino, links, data);
}

static void sample(void)
{
	memset(archive, 0, sizeof(archive));
	length = 0;
	add(".", 040755, 1, 2, NULL);
	add("./bin", 040700, 2, 2, NULL);
	add("./bin/sh", 0100755, 3, 2, NULL);
	add("bin/ash", 0100755, 3, 2, "shell");
	add("/etc/deep/file", 0100600, 4, 1, "made directories");
	add("link", 0120777, 5, 1, "bin/sh");
	add("pipe", 010644, 6, 1, NULL);
	add("TRAILER!!!", 0, 0, 1, NULL);
	length = (length + 511) & ~511ul;
}

TEST(cpio, reads)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	unsigned count = 0;

	sample();
	cpio_init(&reader, archive, length);
	while (cpio_next(&reader, &entry) == 1) {
		count++;
		if (strcmp(entry.name, "bin/ash") == 0) {
			EXPECT_EQ(entry.size, 5);
			EXPECT_EQ(memcmp(entry.data, "shell", 5), 0);
			EXPECT_EQ(entry.mtime, 1000);
		}
	}
	EXPECT_EQ(count, 7);
	EXPECT_EQ(cpio_next(&reader, &entry), 0);
}

TEST(cpio, unpacks)
{
	struct kstat stat;
	char buf[32];

	world_create();
	sample();
	EXPECT_EQ(initrd_unpack(archive, length), 0);
	EXPECT_EQ(world_read("/bin/sh", buf, sizeof(buf)), 5);
	EXPECT_EQ(strcmp(buf, "shell"), 0);
	EXPECT_EQ(world_stat("link", &stat), 0);
	EXPECT_EQ(stat.mode, 0100755);
	EXPECT_EQ(stat.link_count, 2);
	EXPECT_EQ(stat.uid, 7);
	EXPECT_EQ(stat.mtime_ns, 1000000000000);
	EXPECT_EQ(world_read("/etc/deep/file", buf, sizeof(buf)), 16);
	EXPECT_EQ(world_stat("bin", &stat), 0);
	EXPECT_EQ(stat.mode, 040700);
	EXPECT_EQ(world_stat("pipe", &stat), 0);
	EXPECT_EQ(stat.mode, 010644);
}

TEST(cpio, padded_names)
{
	char buf[32];

	world_create();
	memset(archive, 0, sizeof(archive));
	length = 0;
	add_wide("wide", 4096 - 110 - 5, 0100644, 1, 1, "aligned");
	add("next", 0100644, 2, 1, "follows");
	EXPECT_EQ(memcmp(archive + 4096, "aligned", 7), 0);
	EXPECT_EQ(initrd_unpack(archive, length), 0);
	EXPECT_EQ(world_read("wide", buf, sizeof(buf)), 7);
	EXPECT_EQ(world_read("next", buf, sizeof(buf)), 7);
	/* Twice: what was there is replaced. */
	EXPECT_EQ(initrd_unpack(archive, length), 0);
	EXPECT_EQ(world_read("wide", buf, sizeof(buf)), 7);
	archive[110 + 4096 - 110 - 1] = 'x'; /* the last byte of the field */
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
	length = 0;
	add_wide("", 3, 0100644, 1, 1, "x");
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
}

TEST(cpio, refuses)
{
	world_create();
	memset(archive, 0, sizeof(archive));
	length = 0;
	add("../out", 0100644, 1, 1, "x");
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
	length = 0;
	add("a/..", 0100644, 1, 1, "x");
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
	length = 0;
	add("x", 0160000, 1, 1, "x");
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
	length = 0;
	add("l", 0120777, 1, 1, NULL);
	EXPECT_EQ(initrd_unpack(archive, length), -EINVAL);
	EXPECT_EQ(initrd_unpack("garbage", 7), -EINVAL);
	EXPECT_EQ(initrd_unpack(archive, 0), 0);
}

/* Every cut, in memory of exactly that size: ASan sees a byte too many. */
TEST(cpio, cut_anywhere)
{
	sample();
	for (size_t size = 0; size < length; size++) {
		unsigned char *copy = malloc(size == 0 ? 1 : size);
		struct cpio_reader reader;
		struct cpio_entry entry;
		size_t sum = 0;

		memcpy(copy, archive, size);
		cpio_init(&reader, copy, size);
		while (cpio_next(&reader, &entry) == 1) {
			sum += strlen(entry.name);
			for (uint32_t i = 0; i < entry.size; i++) {
				sum += entry.data[i];
			}
		}
		EXPECT(sum < 100000);
		free(copy);
	}
}

TEST(cpio, damaged_anywhere)
{
	static const char digits[] = "0F7\0";
	unsigned char *copy;

	sample();
	copy = malloc(length);
	for (size_t at = 0; at < length; at++) {
		for (size_t i = 0; i < sizeof(digits); i++) {
			struct cpio_reader reader;
			struct cpio_entry entry;
			size_t sum = 0;

			memcpy(copy, archive, length);
			copy[at] = (unsigned char)digits[i];
			cpio_init(&reader, copy, length);
			while (cpio_next(&reader, &entry) == 1) {
				sum += strlen(entry.name);
				for (uint32_t k = 0; k < entry.size; k++) {
					sum += entry.data[k];
				}
			}
			EXPECT(sum < 1000000);
		}
	}
	free(copy);
}
