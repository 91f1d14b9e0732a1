/* SPDX-License-Identifier: BSD-3-Clause */
/* open and openat: every flag and the errors of each. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

ABI_CASE(open_missing)
{
	CHECK_ERRNO(open("none", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("none/x", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(open("", O_RDONLY), ENOENT);
}

ABI_CASE(open_create_mode)
{
	struct stat st;
	int fd = OK(open("a", O_RDWR | O_CREAT, 0666));
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	/* The mode counts for later opens, not for this one, open(2). */
	fd = OK(open("b", O_RDWR | O_CREAT, 0));
	CHECK_EQ(write(fd, "x", 1), 1);
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG);
	fd = OK(open("c", O_RDWR | O_CREAT, 07777));
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode & 07777, 07755);
}

ABI_CASE(open_exclusive)
{
	OK(open("a", O_RDWR | O_CREAT | O_EXCL, 0600));
	CHECK_ERRNO(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	OK(open("a", O_RDWR | O_EXCL));
	/* A dangling link is not followed with O_EXCL. */
	OK(symlink("nowhere", "l"));
	CHECK_ERRNO(open("l", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	OK(open("l", O_RDWR | O_CREAT, 0600));
	OK(access("nowhere", F_OK));
	CHECK_ERRNO(open(".", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
}

ABI_CASE(open_truncate)
{
	struct stat st;
	abi_write_file("a", "12345");
	OK(open("a", O_RDWR));
	OK(stat("a", &st));
	CHECK_EQ(st.st_size, 5);
	OK(open("a", O_WRONLY | O_TRUNC));
	OK(stat("a", &st));
	CHECK_EQ(st.st_size, 0);
	CHECK_ERRNO(open(".", O_WRONLY | O_TRUNC), EISDIR);
}

ABI_CASE(open_append)
{
	abi_write_file("a", "12345");
	char text[16] = "";
	int fd = OK(open("a", O_RDWR | O_APPEND));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(write(fd, "6", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	OK(lseek(fd, 0, SEEK_SET));
	CHECK_EQ(write(fd, "7", 1), 1);
	/* pwrite appends too, whatever the offset: BUGS of pwrite(2). */
	CHECK_EQ(pwrite(fd, "8", 1, 0), 1);
	CHECK_EQ(pread(fd, text, 15, 0), 8);
	CHECK_EQ(strcmp(text, "12345678"), 0);
}

ABI_CASE(open_directory_flag)
{
	abi_write_file("a", "");
	CHECK_ERRNO(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	OK(open(".", O_RDONLY | O_DIRECTORY));
	CHECK_ERRNO(open("none", O_RDONLY | O_DIRECTORY), ENOENT);
	CHECK_ERRNO(open("none", O_RDONLY | O_DIRECTORY | O_CREAT, 0600),
		    EINVAL);
	CHECK_ERRNO(open(".", O_WRONLY), EISDIR);
	CHECK_ERRNO(open(".", O_RDWR), EISDIR);
	CHECK_ERRNO(open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
}

ABI_CASE(open_nofollow)
{
	abi_write_file("a", "");
	OK(symlink("a", "l"));
	OK(open("l", O_RDONLY));
	CHECK_ERRNO(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
	OK(symlink(".", "d"));
	CHECK_ERRNO(open("d", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	OK(open("d/a", O_RDONLY | O_NOFOLLOW));
}

ABI_CASE(open_path_only)
{
	char c;
	struct stat st;
	abi_write_file("a", "text");
	int fd = OK(open("a", O_PATH));
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EBADF);
	CHECK_ERRNO(fchmod(fd, 0600), EBADF);
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 4);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	OK(close(dup(fd)));
}

ABI_CASE(open_path_of_symlink)
{
	char text[16] = "";
	struct stat st;
	OK(symlink("target", "l"));
	int fd = OK(open("l", O_PATH | O_NOFOLLOW));
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode & S_IFMT, S_IFLNK);
	CHECK_EQ(readlinkat(fd, "", text, sizeof(text)), 6);
	CHECK_EQ(strcmp(text, "target"), 0);
}

ABI_CASE(open_through_proc_fd)
{
	char path[64];
	abi_write_file("a", "text");
	int fd = OK(open("a", O_PATH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(unlink("a"));
	int again = OK(open(path, O_RDONLY));
	char text[8] = "";
	CHECK_EQ(read(again, text, 8), 4);
	CHECK_EQ(strcmp(text, "text"), 0);
}

ABI_CASE(open_tmpfile)
{
	struct stat st;
	char path[64];
	int fd = OK(open(".", O_TMPFILE | O_RDWR, 0600));
	CHECK_EQ(write(fd, "hidden", 6), 6);
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "now", AT_SYMLINK_FOLLOW));
	OK(stat("now", &st));
	CHECK_EQ(st.st_size, 6);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_ERRNO(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	CHECK_ERRNO(open("now", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
	fd = OK(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_ERRNO(linkat(AT_FDCWD, path, AT_FDCWD, "b", AT_SYMLINK_FOLLOW),
		    ENOENT);
}

ABI_CASE(open_close_on_exec)
{
	int fd = OK(open(".", O_RDONLY | O_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = OK(open(".", O_RDONLY));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
}

ABI_CASE(open_access_mode)
{
	char c;
	abi_write_file("a", "text");
	int fd = OK(open("a", O_RDONLY));
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	fd = OK(open("a", O_WRONLY));
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	/* Mode 3 asks for both permissions and allows neither call. */
	fd = OK(open("a", O_ACCMODE));
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_ERRNO(write(fd, &c, 1), EBADF);
}

ABI_CASE(open_lowest_descriptor)
{
	CHECK_EQ(open(".", O_RDONLY), 3);
	CHECK_EQ(open(".", O_RDONLY), 4);
	CHECK_EQ(open(".", O_RDONLY), 5);
	OK(close(4));
	CHECK_EQ(open(".", O_RDONLY), 4);
	CHECK_EQ(open(".", O_RDONLY), 6);
}

ABI_CASE(open_bad_pointers)
{
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_open, abi_bad[i], O_RDONLY), EFAULT);
	}
	char *edge = abi_edge(3);
	edge[0] = edge[1] = edge[2] = 'a';
	/* No terminator before the end of memory. */
	CHECK_ERRNO(syscall(SYS_open, edge, O_RDONLY), EFAULT);
	edge[2] = '\0';
	CHECK_ERRNO(syscall(SYS_open, edge, O_RDONLY), ENOENT);
}

ABI_CASE(open_long_names)
{
	char name[5000];
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	OK(open(name, O_RDWR | O_CREAT, 0600));
	name[255] = 'n';
	name[256] = '\0';
	CHECK_ERRNO(open(name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	name[256] = 'n';
	name[4095] = '\0';
	CHECK_ERRNO(open(name, O_RDONLY), ENAMETOOLONG);
	for (int i = 0; i < 4096; i += 2) {
		memcpy(name + i, "./", 2);
	}
	name[4095] = '\0';
	OK(open(name, O_RDONLY | O_DIRECTORY));
	name[4095] = '/';
	name[4096] = '\0';
	CHECK_ERRNO(open(name, O_RDONLY), ENAMETOOLONG);
}

ABI_CASE(open_descriptor_limit)
{
	struct rlimit old;
	OK(getrlimit(RLIMIT_NOFILE, &old));
	struct rlimit now = {8, old.rlim_max};
	OK(setrlimit(RLIMIT_NOFILE, &now));
	for (int i = 3; i < 8; i++) {
		CHECK_EQ(open(".", O_RDONLY), i);
	}
	int fd[2];
	long failed_open = open(".", O_RDONLY);
	int open_error = errno;
	long failed_pipe = pipe(fd);
	int pipe_error = errno;
	long failed_dup = dup2(0, 8);
	int dup_error = errno;
	OK(setrlimit(RLIMIT_NOFILE, &old));
	CHECK_EQ(failed_open, -1);
	CHECK_EQ(open_error, EMFILE);
	CHECK_EQ(failed_pipe, -1);
	CHECK_EQ(pipe_error, EMFILE);
	CHECK_EQ(failed_dup, -1);
	CHECK_EQ(dup_error, EBADF);
	CHECK_EQ(open(".", O_RDONLY), 8);
}

ABI_CASE(openat_directory_descriptor)
{
	OK(mkdir("d", 0755));
	abi_write_file("d/a", "text");
	int dir = OK(open("d", O_RDONLY | O_DIRECTORY));
	OK(openat(dir, "a", O_RDONLY));
	int path = OK(open("d", O_PATH));
	OK(openat(path, "a", O_RDONLY));
	int file = OK(open("d/a", O_RDONLY));
	CHECK_ERRNO(openat(file, "a", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(openat(-1, "a", O_RDONLY), EBADF);
	CHECK_ERRNO(openat(99, "a", O_RDONLY), EBADF);
	/* An absolute name does not look at the descriptor. */
	OK(openat(-1, "/tmp", O_RDONLY));
	OK(openat(dir, "../d/a", O_RDONLY));
}

ABI_CASE(openat2_resolve)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {.flags = O_RDONLY};
	abi_write_file("a", "text");
	OK(symlink("a", "l"));
	OK(syscall(SYS_openat2, AT_FDCWD, "l", &how, sizeof(how)));
	how.resolve = 0x04; /* RESOLVE_NO_SYMLINKS */
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "l", &how, sizeof(how)),
		    ELOOP);
	how.resolve = 0x08; /* RESOLVE_BENEATH */
	OK(syscall(SYS_openat2, AT_FDCWD, "a", &how, sizeof(how)));
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "../x", &how, sizeof(how)),
		    EXDEV);
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "/tmp", &how, sizeof(how)),
		    EXDEV);
	how.resolve = 1UL << 40;
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "a", &how, sizeof(how)),
		    EINVAL);
	how.resolve = 0;
	how.mode = 0600;
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "a", &how, sizeof(how)),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "a", &how, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "a", abi_bad[0], 24),
		    EFAULT);
}

ABI_CASE(creat_is_open)
{
	abi_write_file("a", "text");
	int fd = OK(creat("a", 0600));
	struct stat st;
	OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
}
