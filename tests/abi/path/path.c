/* SPDX-License-Identifier: BSD-3-Clause */
/* Path walking: links, loops, lengths, slashes, dots, *at calls, cwd. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void file(const char *name)
{
	abi_write_file(name, name);
}

ABI_CASE(path_not_a_directory)
{
	file("a");
	CHECK_ERRNO(open("a/b", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("a/", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("a/.", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("a/..", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(access("a/b", F_OK), ENOTDIR);
	CHECK_ERRNO(mkdir("a/b", 0755), ENOTDIR);
	CHECK_ERRNO(unlink("a/b"), ENOTDIR);
	CHECK_ERRNO(chdir("a"), ENOTDIR);
}

ABI_CASE(path_dots_and_slashes)
{
	struct stat one, two;
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	file("d/f");
	OK(stat("d/f", &one));
	OK(stat(".///d//.//e/..//../d/f", &two));
	CHECK_EQ(one.st_ino, two.st_ino);
	OK(stat("d/e/../..", &one));
	OK(stat(".", &two));
	CHECK_EQ(one.st_ino, two.st_ino);
	/* `..` of a missing name is missing. */
	CHECK_ERRNO(stat("none/..", &one), ENOENT);
	OK(stat("/..", &one));
	OK(stat("/../../..", &two));
	CHECK_EQ(one.st_ino, two.st_ino);
	OK(stat("////tmp", &one));
}

ABI_CASE(path_trailing_slash)
{
	struct stat st;
	file("a");
	OK(mkdir("d/", 0755));
	OK(stat("d/", &st));
	OK(stat("d/////", &st));
	CHECK_ERRNO(stat("a/", &st), ENOTDIR);
	CHECK_ERRNO(open("n/", O_RDWR | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(unlink("a/"), ENOTDIR);
	CHECK_ERRNO(rename("a", "b/"), ENOTDIR);
	OK(rename("d/", "e/"));
	OK(rmdir("e/"));
	CHECK_ERRNO(rmdir("e/"), ENOENT);
}

ABI_CASE(path_trailing_slash_and_links)
{
	struct stat st;
	OK(mkdir("d", 0755));
	OK(symlink("d", "l"));
	OK(lstat("l", &st));
	CHECK_EQ(st.st_mode & S_IFMT, S_IFLNK);
	OK(lstat("l/", &st));
	CHECK_EQ(st.st_mode & S_IFMT, S_IFDIR);
	CHECK_ERRNO(unlink("l/"), ENOTDIR);
	CHECK_ERRNO(rmdir("l/"), ENOTDIR);
	CHECK_ERRNO(rmdir("l"), ENOTDIR);
	CHECK_ERRNO(mkdir("l", 0755), EEXIST);
	CHECK_ERRNO(symlink("d", "n/"), ENOENT);
}

ABI_CASE(symlink_contents)
{
	char text[32];
	memset(text, '#', sizeof(text));
	OK(symlink("some/where", "l"));
	CHECK_EQ(readlink("l", text, sizeof(text)), 10);
	CHECK_EQ(memcmp(text, "some/where#", 11), 0);
	/* A short buffer cuts without an error, readlink(2). */
	CHECK_EQ(readlink("l", text, 4), 4);
	CHECK_ERRNO(syscall(SYS_readlink, "l", text, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlink, "l", text, -1), EINVAL);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_readlink, "l", abi_bad[i], 10), EFAULT);
		CHECK_ERRNO(syscall(SYS_readlink, abi_bad[i], text, 10),
			    EFAULT);
	}
	CHECK_ERRNO(syscall(SYS_readlink, "l", abi_edge(5), 10), EFAULT);
	file("a");
	CHECK_ERRNO(readlink("a", text, 10), EINVAL);
	CHECK_ERRNO(readlink("none", text, 10), ENOENT);
	CHECK_ERRNO(readlink(".", text, 10), EINVAL);
}

ABI_CASE(symlink_errors)
{
	char target[5000];
	memset(target, 't', sizeof(target));
	target[4999] = '\0';
	CHECK_ERRNO(symlink("", "l"), ENOENT);
	CHECK_ERRNO(symlink("x", ""), ENOENT);
	CHECK_ERRNO(symlink(target, "l"), ENAMETOOLONG);
	target[4000] = '\0';
	OK(symlink(target, "l"));
	CHECK_ERRNO(symlink("x", "l"), EEXIST);
	CHECK_ERRNO(symlink("x", "none/l"), ENOENT);
	CHECK_ERRNO(syscall(SYS_symlink, abi_bad[0], "m"), EFAULT);
	CHECK_ERRNO(syscall(SYS_symlink, "x", abi_bad[0]), EFAULT);
}

