/* SPDX-License-Identifier: BSD-3-Clause */
/* What stat, statx and statfs tell, and the calls that change it. */
#include "abi_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct stat of(const char *name)
{
	struct stat st;
	OK(lstat(name, &st));
	return st;
}

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

ABI_CASE(stat_fields_of_file)
{
	abi_write_file("a", "12345");
	struct stat st = of("a");
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	CHECK_EQ(st.st_size, 5);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_gid, 0);
	CHECK_EQ(st.st_blksize, 4096);
	CHECK_EQ(st.st_blocks, 8);
	CHECK(st.st_ino != 0);
	CHECK_EQ(st.st_dev, of(".").st_dev);
}

ABI_CASE(stat_types)
{
	struct stat st;
	int fds[2];
	OK(symlink("abc", "l"));
	CHECK_EQ(of("l").st_mode, S_IFLNK | 0777);
	CHECK_EQ(of("l").st_size, 3);
	CHECK_EQ(of(".").st_mode & S_IFMT, S_IFDIR);
	OK(pipe(fds));
	OK(fstat(fds[0], &st));
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(of("/dev/null").st_mode & S_IFMT, S_IFCHR);
	CHECK_EQ(of("/dev/null").st_rdev, makedev(1, 3));
	CHECK_EQ(of("/dev/zero").st_rdev, makedev(1, 5));
	CHECK_EQ(of("/proc").st_mode, S_IFDIR | 0555);
}

ABI_CASE(stat_ways_agree)
{
	struct stat a, b, c;
	abi_write_file("a", "12345");
	int fd = OK(open("a", O_RDONLY));
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&c, 0, sizeof(c));
	OK(syscall(SYS_stat, "a", &a));
	OK(syscall(SYS_fstat, fd, &b));
	OK(syscall(SYS_newfstatat, AT_FDCWD, "a", &c, 0));
	CHECK_EQ(memcmp(&a, &b, sizeof(a)), 0);
	CHECK_EQ(memcmp(&a, &c, sizeof(a)), 0);
}

ABI_CASE(stat_errors)
{
	struct stat st;
	CHECK_ERRNO(stat("none", &st), ENOENT);
	CHECK_ERRNO(stat("", &st), ENOENT);
	CHECK_ERRNO(fstat(99, &st), EBADF);
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		CHECK_ERRNO(syscall(SYS_stat, ".", abi_bad[i]), EFAULT);
		CHECK_ERRNO(syscall(SYS_fstat, 0, abi_bad[i]), EFAULT);
		CHECK_ERRNO(syscall(SYS_stat, abi_bad[i], &st), EFAULT);
	}
	CHECK_ERRNO(syscall(SYS_stat, ".", abi_edge(sizeof(st) - 1)), EFAULT);
	OK(syscall(SYS_stat, ".", abi_edge(sizeof(st))));
}

ABI_CASE(statx_fields)
{
	struct statx x;
	abi_write_file("a", "12345");
	struct stat st = of("a");
	OK(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &x));
	CHECK_EQ(x.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	CHECK_EQ(x.stx_size, 5);
	CHECK_EQ(x.stx_mode, S_IFREG | 0644);
	CHECK_EQ(x.stx_nlink, 1);
	CHECK_EQ(x.stx_ino, st.st_ino);
	CHECK_EQ(makedev(x.stx_dev_major, x.stx_dev_minor), st.st_dev);
	CHECK_EQ(x.stx_mtime.tv_sec, st.st_mtim.tv_sec);
	CHECK_EQ(x.stx_mtime.tv_nsec, st.st_mtim.tv_nsec);
	CHECK_EQ(x.stx_blksize, st.st_blksize);
	CHECK_EQ(x.stx_blocks, st.st_blocks);
}

ABI_CASE(statx_errors)
{
	struct statx x;
	CHECK_ERRNO(statx(AT_FDCWD, "none", 0, 0, &x), ENOENT);
	CHECK_ERRNO(statx(AT_FDCWD, ".", 0x8000000, 0, &x), EINVAL);
	CHECK_ERRNO(statx(AT_FDCWD, ".", 0, 0x80000000, &x), EINVAL);
	CHECK_ERRNO(statx(AT_FDCWD, ".",
			  AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, 0, &x),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, ".", 0, 0, abi_bad[3]),
		    EFAULT);
	OK(statx(OK(open(".", O_PATH)), "", AT_EMPTY_PATH, 0, &x));
	CHECK_EQ(x.stx_mode & S_IFMT, S_IFDIR);
	OK(symlink("gone", "l"));
	OK(statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x));
	CHECK_EQ(x.stx_mode & S_IFMT, S_IFLNK);
}

