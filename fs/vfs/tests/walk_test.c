/* SPDX-License-Identifier: BSD-3-Clause */

/* Path walks: dots, slashes, links, mounts, roots, limits, open flags. */
#include <fs/vfs/tests/world.h>

#include <stdio.h>
#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <vfs/file.h>

static int make_dir(const char *path)
{
	return vfs_mkdir(PATH_AT_CWD, path, 0755);
}

static int make_link(const char *target, const char *path)
{
	return vfs_symlink(target, PATH_AT_CWD, path);
}

static bool same(const char *a, const char *b)
{
	struct kstat one;
	struct kstat two;

	return world_stat(a, &one) == 0 && world_stat(b, &two) == 0 &&
	       one.ino == two.ino && one.device == two.device;
}

TEST(vfs_walk, not_a_directory)
{
	world_create();
	EXPECT_EQ(world_write("a", "x"), 0);
	EXPECT_EQ(world_open("a/b", UAPI_O_RDONLY), -ENOTDIR);
	EXPECT_EQ(world_open("a/", UAPI_O_RDONLY), -ENOTDIR);
	EXPECT_EQ(world_open("a/.", UAPI_O_RDONLY), -ENOTDIR);
	EXPECT_EQ(world_open("a/..", UAPI_O_RDONLY), -ENOTDIR);
	EXPECT_EQ(make_dir("a/b"), -ENOTDIR);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "a/b", false), -ENOTDIR);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "a/", false), -ENOTDIR);
	EXPECT_EQ(world_lookup("", 0), -ENOENT);
	EXPECT_EQ(world_lookup("", WALK_EMPTY_OK), 0);
	EXPECT_EQ(world_lookup("none/..", 0), -ENOENT);
}

TEST(vfs_walk, dots_and_slashes)
{
	world_create();
	EXPECT_EQ(make_dir("d"), 0);
	EXPECT_EQ(make_dir("d/e//"), 0);
	EXPECT_EQ(world_write("d/f", "text"), 0);
	EXPECT(same("d/f", ".///d//.//e/..//../d/f"));
	EXPECT(same("/", "/../../.."));
	EXPECT(same("/", "d/e/../.."));
	EXPECT(same("/", "////"));
	EXPECT(same("d", "d/."));
	EXPECT_EQ(world_open("n/", UAPI_O_RDWR | UAPI_O_CREAT), -EISDIR);
	EXPECT_EQ(vfs_rename(PATH_AT_CWD, "d/f", PATH_AT_CWD, "g/", 0),
		  -ENOTDIR);
	EXPECT_EQ(vfs_rename(PATH_AT_CWD, "d/", PATH_AT_CWD, "g/", 0), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "g/e/", true), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "g/e/", true), -ENOENT);
}

TEST(vfs_walk, links)
{
	char buf[16];
	char name[16];
	char target[16];

	world_create();
	EXPECT_EQ(make_dir("d"), 0);
	EXPECT_EQ(world_write("d/f", "text"), 0);
	EXPECT_EQ(make_link("d", "l"), 0);
	EXPECT_EQ(make_link("l/f", "m"), 0);
	EXPECT_EQ(make_link("/l/../m", "n"), 0);
	EXPECT_EQ(world_read("n", buf, sizeof(buf)), 4);
	EXPECT(same("n", "d/f"));
	EXPECT(same("l/", "d"));
	EXPECT_EQ(world_lookup("n/", WALK_FOLLOW), -ENOTDIR);
	EXPECT_EQ(world_open("l", UAPI_O_RDONLY | UAPI_O_NOFOLLOW), -ELOOP);
	EXPECT_EQ(world_open("l", UAPI_O_DIRECTORY | UAPI_O_NOFOLLOW),
		  -ENOTDIR);
	EXPECT_EQ(world_open("l", UAPI_O_PATH | UAPI_O_NOFOLLOW), 0);
	EXPECT_EQ(make_link("self", "self"), 0);
	EXPECT_EQ(world_lookup("self", WALK_FOLLOW), -ELOOP);
	EXPECT_EQ(world_lookup("self/x", 0), -ELOOP);
	EXPECT_EQ(world_lookup("l/f", WALK_NO_SYMLINKS), -ELOOP);
	/* 40 in a row are allowed, one more is not. */
	EXPECT_EQ(world_write("0", "x"), 0);
	for (int i = 1; i <= 41; i++) {
		snprintf(target, sizeof(target), "%d", i - 1);
		snprintf(name, sizeof(name), "%d", i);
		EXPECT_EQ(make_link(target, name), 0);
	}
	EXPECT_EQ(world_lookup("40", WALK_FOLLOW), 0);
	EXPECT_EQ(world_lookup("41", WALK_FOLLOW), -ELOOP);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "l/", false), -ENOTDIR);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "l/", true), -ENOTDIR);
	EXPECT_EQ(make_dir("l"), -EEXIST);
	EXPECT_EQ(make_link("x", "n1/"), -ENOENT);
}