ABI_CASE(symlink_walk)
{
	struct stat st;
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	file("d/f");
	OK(symlink("d/e", "l"));
	/* `..` leaves the directory that the link leads to. */
	OK(stat("l/../f", &st));
	OK(symlink("/tmp/abi-path/d", "absolute"));
	OK(stat("absolute/f", &st));
	OK(symlink("../f", "d/e/up"));
	OK(stat("l/up", &st));
	OK(symlink("f/", "d/slash"));
	CHECK_ERRNO(stat("d/slash", &st), ENOTDIR);
	OK(symlink("missing", "dangling"));
	CHECK_ERRNO(stat("dangling", &st), ENOENT);
	OK(lstat("dangling", &st));
	CHECK_EQ(st.st_size, 7);
}

ABI_CASE(symlink_loops)
{
	struct stat st;
	char name[16];
	char target[16];
	OK(symlink("self", "self"));
	CHECK_ERRNO(open("self", O_RDONLY), ELOOP);
	CHECK_ERRNO(stat("self/x", &st), ELOOP);
	OK(lstat("self", &st));
	OK(symlink("b", "a"));
	OK(symlink("a", "b"));
	CHECK_ERRNO(access("a", F_OK), ELOOP);
	CHECK_ERRNO(chdir("b"), ELOOP);
	/* 40 links are followed, one more is a loop, path_resolution(7). */
	file("0");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		OK(symlink(target, name));
	}
	OK(access("40", F_OK));
	CHECK_ERRNO(access("41", F_OK), ELOOP);
}

ABI_CASE(path_component_length)
{
	char name[300];
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	CHECK_ERRNO(access(name, F_OK), ENAMETOOLONG);
	CHECK_ERRNO(mkdir(name, 0755), ENAMETOOLONG);
	CHECK_ERRNO(unlink(name), ENAMETOOLONG);
	CHECK_ERRNO(symlink("x", name), ENAMETOOLONG);
	file("a");
	CHECK_ERRNO(rename("a", name), ENAMETOOLONG);
	CHECK_ERRNO(link("a", name), ENAMETOOLONG);
	name[255] = '\0';
	CHECK_ERRNO(access(name, F_OK), ENOENT);
	OK(rename("a", name));
	OK(unlink(name));
}

ABI_CASE(path_deep_tree)
{
	/* Deeper than PATH_MAX, by relative steps. */
	char name[200];
	char cwd[8192];
	memset(name, 'd', sizeof(name));
	name[199] = '\0';
	for (int i = 0; i < 25; i++) {
		OK(mkdir(name, 0755));
		OK(chdir(name));
	}
	long length = syscall(SYS_getcwd, cwd, sizeof(cwd));
	int error = errno;
	CHECK(length == -1 && error == ENAMETOOLONG);
	for (int i = 0; i < 25; i++) {
		OK(chdir(".."));
		OK(rmdir(name));
	}
	CHECK_EQ(strcmp(getcwd(cwd, sizeof(cwd)), "/tmp/abi-path"), 0);
}

ABI_CASE(path_odd_names)
{
	struct stat st;
	file("...");
	file(" ");
	file("a\nb");
	file("\xff\xfe");
	file(".x");
	OK(stat("...", &st));
	OK(stat(" ", &st));
	OK(stat("a\nb", &st));
	OK(stat("\xff\xfe", &st));
	CHECK_ERRNO(stat("....", &st), ENOENT);
}

ABI_CASE(getcwd_buffer)
{
	char cwd[64];
	CHECK_EQ(syscall(SYS_getcwd, cwd, sizeof(cwd)), 14);
	CHECK_EQ(strcmp(cwd, "/tmp/abi-path"), 0);
	CHECK_EQ(syscall(SYS_getcwd, cwd, 14), 14);
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, 13), ERANGE);
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, 0), ERANGE);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_getcwd, abi_bad[i], 100), EFAULT);
	}
	CHECK_ERRNO(syscall(SYS_getcwd, abi_edge(5), 100), EFAULT);
}