ABI_CASE(statfs_fields)
{
	struct statfs path, descriptor;
	OK(statfs(".", &path));
	OK(fstatfs(OK(open(".", O_RDONLY)), &descriptor));
	CHECK_EQ(path.f_type, descriptor.f_type);
	CHECK_EQ(path.f_bsize, 4096);
	CHECK_EQ(path.f_namelen, 255);
	CHECK(path.f_blocks >= path.f_bfree && path.f_bfree > 0);
	OK(statfs("/proc", &path));
	CHECK_EQ(path.f_type, 0x9fa0);
	OK(statfs("/sys", &path));
	CHECK_EQ(path.f_type, 0x62656572);
}

ABI_CASE(statfs_errors)
{
	struct statfs fs;
	CHECK_ERRNO(statfs("none", &fs), ENOENT);
	CHECK_ERRNO(fstatfs(99, &fs), EBADF);
	CHECK_ERRNO(syscall(SYS_statfs, ".", abi_bad[2]), EFAULT);
	CHECK_ERRNO(syscall(SYS_statfs, ".", abi_edge(16)), EFAULT);
}

ABI_CASE(times_on_write_and_change)
{
	abi_write_file("a", "1");
	struct stat first = of("a");
	abi_sleep_ms(30);
	int fd = OK(open("a", O_WRONLY | O_APPEND));
	CHECK_EQ(write(fd, "2", 1), 1);
	struct stat written = of("a");
	CHECK(ns(written.st_mtim) > ns(first.st_mtim));
	CHECK(ns(written.st_ctim) > ns(first.st_ctim));
	abi_sleep_ms(30);
	OK(chmod("a", 0600));
	struct stat changed = of("a");
	CHECK_EQ(ns(changed.st_mtim), ns(written.st_mtim));
	CHECK(ns(changed.st_ctim) > ns(written.st_ctim));
	abi_sleep_ms(30);
	OK(link("a", "b"));
	CHECK(ns(of("a").st_ctim) > ns(changed.st_ctim));
}

ABI_CASE(times_of_directory)
{
	OK(mkdir("d", 0755));
	int64_t t0 = ns(of("d").st_mtim);
	abi_sleep_ms(30);
	abi_write_file("d/a", "");
	int64_t t1 = ns(of("d").st_mtim);
	CHECK(t1 > t0);
	abi_sleep_ms(30);
	OK(unlink("d/a"));
	CHECK(ns(of("d").st_mtim) > t1);
}

ABI_CASE(times_follow_the_clock)
{
	struct timespec before, after;
	OK(clock_gettime(CLOCK_REALTIME_COARSE, &before));
	abi_write_file("a", "1");
	OK(clock_gettime(CLOCK_REALTIME, &after));
	int64_t at = ns(of("a").st_mtim);
	CHECK(at >= ns(before) && at <= ns(after));
}

ABI_CASE(utimensat_values)
{
	abi_write_file("a", "1");
	struct timespec t[2] = {{1000, 5}, {2000, 999999999}};
	OK(utimensat(AT_FDCWD, "a", t, 0));
	struct stat st = of("a");
	CHECK_EQ(ns(st.st_atim), 1000000000005LL);
	CHECK_EQ(ns(st.st_mtim), 2000999999999LL);
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){7, 8};
	OK(utimensat(AT_FDCWD, "a", t, 0));
	st = of("a");
	CHECK_EQ(ns(st.st_atim), 1000000000005LL);
	CHECK_EQ(ns(st.st_mtim), 7000000008LL);
	t[0].tv_nsec = UTIME_NOW;
	t[1].tv_nsec = UTIME_OMIT;
	OK(utimensat(AT_FDCWD, "a", t, 0));
	st = of("a");
	CHECK(ns(st.st_atim) > 1000000000005LL);
	CHECK_EQ(ns(st.st_mtim), 7000000008LL);
	OK(futimens(OK(open("a", O_RDONLY)), NULL));
	CHECK(ns(of("a").st_mtim) > 7000000008LL);
}

