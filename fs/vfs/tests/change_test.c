/* SPDX-License-Identifier: BSD-3-Clause */

/* Changes of names (rename above all) and of files. */
#include <fs/vfs/tests/world.h>

#include <stdio.h>
#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>

static int rename_to(const char *from, const char *to, unsigned flags)
{
	return vfs_rename(PATH_AT_CWD, from, PATH_AT_CWD, to, flags);
}

static void tree(const char *const *dirs)
{
	for (; *dirs != NULL; dirs++) {
		EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, *dirs, 0755), 0);
	}
}

static unsigned links(const char *path)
{
	struct kstat stat;

	EXPECT_EQ(world_stat(path, &stat), 0);
	return stat.link_count;
}

TEST(vfs_change, rename_rules)
{
	static const char *const dirs[] = {"e", "e/sub", "full", "full/x",
					   NULL};

	world_create();
	tree(dirs);
	EXPECT_EQ(world_write("a", "a"), 0);
	EXPECT_EQ(rename_to("e", "full", 0), -ENOTEMPTY);
	EXPECT_EQ(rename_to("a", "e", 0), -EISDIR);
	EXPECT_EQ(rename_to("e", "a", 0), -ENOTDIR);
	EXPECT_EQ(rename_to("e", "e/sub", 0), -EINVAL);
	EXPECT_EQ(rename_to("e", "e/sub/deep", 0), -EINVAL);
	EXPECT_EQ(rename_to("e/sub", "e", 0), -ENOTEMPTY);
	EXPECT_EQ(rename_to("none", "b", 0), -ENOENT);
	EXPECT_EQ(rename_to("a", "none/b", 0), -ENOENT);
	EXPECT_EQ(rename_to("a", "", 0), -ENOENT);
	EXPECT_EQ(rename_to("a", "a/b", 0), -ENOTDIR);
	EXPECT_EQ(rename_to(".", "b", 0), -EBUSY);
	EXPECT_EQ(rename_to("a", "a", 0), 0);
	EXPECT_EQ(rename_to("a", "b", 8), -EINVAL);
	EXPECT_EQ(rename_to("a", "e", UAPI_RENAME_NOREPLACE), -EEXIST);
	EXPECT_EQ(rename_to("a", "none", UAPI_RENAME_EXCHANGE), -ENOENT);
	EXPECT_EQ(rename_to("a", "b", UAPI_RENAME_NOREPLACE), 0);
	EXPECT_EQ(world_lookup("a", 0), -ENOENT);
}

TEST(vfs_change, rename_moves)
{
	static const char *const dirs[] = {"a", "a/d", "b", NULL};
	char buf[8];

	world_create();
	tree(dirs);
	EXPECT_EQ(world_write("a/d/f", "deep"), 0);
	EXPECT_EQ(links("a"), 3);
	EXPECT_EQ(rename_to("a/d", "b/d", 0), 0);
	EXPECT_EQ(links("a"), 2);
	EXPECT_EQ(links("b"), 3);
	EXPECT_EQ(world_read("b/d/f", buf, sizeof(buf)), 4);
	EXPECT_EQ(world_lookup("b/d/../d/f", 0), 0);
	EXPECT_EQ(rename_to("b/d", "a", 0), 0);
	EXPECT_EQ(links("/"), 4);
	EXPECT_EQ(world_lookup("a/f", 0), 0);
	EXPECT_EQ(world_lookup("a/../b", 0), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "b", true), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "a", true), -ENOTEMPTY);
}

TEST(vfs_change, rename_exchanges)
{
	static const char *const dirs[] = {"d", "d/e", NULL};
	char buf[8];

	world_create();
	tree(dirs);
	EXPECT_EQ(world_write("f", "file"), 0);
	EXPECT_EQ(rename_to("f", "d/e", UAPI_RENAME_EXCHANGE), 0);
	EXPECT_EQ(world_read("d/e", buf, sizeof(buf)), 4);
	EXPECT_EQ(links("d"), 2);
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "f/in", 0755), 0);
	EXPECT_EQ(rename_to("d", "d/e", UAPI_RENAME_EXCHANGE), -EINVAL);
	EXPECT_EQ(rename_to("f/in", "f", UAPI_RENAME_EXCHANGE), -EINVAL);
}