TEST(vfs_walk, dangling_link_creates)
{
	world_create();
	EXPECT_EQ(make_dir("d"), 0);
	EXPECT_EQ(make_link("d/new", "l"), 0);
	EXPECT_EQ(world_open("l", UAPI_O_RDONLY), -ENOENT);
	EXPECT_EQ(world_open("l", UAPI_O_RDWR | UAPI_O_CREAT | UAPI_O_EXCL),
		  -EEXIST);
	EXPECT_EQ(world_open("l", UAPI_O_RDWR | UAPI_O_CREAT | UAPI_O_NOFOLLOW),
		  -ELOOP);
	EXPECT_EQ(world_lookup("d/new", 0), -ENOENT);
	EXPECT_EQ(world_open("l", UAPI_O_RDWR | UAPI_O_CREAT), 0);
	EXPECT_EQ(world_lookup("d/new", 0), 0);
}

TEST(vfs_walk, lengths)
{
	char name[300];
	char path[320];

	world_create();
	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	EXPECT_EQ(make_dir(name), 0);
	snprintf(path, sizeof(path), "%s/..", name);
	EXPECT(same("/", path));
	name[255] = 'x';
	name[256] = '\0';
	EXPECT_EQ(make_dir(name), -ENAMETOOLONG);
	EXPECT_EQ(world_lookup(name, 0), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/y", name);
	EXPECT_EQ(world_lookup(path, 0), -ENAMETOOLONG);
}

TEST(vfs_walk, roots)
{
	char buf[64];
	char *start;
	struct path cwd;

	world_create();
	EXPECT_EQ(make_dir("jail"), 0);
	EXPECT_EQ(make_dir("jail/in"), 0);
	EXPECT_EQ(world_write("out", "x"), 0);
	EXPECT_EQ(make_link("/out", "jail/l"), 0);
	EXPECT_EQ(make_link("../out", "jail/m"), 0);
	EXPECT_EQ(world_chdir("jail/in"), 0);
	fs_context_cwd(&cwd);
	EXPECT_EQ(path_name(&cwd, NULL, buf, sizeof(buf), &start), 8);
	EXPECT_EQ(strcmp(start, "/jail/in"), 0);
	EXPECT_EQ(path_name(&cwd, NULL, buf, 8, &start), -ENAMETOOLONG);
	EXPECT_EQ(world_lookup("../l", WALK_FOLLOW), 0);
	EXPECT_EQ(world_chroot("/jail"), 0);
	EXPECT_EQ(path_name(&cwd, NULL, buf, sizeof(buf), &start), 3);
	EXPECT_EQ(strcmp(start, "/in"), 0);
	EXPECT_EQ(world_lookup("/l", WALK_FOLLOW), -ENOENT);
	EXPECT_EQ(world_lookup("/m", WALK_FOLLOW), -ENOENT);
	EXPECT(same("/", "../../.."));
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "/in", true), 0);
	EXPECT_EQ(path_name(&cwd, NULL, buf, sizeof(buf), &start), 13);
	EXPECT_EQ(strcmp(start, "/in (deleted)"), 0);
	EXPECT_EQ(make_dir("x"), -ENOENT);
	EXPECT_EQ(world_open("x", UAPI_O_RDWR | UAPI_O_CREAT), -ENOENT);
	EXPECT(same("/", ".."));
	path_put(&cwd);
}

