/* SPDX-License-Identifier: BSD-3-Clause */
/* Names come and go: link, unlink, rename, mkdir, rmdir, mknod, access. */
#include "abi_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void file(const char *name)
{
	abi_write_file(name, name);
}

static void check_text(const char *name, const char *want)
{
	char text[64];
	abi_read_file(name, text, sizeof(text));
	CHECK_EQ(strcmp(text, want), 0);
}

static ino_t number_of(const char *name)
{
	struct stat st;
	OK(lstat(name, &st));
	return st.st_ino;
}

ABI_CASE(link_counts)
{
	struct stat st;
	file("a");
	OK(link("a", "b"));
	CHECK_EQ(number_of("a"), number_of("b"));
	OK(stat("a", &st));
	CHECK_EQ(st.st_nlink, 2);
	OK(unlink("a"));
	OK(stat("b", &st));
	CHECK_EQ(st.st_nlink, 1);
	check_text("b", "a");
}

ABI_CASE(link_errors)
{
	file("a");
	file("b");
	OK(mkdir("d", 0755));
	CHECK_ERRNO(link("a", "b"), EEXIST);
	CHECK_ERRNO(link("none", "c"), ENOENT);
	CHECK_ERRNO(link("d", "c"), EPERM);
	CHECK_ERRNO(link("a", "none/c"), ENOENT);
	CHECK_ERRNO(link("a", "c/"), ENOENT);
	CHECK_ERRNO(link("a", "/dev/c"), EXDEV);
	CHECK_ERRNO(linkat(AT_FDCWD, "a", AT_FDCWD, "c", 0x8000000), EINVAL);
	CHECK_ERRNO(syscall(SYS_link, abi_bad[0], "c"), EFAULT);
}

ABI_CASE(link_to_symlink)
{
	struct stat st;
	file("a");
	OK(symlink("a", "l"));
	OK(link("l", "m"));
	OK(lstat("m", &st));
	CHECK_EQ(st.st_mode & S_IFMT, S_IFLNK);
	OK(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW));
	CHECK_EQ(number_of("n"), number_of("a"));
}

ABI_CASE(unlink_errors)
{
	OK(mkdir("d", 0755));
	CHECK_ERRNO(unlink("d"), EISDIR);
	CHECK_ERRNO(unlink("none"), ENOENT);
	CHECK_ERRNO(unlink(""), ENOENT);
	CHECK_ERRNO(unlink("."), EISDIR);
	CHECK_ERRNO(syscall(SYS_unlink, abi_bad[4]), EFAULT);
	OK(symlink("d", "l"));
	OK(unlink("l"));
	OK(access("d", F_OK));
}

ABI_CASE(unlinked_file_lives_on)
{
	char text[8] = "";
	struct stat st;
	file("a");
	int fd = OK(open("a", O_RDWR));
	OK(unlink("a"));
	CHECK_ERRNO(access("a", F_OK), ENOENT);
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(write(fd, "new", 3), 3);
	CHECK_EQ(pread(fd, text, 8, 0), 3);
	CHECK_EQ(memcmp(text, "new", 3), 0);
	file("a");
	check_text("a", "a");
}

ABI_CASE(rmdir_errors)
{
	OK(mkdir("d", 0755));
	file("d/a");
	CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("d/a"), ENOTDIR);
	CHECK_ERRNO(rmdir("none"), ENOENT);
	OK(unlink("d/a"));
	CHECK_ERRNO(rmdir("d/."), EINVAL);
	OK(mkdir("d/e", 0755));
	CHECK_ERRNO(rmdir("d/e/.."), ENOTEMPTY);
	OK(rmdir("d/e"));
	OK(rmdir("d"));
	CHECK_ERRNO(rmdir("/"), EBUSY);
}

ABI_CASE(mkdir_errors)
{
	struct stat st;
	file("a");
	OK(mkdir("d", 0777));
	OK(stat("d", &st));
	CHECK_EQ(st.st_mode, S_IFDIR | 0755);
	CHECK_ERRNO(mkdir("d", 0755), EEXIST);
	CHECK_ERRNO(mkdir("a", 0755), EEXIST);
	CHECK_ERRNO(mkdir(".", 0755), EEXIST);
	CHECK_ERRNO(mkdir("/", 0755), EEXIST);
	CHECK_ERRNO(mkdir("none/x", 0755), ENOENT);
	CHECK_ERRNO(mkdir("", 0755), ENOENT);
	CHECK_ERRNO(syscall(SYS_mkdir, abi_bad[2], 0755), EFAULT);
	OK(symlink("gone", "l"));
	CHECK_ERRNO(mkdir("l", 0755), EEXIST);
}