ABI_CASE(chdir_and_fchdir)
{
	char cwd[64];
	OK(mkdir("d", 0755));
	int here = OK(open(".", O_RDONLY));
	int path = OK(open("d", O_PATH));
	OK(chdir("d"));
	CHECK_EQ(strcmp(getcwd(cwd, 64), "/tmp/abi-path/d"), 0);
	OK(chdir(".."));
	OK(fchdir(path));
	CHECK_EQ(strcmp(getcwd(cwd, 64), "/tmp/abi-path/d"), 0);
	OK(fchdir(here));
	CHECK_EQ(strcmp(getcwd(cwd, 64), "/tmp/abi-path"), 0);
	CHECK_ERRNO(chdir("none"), ENOENT);
	CHECK_ERRNO(chdir(""), ENOENT);
	CHECK_ERRNO(fchdir(99), EBADF);
	file("a");
	CHECK_ERRNO(fchdir(OK(open("a", O_RDONLY))), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_chdir, abi_bad[3]), EFAULT);
}

ABI_CASE(chdir_into_renamed)
{
	char cwd[64];
	OK(mkdir("d", 0755));
	OK(chdir("d"));
	OK(rename("../d", "../e"));
	CHECK_EQ(strcmp(getcwd(cwd, 64), "/tmp/abi-path/e"), 0);
}

ABI_CASE(cwd_removed)
{
	char cwd[64];
	OK(mkdir("d", 0755));
	OK(chdir("d"));
	OK(rmdir("../d"));
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, 64), ENOENT);
	CHECK_ERRNO(open("a", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(mkdir("x", 0755), ENOENT);
	OK(access(".", F_OK));
	OK(chdir(".."));
}

ABI_CASE(at_calls_use_the_descriptor)
{
	struct stat st;
	char text[8];
	OK(mkdir("d", 0755));
	int dir = OK(open("d", O_RDONLY | O_DIRECTORY));
	OK(mkdirat(dir, "e", 0755));
	OK(symlinkat("e", dir, "l"));
	CHECK_EQ(readlinkat(dir, "l", text, 8), 1);
	OK(mknodat(dir, "f", S_IFREG | 0600, 0));
	OK(linkat(dir, "f", AT_FDCWD, "g", 0));
	OK(fstatat(dir, "f", &st, 0));
	CHECK_EQ(st.st_nlink, 2);
	OK(renameat(dir, "f", dir, "h"));
	OK(faccessat(dir, "h", F_OK, 0));
	OK(fchmodat(dir, "h", 0640, 0));
	OK(unlinkat(dir, "h", 0));
	CHECK_ERRNO(unlinkat(dir, "e", 0), EISDIR);
	OK(unlinkat(dir, "e", AT_REMOVEDIR));
	CHECK_ERRNO(unlinkat(dir, "l", AT_REMOVEDIR), ENOTDIR);
	CHECK_ERRNO(unlinkat(dir, "l", 0x1000), EINVAL);
}

ABI_CASE(at_calls_errors)
{
	struct stat st;
	file("a");
	int fd = OK(open("a", O_RDONLY));
	CHECK_ERRNO(mkdirat(fd, "x", 0755), ENOTDIR);
	CHECK_ERRNO(mkdirat(99, "x", 0755), EBADF);
	CHECK_ERRNO(fstatat(fd, "x", &st, 0), ENOTDIR);
	CHECK_ERRNO(fstatat(AT_FDCWD, "a", &st, 0x8000000), EINVAL);
	CHECK_ERRNO(fstatat(AT_FDCWD, "", &st, 0), ENOENT);
	CHECK_ERRNO(unlinkat(fd, "x", 0), ENOTDIR);
	CHECK_ERRNO(renameat(fd, "x", AT_FDCWD, "y"), ENOTDIR);
	OK(fstatat(99, "/tmp", &st, 0));
}

ABI_CASE(at_empty_path)
{
	struct stat st;
	file("a");
	int fd = OK(open("a", O_RDONLY));
	OK(fstatat(fd, "", &st, AT_EMPTY_PATH));
	CHECK_EQ(st.st_size, 1);
	OK(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	CHECK_EQ(st.st_mode & S_IFMT, S_IFDIR);
	CHECK_ERRNO(fstatat(99, "", &st, AT_EMPTY_PATH), EBADF);
	OK(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	OK(fstatat(AT_FDCWD, "b", &st, 0));
	CHECK_EQ(st.st_nlink, 2);
	OK(fchownat(fd, "", 1, 1, AT_EMPTY_PATH));
	OK(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
}

ABI_CASE(removed_directory_descriptor)
{
	struct stat st;
	OK(mkdir("d", 0755));
	int dir = OK(open("d", O_RDONLY));
	OK(rmdir("d"));
	CHECK_ERRNO(openat(dir, "x", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(mkdirat(dir, "x", 0755), ENOENT);
	OK(fstat(dir, &st));
	CHECK_EQ(st.st_nlink, 0);
}