TEST(vfs_walk, scopes)
{
	world_create();
	EXPECT_EQ(make_dir("d"), 0);
	EXPECT_EQ(make_dir("d/e"), 0);
	EXPECT_EQ(world_write("d/f", "x"), 0);
	EXPECT_EQ(make_link("/f", "d/l"), 0);
	EXPECT_EQ(make_link("../..", "d/e/up"), 0);
	EXPECT_EQ(world_chdir("d"), 0);
	EXPECT_EQ(world_lookup("e/../f", WALK_BENEATH), 0);
	EXPECT_EQ(world_lookup("..", WALK_BENEATH), -EXDEV);
	EXPECT_EQ(world_lookup("/d", WALK_BENEATH), -EXDEV);
	EXPECT_EQ(world_lookup("l", WALK_BENEATH | WALK_FOLLOW), -EXDEV);
	EXPECT_EQ(world_lookup("e/up/x", WALK_BENEATH), -EXDEV);
	EXPECT_EQ(world_lookup("/f", WALK_IN_ROOT), 0);
	EXPECT_EQ(world_lookup("l", WALK_IN_ROOT | WALK_FOLLOW), 0);
	EXPECT_EQ(world_lookup("../../f", WALK_IN_ROOT), 0);
	EXPECT_EQ(world_lookup("e/up/f", WALK_IN_ROOT), 0);
}

TEST(vfs_walk, mounts)
{
	struct kstat stat;

	world_create();
	EXPECT_EQ(make_dir("m"), 0);
	EXPECT_EQ(make_dir("other"), 0);
	EXPECT_EQ(world_write("m/below", "x"), 0);
	EXPECT_EQ(vfs_mount("t", "/m", "tmpfs", UAPI_MS_NODEV, "size=64k"), 0);
	EXPECT_EQ(world_lookup("m/below", 0), -ENOENT);
	EXPECT_EQ(world_stat("m", &stat), 0);
	EXPECT_EQ(stat.mode, MODE_DIRECTORY | 01777);
	EXPECT_EQ(make_dir("m/d"), 0);
	EXPECT(same("m/d/../..", "/"));
	EXPECT_EQ(world_lookup("m/d", WALK_NO_XDEV), -EXDEV);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "m", true), -EBUSY);
	EXPECT_EQ(vfs_rename(PATH_AT_CWD, "m", PATH_AT_CWD, "k", 0), -EBUSY);
	EXPECT_EQ(vfs_rename(PATH_AT_CWD, "m/d", PATH_AT_CWD, "k", 0), -EXDEV);
	EXPECT_EQ(vfs_mount("/m/d", "/other", NULL, UAPI_MS_BIND, NULL), 0);
	EXPECT_EQ(world_write("other/f", "x"), 0);
	EXPECT(same("other/f", "m/d/f"));
	EXPECT(same("other/..", "/"));
	EXPECT_EQ(vfs_mount(NULL, "/other", NULL,
			    UAPI_MS_REMOUNT | UAPI_MS_BIND | UAPI_MS_RDONLY,
			    NULL),
		  0);
	EXPECT_EQ(world_write("other/f", "x"), -EROFS);
	EXPECT_EQ(world_write("m/d/f", "x"), 0);
	EXPECT_EQ(world_chdir("other"), 0);
	EXPECT_EQ(vfs_unmount("/other", 0), -EBUSY);
	EXPECT_EQ(world_chdir("/"), 0);
	EXPECT_EQ(vfs_unmount("/other", 0), 0);
	EXPECT_EQ(vfs_unmount("/other", 0), -EINVAL);
	EXPECT_EQ(world_chdir("/m/d"), 0);
	EXPECT_EQ(vfs_unmount("/m", UAPI_MNT_DETACH), 0);
	EXPECT_EQ(world_lookup("f", 0), 0);
	EXPECT_EQ(world_lookup("/m/below", 0), 0);
	EXPECT_EQ(world_chdir("/"), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "m/below", false), 0);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "m", true), 0);
	EXPECT_EQ(vfs_mount("x", "/other", "nofs", 0, ""), -ENODEV);
	EXPECT_EQ(vfs_mount("x", "/other", "tmpfs", 0, "size=x"), -EINVAL);
	EXPECT_EQ(vfs_mount("x", "/none", "tmpfs", 0, ""), -ENOENT);
}