ABI_CASE(utimensat_errors)
{
	abi_write_file("a", "1");
	struct timespec t[2] = {{1, 1000000000}, {1, 1}};
	CHECK_ERRNO(utimensat(AT_FDCWD, "a", t, 0), EINVAL);
	t[0].tv_nsec = -1;
	CHECK_ERRNO(utimensat(AT_FDCWD, "a", t, 0), EINVAL);
	t[0].tv_nsec = 1;
	CHECK_ERRNO(utimensat(AT_FDCWD, "none", t, 0), ENOENT);
	CHECK_ERRNO(utimensat(AT_FDCWD, "a", t, 0x8000), EINVAL);
	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "a", abi_bad[0], 0),
		    EFAULT);
	OK(symlink("gone", "l"));
	OK(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(of("l").st_mtim.tv_sec, 1);
	t[0].tv_nsec = t[1].tv_nsec = UTIME_OMIT;
	/* Nothing to change is success even for a missing file. */
	OK(utimensat(AT_FDCWD, "none", t, 0));
}

ABI_CASE(chmod_modes)
{
	abi_write_file("a", "1");
	OK(chmod("a", 07777));
	CHECK_EQ(of("a").st_mode, S_IFREG | 07777);
	OK(chmod("a", 0));
	CHECK_EQ(of("a").st_mode, S_IFREG);
	OK(chmod("a", 0xffff8000 | 0644));
	CHECK_EQ(of("a").st_mode, S_IFREG | 0644);
	OK(fchmod(OK(open("a", O_RDONLY)), 0600));
	CHECK_EQ(of("a").st_mode & 07777, 0600);
	OK(mkdir("d", 0755));
	OK(chmod("d", 01777));
	CHECK_EQ(of("d").st_mode, S_IFDIR | 01777);
	OK(symlink("a", "l"));
	OK(chmod("l", 0640));
	CHECK_EQ(of("a").st_mode & 07777, 0640);
	CHECK_ERRNO(chmod("none", 0600), ENOENT);
	CHECK_ERRNO(fchmod(99, 0600), EBADF);
	CHECK_ERRNO(syscall(SYS_chmod, abi_bad[0], 0600), EFAULT);
}

ABI_CASE(chown_owners)
{
	abi_write_file("a", "1");
	OK(chown("a", 12, 34));
	CHECK_EQ(of("a").st_uid, 12);
	CHECK_EQ(of("a").st_gid, 34);
	OK(chown("a", -1, 35));
	CHECK_EQ(of("a").st_uid, 12);
	CHECK_EQ(of("a").st_gid, 35);
	OK(fchown(OK(open("a", O_RDONLY)), 0, -1));
	CHECK_EQ(of("a").st_uid, 0);
	OK(symlink("a", "l"));
	OK(lchown("l", 7, 7));
	CHECK_EQ(of("l").st_uid, 7);
	CHECK_EQ(of("a").st_uid, 0);
	OK(chown("l", 8, 8));
	CHECK_EQ(of("a").st_uid, 8);
	CHECK_ERRNO(chown("none", 1, 1), ENOENT);
	CHECK_ERRNO(fchown(99, 1, 1), EBADF);
	CHECK_ERRNO(fchownat(AT_FDCWD, "a", 1, 1, 0x8000000), EINVAL);
}

ABI_CASE(chown_clears_set_id_bits)
{
	abi_write_file("a", "1");
	OK(chmod("a", 06755));
	OK(chown("a", 5, 5));
	CHECK_EQ(of("a").st_mode & 07777, 0755);
}

ABI_CASE(set_gid_directory)
{
	OK(mkdir("d", 0755));
	OK(chown("d", 0, 77));
	OK(chmod("d", 02755));
	abi_write_file("d/a", "1");
	CHECK_EQ(of("d/a").st_gid, 77);
	OK(mkdir("d/e", 0755));
	CHECK_EQ(of("d/e").st_mode & 07777, 02755);
}

ABI_CASE(blocks_of_sparse_file)
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0600));
	OK(ftruncate(fd, 1 << 20));
	CHECK_EQ(of("a").st_blocks, 0);
	CHECK_EQ(pwrite(fd, "x", 1, 512 << 10), 1);
	CHECK_EQ(of("a").st_blocks, 8);
	CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
	CHECK_EQ(of("a").st_blocks, 16);
	OK(ftruncate(fd, 0));
	CHECK_EQ(of("a").st_blocks, 0);
}

ABI_CASE(inode_numbers_differ)
{
	abi_write_file("a", "1");
	abi_write_file("b", "1");
	OK(mkdir("d", 0755));
	CHECK(of("a").st_ino != of("b").st_ino);
	CHECK(of("a").st_ino != of("d").st_ino);
	CHECK_EQ(of("d/.").st_ino, of("d").st_ino);
	CHECK_EQ(of("d/..").st_ino, of(".").st_ino);
	CHECK(of("/proc").st_dev != of(".").st_dev);
}