TEST(vfs_change, replaced_file_lives_while_open)
{
	struct file *file;
	char buf[8] = {0};

	world_create();
	EXPECT_EQ(world_write("a", "old"), 0);
	EXPECT_EQ(world_write("b", "new"), 0);
	file = world_file("a", UAPI_O_RDONLY);
	EXPECT_EQ(rename_to("b", "a", 0), 0);
	EXPECT_EQ(file_read_kernel(file, buf, sizeof(buf), 0), 3);
	EXPECT_EQ(strcmp(buf, "old"), 0);
	EXPECT_EQ(file->inode->link_count, 0);
	file_put(file);
	EXPECT_EQ(world_read("a", buf, sizeof(buf)), 3);
	EXPECT_EQ(strcmp(buf, "new"), 0);
}

TEST(vfs_change, hard_links)
{
	struct path path;
	char buf[8];

	world_create();
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "d", 0755), 0);
	EXPECT_EQ(world_write("a", "text"), 0);
	EXPECT_EQ(path_lookup(PATH_AT_CWD, "a", 0, &path), 0);
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "d/b"), 0);
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "d/b"), -EEXIST);
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "c/"), -ENOENT);
	path_put(&path);
	EXPECT_EQ(links("a"), 2);
	EXPECT_EQ(rename_to("a", "d/b", 0), 0); /* the same file: nothing */
	EXPECT_EQ(links("a"), 2);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "a", false), 0);
	EXPECT_EQ(world_read("d/b", buf, sizeof(buf)), 4);
	EXPECT_EQ(path_lookup(PATH_AT_CWD, "d", 0, &path), 0);
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "e"), -EPERM);
	path_put(&path);
}

TEST(vfs_change, removal_rules)
{
	world_create();
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "d", 0755), 0);
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "d/e", 0755), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "d", false), -EISDIR);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, ".", false), -EISDIR);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "none", false), -ENOENT);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "d", true), -ENOTEMPTY);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "d/.", true), -EINVAL);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "d/e/..", true), -ENOTEMPTY);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "/", true), -EBUSY);
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, ".", 0755), -EEXIST);
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "/", 0755), -EEXIST);
	EXPECT_EQ(vfs_mknod(PATH_AT_CWD, "x", 0170000, 0), -EINVAL);
	EXPECT_EQ(vfs_mknod(PATH_AT_CWD, "x", MODE_DIRECTORY, 0), -EPERM);
}

struct count_sink {
	struct dir_sink sink;
	unsigned room, seen;
};

static bool count_entry(struct dir_sink *sink, const char *name, size_t length,
			uint64_t ino, unsigned type, int64_t next)
{
	struct count_sink *own = (struct count_sink *)sink;

	(void)name;
	(void)length;
	(void)ino;
	(void)type;
	(void)next;
	if (own->room == 0) {
		return false;
	}
	own->room--;
	own->seen++;
	return true;
}

TEST(vfs_change, listing)
{
	struct count_sink sink = {.sink.emit = count_entry};
	struct file *file;
	char name[16];

	world_create();
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		EXPECT_EQ(world_write(name, "x"), 0);
	}
	file = world_file("/", UAPI_O_RDONLY);
	for (int i = 0; i < 20; i++) {
		sink.room = 1;
		EXPECT_EQ(file_readdir(file, &sink.sink), 0);
		if (i == 5) { /* seen already: others must not get lost */
			EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "f0", false), 0);
		}
	}
	EXPECT_EQ(sink.seen, 12);
	EXPECT_EQ(file_lseek(file, 0, UAPI_SEEK_SET), 0);
	sink.room = 100;
	sink.seen = 0;
	EXPECT_EQ(file_readdir(file, &sink.sink), 0);
	EXPECT_EQ(sink.seen, 11);
	file_put(file);
}