TEST(vfs_walk, recursive_bind)
{
	world_create();
	EXPECT_EQ(make_dir("a"), 0);
	EXPECT_EQ(make_dir("b"), 0);
	EXPECT_EQ(vfs_mount("t", "/a", "tmpfs", 0, ""), 0);
	EXPECT_EQ(make_dir("a/deep"), 0);
	EXPECT_EQ(vfs_mount("t", "/a/deep", "tmpfs", 0, ""), 0);
	EXPECT_EQ(world_write("a/deep/f", "x"), 0);
	EXPECT_EQ(vfs_mount("/a", "/b", NULL, UAPI_MS_BIND, NULL), 0);
	EXPECT_EQ(world_lookup("b/deep/f", 0), -ENOENT);
	EXPECT_EQ(vfs_unmount("/b", 0), 0);
	EXPECT_EQ(vfs_mount("/a", "/b", NULL, UAPI_MS_BIND | UAPI_MS_REC, NULL),
		  0);
	EXPECT(same("b/deep/f", "a/deep/f"));
	EXPECT_EQ(vfs_unmount("/b", 0), -EBUSY);
	EXPECT_EQ(vfs_unmount("/b/deep", 0), 0);
	EXPECT_EQ(vfs_unmount("/b", 0), 0);
	EXPECT_EQ(world_lookup("a/deep/f", 0), 0);
}

TEST(vfs_walk, permissions)
{
	world_create();
	EXPECT_EQ(vfs_mkdir(PATH_AT_CWD, "open", 0777), 0);
	EXPECT_EQ(make_dir("shut"), 0);
	EXPECT_EQ(world_write("shut/f", "x"), 0);
	EXPECT_EQ(world_write("mine", "x"), 0);
	world_become(1000);
	EXPECT_EQ(world_open("mine", UAPI_O_RDONLY), 0);
	EXPECT_EQ(world_open("mine", UAPI_O_WRONLY), -EACCES);
	EXPECT_EQ(world_open("mine", UAPI_O_RDONLY | UAPI_O_TRUNC), -EACCES);
	EXPECT_EQ(world_write("new", "x"), -EACCES);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "mine", false), -EACCES);
	world_become(0);
	{
		struct kstat stat = {.mode = 0700};
		struct path path;

		EXPECT_EQ(path_lookup(PATH_AT_CWD, "shut", 0, &path), 0);
		EXPECT_EQ(vfs_setattr(&path, &stat, KSTAT_SET_MODE), 0);
		path_put(&path);
	}
	world_become(1000);
	EXPECT_EQ(world_open("shut/f", UAPI_O_RDONLY), -EACCES);
	EXPECT_EQ(world_lookup("shut/..", 0), -EACCES);
	EXPECT_EQ(world_lookup("shut", 0), 0);
	world_become(0);
	EXPECT_EQ(world_open("shut/f", UAPI_O_RDONLY), 0);
}

TEST(vfs_walk, unnamed_files)
{
	struct file *file;
	struct path path;
	char buf[16];

	world_create();
	EXPECT_EQ(world_open(".", UAPI_O_TMPFILE | UAPI_O_RDONLY), -EINVAL);
	file = world_file(".", UAPI_O_TMPFILE | UAPI_O_RDWR);
	EXPECT_EQ(file_write_kernel(file, "hidden", 6, 0), 6);
	EXPECT_EQ(file->inode->link_count, 0);
	path.mount = file->mount;
	path.dentry = file->dentry;
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "seen"), 0);
	EXPECT_EQ(file->inode->link_count, 1);
	EXPECT_EQ(world_read("seen", buf, sizeof(buf)), 6);
	EXPECT_EQ(vfs_unlink(PATH_AT_CWD, "seen", false), 0);
	EXPECT_EQ(vfs_link(&path, PATH_AT_CWD, "again"), -ENOENT);
	file_put(file);
}
