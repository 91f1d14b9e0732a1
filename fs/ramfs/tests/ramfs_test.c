/* SPDX-License-Identifier: BSD-3-Clause */

/* tmpfs limits, extended attributes, memfd and seals, /dev. */
#include <fs/vfs/tests/world.h>

#include <string.h>

#include <debug/unit_test.h>
#include <fs/devfs/internal.h>
#include <mm/frame.h>
#include <mm/page_cache.h>
#include <ramfs/ramfs.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <uapi/xattr.h>
#include <vfs/device.h>
#include <vfs/file.h>
#include <vfs/inode.h>

static struct path place(const char *name)
{
	struct path path = {NULL, NULL};

	EXPECT_EQ(path_lookup(PATH_AT_CWD, name, 0, &path), 0);
	return path;
}

static char contents[3 * PAGE_SIZE + 10];
static struct page *given; /* for the page at contents + PAGE_SIZE */

static struct page *page_of(const void *data)
{
	if (data != contents + PAGE_SIZE) {
		return NULL;
	}
	page_get(given);
	return given;
}

TEST(ramfs, takes_pages_over)
{
	static char back[sizeof(contents)];
	struct page *found;
	struct path path;
	struct file *file;

	world_create();
	for (size_t i = 0; i < sizeof(contents); i++) {
		contents[i] = (char)(i * 7 + i / PAGE_SIZE);
	}
	given = frame_alloc(0, 0);
	memcpy(page_address(given), contents + PAGE_SIZE, PAGE_SIZE);
	EXPECT_EQ(world_write("f", ""), 0);
	path = place("f");
	EXPECT_EQ(ramfs_fill(path.dentry->inode, contents, sizeof(contents),
			     page_of),
		  0);
	file = world_file("f", UAPI_O_RDWR);
	EXPECT_EQ(file_read_kernel(file, back, sizeof(back), 0),
		  (long)sizeof(back));
	EXPECT_EQ(memcmp(back, contents, sizeof(back)), 0);
	found = page_cache_find(&path.dentry->inode->cache, 1);
	EXPECT(found == given);
	page_put(found);
	EXPECT_EQ(ramfs_fill(path.dentry->inode, contents, 1, NULL), -EINVAL);
	EXPECT_EQ(file_truncate(file, 0), 0);
	EXPECT_EQ(given->refs, 1); /* ours: the file has let go of it */
	page_put(given);
	file_put(file);
	path_put(&path);
}

TEST(ramfs, limits)
{
	static char page[4096];
	struct kstatfs stat;
	struct path path;
	struct file *file;

	world_create();
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "t", 0755), 0);
	EXPECT_EQ(vfs_mount("t", "/t", "tmpfs", 0, "size=16k,nr_inodes=3"), 0);
	file = world_file("t/f", UAPI_O_RDWR | UAPI_O_CREAT);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(file_write_kernel(file, page, 4096, i * 4096), 4096);
	}
	EXPECT_EQ(file_write_kernel(file, page, 4096, 4 * 4096), -ENOSPC);
	path = place("t");
	EXPECT_EQ(vfs_statfs(&path, &stat), 0);
	EXPECT_EQ(stat.type, 0x01021994);
	EXPECT_EQ(stat.blocks, 4);
	EXPECT_EQ(stat.blocks_free, 0);
	EXPECT_EQ(file_truncate(file, 4096), 0);
	EXPECT_EQ(vfs_statfs(&path, &stat), 0);
	EXPECT_EQ(stat.blocks_free, 3);
	EXPECT_EQ(world_write("t/g", "x"), 0);
	EXPECT_EQ(world_write("t/h", "x"), -ENOSPC);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "t/f", false), 0);
	file_put(file);
	EXPECT_EQ(vfs_statfs(&path, &stat), 0);
	EXPECT_EQ(stat.blocks_free, 3);
	EXPECT_EQ(stat.files_free, 1);
	path_put(&path);
	EXPECT_EQ(vfs_mount(NULL, "/t", NULL, UAPI_MS_REMOUNT, "size=0x"),
		  -EINVAL);
	EXPECT_EQ(vfs_mount(NULL, "/t", NULL, UAPI_MS_REMOUNT, "size=1m"), 0);
	EXPECT_EQ(vfs_unmount("/t", 0), 0);
}