ABI_CASE(directory_link_count)
{
	struct stat st;
	OK(mkdir("d", 0755));
	OK(stat("d", &st));
	CHECK_EQ(st.st_nlink, 2);
	OK(mkdir("d/1", 0755));
	OK(mkdir("d/2", 0755));
	file("d/a");
	OK(stat("d", &st));
	CHECK_EQ(st.st_nlink, 4);
	OK(rename("d/1", "1"));
	OK(stat("d", &st));
	CHECK_EQ(st.st_nlink, 3);
}

ABI_CASE(umask_applies)
{
	struct stat st;
	CHECK_EQ(umask(027), 022);
	OK(mkdir("d", 0777));
	OK(close(OK(open("a", O_RDWR | O_CREAT, 0666))));
	CHECK_EQ(umask(07777022), 027);
	/* Only the permission bits are kept, umask(2). */
	CHECK_EQ(umask(022), 022);
	OK(stat("d", &st));
	CHECK_EQ(st.st_mode & 0777, 0750);
	OK(stat("a", &st));
	CHECK_EQ(st.st_mode & 0777, 0640);
}

ABI_CASE(mknod_types)
{
	struct stat st;
	OK(mknod("r", 0644, 0));
	OK(stat("r", &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	OK(mknod("p", S_IFIFO | 0600, 0));
	OK(stat("p", &st));
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
	OK(mknod("c", S_IFCHR | 0666, makedev(1, 3)));
	OK(stat("c", &st));
	CHECK_EQ(st.st_rdev, makedev(1, 3));
	CHECK_ERRNO(mknod("d", S_IFDIR | 0755, 0), EPERM);
	CHECK_ERRNO(mknod("x", 0170000, 0), EINVAL);
	CHECK_ERRNO(mknod("r", S_IFREG | 0644, 0), EEXIST);
}

ABI_CASE(rename_file_over_file)
{
	struct stat st;
	file("a");
	file("b");
	int old = OK(open("b", O_RDONLY));
	ino_t number = number_of("a");
	OK(rename("a", "b"));
	CHECK_ERRNO(access("a", F_OK), ENOENT);
	CHECK_EQ(number_of("b"), number);
	check_text("b", "a");
	OK(fstat(old, &st));
	CHECK_EQ(st.st_nlink, 0);
}

ABI_CASE(rename_same_file)
{
	/* Two links of one file: nothing is done, both stay, rename(2). */
	file("a");
	OK(link("a", "b"));
	OK(rename("a", "b"));
	OK(access("a", F_OK));
	OK(access("b", F_OK));
	OK(rename("a", "a"));
}

ABI_CASE(rename_directories)
{
	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	OK(mkdir("full", 0755));
	file("full/x");
	file("a");
	file("d/f");
	OK(rename("d", "e"));
	check_text("e/f", "d/f");
	CHECK_ERRNO(rename("e", "full"), ENOTEMPTY);
	CHECK_ERRNO(rename("a", "e"), EISDIR);
	CHECK_ERRNO(rename("e", "a"), ENOTDIR);
	CHECK_ERRNO(rename("e", "e/sub"), EINVAL);
	OK(mkdir("e/sub", 0755));
	CHECK_ERRNO(rename("e", "e/sub/deep"), EINVAL);
	CHECK_ERRNO(rename("e/sub", "e"), ENOTEMPTY);
}

ABI_CASE(rename_errors)
{
	file("a");
	CHECK_ERRNO(rename("none", "b"), ENOENT);
	CHECK_ERRNO(rename("a", "none/b"), ENOENT);
	CHECK_ERRNO(rename("a", ""), ENOENT);
	CHECK_ERRNO(rename("a", "a/b"), ENOTDIR);
	CHECK_ERRNO(rename(".", "b"), EBUSY);
	CHECK_ERRNO(rename("a", "/proc/b"), EXDEV);
	CHECK_ERRNO(syscall(SYS_rename, "a", abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_rename, abi_bad[0], "b"), EFAULT);
	OK(access("a", F_OK));
}

ABI_CASE(rename_symlink_itself)
{
	char text[8];
	file("a");
	OK(symlink("a", "l"));
	OK(rename("l", "m"));
	CHECK_EQ(readlink("m", text, 8), 1);
	file("b");
	OK(rename("b", "m"));
	check_text("m", "b");
	check_text("a", "a");
}

ABI_CASE(renameat2_noreplace)
{
	file("a");
	file("b");
	CHECK_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE),
		    EEXIST);
	check_text("b", "b");
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
	check_text("c", "a");
	CHECK_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "d", 0x100), EINVAL);
	CHECK_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "c",
			      RENAME_NOREPLACE | RENAME_EXCHANGE),
		    EINVAL);
}