TEST(vfs_change, file_sizes)
{
	struct file *file;
	char buf[32];
	struct kstat stat;

	world_create();
	file = world_file("f", UAPI_O_RDWR | UAPI_O_CREAT);
	EXPECT_EQ(file_write_kernel(file, "abc", 3, 0), 3);
	EXPECT_EQ(file_write_kernel(file, "xyz", 3, 10000), 3);
	EXPECT_EQ(file_lseek(file, 0, UAPI_SEEK_END), 10003);
	EXPECT_EQ(file_lseek(file, 0, UAPI_SEEK_HOLE), 4096);
	EXPECT_EQ(file_lseek(file, 4096, UAPI_SEEK_DATA), 8192);
	EXPECT_EQ(file_lseek(file, 8192, UAPI_SEEK_HOLE), 10003);
	EXPECT_EQ(file_lseek(file, 10003, UAPI_SEEK_DATA), -ENXIO);
	EXPECT_EQ(file_lseek(file, -1, UAPI_SEEK_SET), -EINVAL);
	EXPECT_EQ(file_read_kernel(file, buf, 8, 9998), 5);
	EXPECT_EQ(memcmp(buf, "\0\0xyz", 5), 0);
	EXPECT_EQ(file_truncate(file, 2), 0);
	EXPECT_EQ(file_truncate(file, 8), 0);
	EXPECT_EQ(file_read_kernel(file, buf, 16, 0), 8);
	EXPECT_EQ(memcmp(buf, "ab\0\0\0\0\0\0", 8), 0);
	EXPECT_EQ(file_fallocate(file, 0, 0, 20000), 0);
	EXPECT_EQ(file_stat(file, &stat), 0);
	EXPECT_EQ(stat.size, 20000);
	EXPECT_EQ(stat.blocks, 40);
	EXPECT_EQ(file_fallocate(file,
				 UAPI_FALLOC_PUNCH_HOLE | UAPI_FALLOC_KEEP_SIZE,
				 4096, 8192),
		  0);
	EXPECT_EQ(file_stat(file, &stat), 0);
	EXPECT_EQ(stat.blocks, 24);
	world_process.rlimits.limits[RLIMIT_FSIZE].soft = 20010;
	EXPECT_EQ(file_write_kernel(file, buf, 20, 20000), 10);
	file_put(file);
}

TEST(vfs_change, appends)
{
	struct file *file;
	char buf[16];

	world_create();
	EXPECT_EQ(world_write("f", "12345"), 0);
	file = world_file("f", UAPI_O_RDWR | UAPI_O_APPEND);
	EXPECT_EQ(file_write_kernel(file, "6", 1, 0), 1);
	EXPECT_EQ(world_read("f", buf, sizeof(buf)), 6);
	EXPECT_EQ(strcmp(buf, "123456"), 0);
	file_put(file);
}

TEST(vfs_change, attributes)
{
	struct kstat stat;
	struct path path;

	world_create();
	EXPECT_EQ(world_write("f", "x"), 0);
	EXPECT_EQ(path_lookup(PATH_AT_CWD, "f", 0, &path), 0);
	stat.uid = 1000;
	stat.gid = 1000;
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_UID | KSTAT_SET_GID), 0);
	stat.mode = 06755;
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_MODE), 0);
	world_become(1000);
	stat.gid = 5;
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_GID), -EPERM);
	stat.gid = 1000;
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_GID), 0);
	EXPECT_EQ(vfs_stat(&path, &stat), 0);
	EXPECT_EQ(stat.mode, MODE_REGULAR | 0755);
	world_become(1001);
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_MODE), -EPERM);
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_MTIME), -EPERM);
	EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_MTIME | KSTAT_TIMES_NOW),
		  -EACCES);
	path_put(&path);
}