TEST(ramfs, xattrs)
{
	struct path path;
	char buf[64];

	world_create();
	EXPECT_EQ(world_write("f", "x"), 0);
	path = place("f");
	EXPECT_EQ(vfs_getxattr(&path, "user.a", buf, 64), -ENODATA);
	EXPECT_EQ(vfs_setxattr(&path, "user.a", "value", 5, UAPI_XATTR_REPLACE),
		  -ENODATA);
	EXPECT_EQ(vfs_setxattr(&path, "user.a", "value", 5, UAPI_XATTR_CREATE),
		  0);
	EXPECT_EQ(vfs_setxattr(&path, "user.a", "v", 1, UAPI_XATTR_CREATE),
		  -EEXIST);
	EXPECT_EQ(vfs_setxattr(&path, "user.b", "", 0, 0), 0);
	EXPECT_EQ(vfs_getxattr(&path, "user.a", NULL, 0), 5);
	EXPECT_EQ(vfs_getxattr(&path, "user.a", buf, 4), -ERANGE);
	EXPECT_EQ(vfs_getxattr(&path, "user.a", buf, 5), 5);
	EXPECT_EQ(memcmp(buf, "value", 5), 0);
	EXPECT_EQ(vfs_listxattr(&path, NULL, 0), 14);
	EXPECT_EQ(vfs_listxattr(&path, buf, 13), -ERANGE);
	EXPECT_EQ(vfs_listxattr(&path, buf, 64), 14);
	EXPECT_EQ(memcmp(buf, "user.a\0user.b", 14), 0);
	EXPECT_EQ(vfs_setxattr(&path, "system.x", "v", 1, 0), -EOPNOTSUPP);
	EXPECT_EQ(vfs_setxattr(&path, "x", "v", 1, 0), -EOPNOTSUPP);
	EXPECT_EQ(vfs_setxattr(&path, "user.", "v", 1, 0), -EINVAL);
	EXPECT_EQ(vfs_setxattr(&path, "user.c", "v", 65537, 0), -E2BIG);
	EXPECT_EQ(vfs_removexattr(&path, "user.a"), 0);
	EXPECT_EQ(vfs_removexattr(&path, "user.a"), -ENODATA);
	path_put(&path);
	EXPECT_EQ(vfs_symlink("f", PATH_AT_CWD, "l"), 0);
	path = place("l");
	EXPECT_EQ(vfs_setxattr(&path, "user.a", "v", 1, 0), -EPERM);
	path_put(&path);
}

TEST(ramfs, memory_files)
{
	struct file *file;
	struct path path;
	char buf[64];
	char *start;

	world_create();
	EXPECT_EQ(vfs_memory_file("name", true, &file), 0);
	EXPECT_EQ(file_write_kernel(file, "text", 4, 0), 4);
	path.mount = file->mount;
	path.dentry = file->dentry;
	EXPECT_EQ(path_name(&path, NULL, buf, sizeof(buf), &start), 21);
	EXPECT_EQ(strcmp(start, "/memfd:name (deleted)"), 0);
	EXPECT_EQ(file_get_seals(file), 0);
	EXPECT_EQ(file_add_seals(file, UAPI_F_SEAL_SHRINK), 0);
	EXPECT_EQ(file_truncate(file, 1), -EPERM);
	EXPECT_EQ(file_truncate(file, 10), 0);
	EXPECT_EQ(file_add_seals(file, UAPI_F_SEAL_GROW), 0);
	EXPECT_EQ(file_truncate(file, 11), -EPERM);
	EXPECT_EQ(file_write_kernel(file, "abcd", 4, 8), -EPERM);
	EXPECT_EQ(file_write_kernel(file, "ab", 2, 8), 2);
	EXPECT_EQ(file_add_seals(file, UAPI_F_SEAL_WRITE), 0);
	EXPECT_EQ(file_write_kernel(file, "ab", 2, 0), -EPERM);
	EXPECT_EQ(file_add_seals(file, UAPI_F_SEAL_SEAL), 0);
	EXPECT_EQ(file_add_seals(file, UAPI_F_SEAL_SEAL), -EPERM);
	file_put(file);
	EXPECT_EQ(vfs_memory_file("x", false, &file), 0);
	EXPECT_EQ(file_get_seals(file), UAPI_F_SEAL_SEAL);
	file_put(file);
}

static ssize_t read_x(struct file *file, struct iov_iter *to, int64_t *pos)
{
	(void)file;
	(void)pos;
	return (ssize_t)iov_copy_to(to, "x", 1);
}

static const struct file_ops x_ops = {.read = read_x};

static struct char_device early = {
	.name = "early",
	.device = MAKE_DEVICE(240, 1),
	.mode = 0640,
	.ops = &x_ops,
};

static struct char_device late = {
	.name = "some/late",
	.device = MAKE_DEVICE(240, 2),
	.mode = MODE_BLOCK | 0600,
	.ops = &x_ops,
};

TEST(ramfs, devices)
{
	struct kstat stat;
	char buf[8];

	world_create();
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "dev", 0755), 0);
	EXPECT_EQ(char_device_register(&early), 0);
	EXPECT_EQ(char_device_register(&early), -EEXIST);
	EXPECT_EQ(vfs_mount("devfs", "/dev", devfs_type.name, 0, ""), 0);
	EXPECT_EQ(world_stat("dev/early", &stat), 0);
	EXPECT_EQ(stat.mode, MODE_CHARACTER | 0640);
	EXPECT_EQ(stat.rdev, MAKE_DEVICE(240, 1));
	EXPECT_EQ(world_read("dev/early", buf, 8), 1);
	EXPECT_EQ(world_open("dev/some/late", UAPI_O_RDONLY), -ENOENT);
	EXPECT_EQ(char_device_register(&late), 0);
	EXPECT_EQ(world_stat("dev/some/late", &stat), 0);
	EXPECT_EQ(stat.mode, MODE_BLOCK | 0600);
	EXPECT_EQ(world_open("dev/some/late", UAPI_O_RDONLY), 0);
	char_device_unregister(&late);
	EXPECT_EQ(world_open("dev/some/late", UAPI_O_RDONLY), -ENOENT);
	EXPECT_EQ(vfs_mknod(PATH_AT_CWD, "n", MODE_CHARACTER | 0666,
			    MAKE_DEVICE(240, 7)),
		  0);
	EXPECT_EQ(world_open("n", UAPI_O_RDONLY), -ENXIO);
	EXPECT_EQ(world_lookup("dev/stdout", 0), 0);
	EXPECT_EQ(world_lookup("dev/shm/.", 0), 0);
}