ABI_CASE(renameat2_exchange)
{
	file("a");
	OK(mkdir("d", 0755));
	file("d/in");
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_EXCHANGE));
	check_text("d", "a");
	check_text("a/in", "d/in");
	CHECK_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "none", RENAME_EXCHANGE),
		    ENOENT);
}

ABI_CASE(access_as_root)
{
	/* Root may read and write anything, but execute only with an x bit. */
	file("a");
	OK(chmod("a", 0));
	OK(access("a", F_OK));
	OK(access("a", R_OK | W_OK));
	CHECK_ERRNO(access("a", X_OK), EACCES);
	OK(chmod("a", 0001));
	OK(access("a", X_OK));
	OK(mkdir("d", 0));
	OK(access("d", R_OK | W_OK | X_OK));
	CHECK_ERRNO(access("a", 8), EINVAL);
	CHECK_ERRNO(access("none", F_OK), ENOENT);
	CHECK_ERRNO(syscall(SYS_access, abi_bad[1], F_OK), EFAULT);
}

ABI_CASE(faccessat2_flags)
{
	OK(symlink("gone", "l"));
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0), ENOENT);
	OK(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0x8000000),
		    EINVAL);
	OK(syscall(SYS_faccessat2, AT_FDCWD, ".", R_OK, AT_EACCESS));
}

static void *rename_back_and_forth(void *arg)
{
	int me = (long)arg;
	char one[16], two[16];
	snprintf(one, sizeof(one), "d%d/x", me % 2);
	snprintf(two, sizeof(two), "d%d/x", 1 - me % 2);
	for (int i = 0; i < 300; i++) {
		if (rename(one, two) != 0) {
			CHECK_EQ(errno, ENOENT);
		}
	}
	return NULL;
}

ABI_CASE(rename_race_keeps_one_name)
{
	pthread_t threads[4];
	OK(mkdir("d0", 0755));
	OK(mkdir("d1", 0755));
	file("d0/x");
	for (long i = 0; i < 4; i++) {
		threads[i] = abi_thread(rename_back_and_forth, (void *)i);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ((access("d0/x", F_OK) == 0) + (access("d1/x", F_OK) == 0), 1);
}

static void *create_exclusively(void *won)
{
	char name[16];
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0) {
			__atomic_fetch_add((int *)won, 1, __ATOMIC_RELAXED);
			OK(close(fd));
		} else {
			CHECK_EQ(errno, EEXIST);
		}
	}
	return NULL;
}

ABI_CASE(exclusive_create_has_one_winner)
{
	pthread_t threads[4];
	int won = 0;
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(create_exclusively, &won);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(won, 200);
}

/* Text is no program: ENOEXEC where programs may be run, else EACCES. */
static int try_text(const char *name)
{
	char *const argv[] = {(char *)name, NULL};
	execve(name, argv, argv + 1);
	return errno;
}

ABI_CASE(noexec_mount)
{
	OK(mkdir("m", 0755));
	OK(mount("tmpfs", "m", "tmpfs", 0, ""));
	file("m/text");
	OK(chmod("m/text", 0755));
	CHECK_EQ(try_text("m/text"), ENOEXEC);
	OK(mount("", "m", "", MS_REMOUNT | MS_NOEXEC, ""));
	CHECK_EQ(try_text("m/text"), EACCES);
	CHECK_ERRNO(access("m/text", X_OK), EACCES);
	OK(mount("", "m", "", MS_REMOUNT, ""));
	CHECK_EQ(try_text("m/text"), ENOEXEC);
	OK(umount("m"));
}
