/* SPDX-License-Identifier: BSD-3-Clause */
/* Files, folders, links, locks, attributes, /proc. */
#include "failure.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct stat st;

/* A call that failed has made nothing. */
static void made(long result, const char *name)
{
	if (result < 0) {
		CHECK_ERRNO(lstat(name, &st), ENOENT);
	} else {
		OK(remove(name));
	}
}

static void file_of(const char *name, size_t size)
{
	a = (int)OK(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
	for (size_t done = 0; done < size; done += sizeof(big)) {
		OK(write(a, big, sizeof(big)));
	}
	OK(lseek(a, 0, SEEK_SET));
}

static void drop_file(void)
{
	OK(close(a));
	OK(unlink("f"));
}

TRIAL(creat_, (void)0, open("f", O_RDWR | O_CREAT | O_EXCL, 0600),
      (close_fd(r), made(r, "f")))
TRIAL(open_, file_of("f", 0), open("f", O_RDWR), (close_fd(r), drop_file()))
TRIAL(open_truncate, file_of("f", 1), open("f", O_RDWR | O_TRUNC),
      (close_fd(r), drop_file()))
TRIAL(open_read_only_root, (void)0, open("/etc/passwd", O_RDONLY), close_fd(r))
TRIAL_FD(open_unnamed, open(".", O_TMPFILE | O_RDWR, 0600))
TRIAL(mkdir_, (void)0, mkdir("d", 0700), made(r, "d"))
TRIAL(mkdir_long, (void)0,
      mkdir("a-name-that-does-not-fit-into-a-dentry-itself-and-needs-memory-of-"
	    "its-own",
	    0700),
      made(r,
	   "a-name-that-does-not-fit-into-a-dentry-itself-and-needs-memory-of-"
	   "its-own"))
TRIAL(symlink_, (void)0, symlink("/some/where/else/that/is/long", "l"),
      made(r, "l"))
TRIAL(mkfifo_, (void)0, mkfifo("p", 0600), made(r, "p"))
TRIAL(mknod_, (void)0, mknod("n", S_IFREG | 0600, 0), made(r, "n"))
TRIAL(link_, file_of("f", 0), link("f", "l"), (made(r, "l"), drop_file()))

static void after_rename(long r)
{
	CHECK_ERRNO(lstat(r < 0 ? "g" : "f", &st), ENOENT);
	OK(lstat(r < 0 ? "f" : "g", &st));
	if (r == 0) {
		OK(rename("g", "f"));
	}
	drop_file();
}
TRIAL(rename_, file_of("f", 0), rename("f", "g"), after_rename(r))

TRIAL(unlink_, file_of("f", 1), unlink("f"),
      (OK(close(a)), r < 0 ? OK(unlink("f")) : 0))
TRIAL(rmdir_, OK(mkdir("d", 0700)), rmdir("d"), r < 0 ? OK(rmdir("d")) : 0)
TRIAL(stat_, (void)0, stat("/etc/passwd", &st), (void)0)
TRIAL(access_, (void)0, access("/usr/bin", R_OK), (void)0)
TRIAL(getcwd_, (void)0, syscall(SYS_getcwd, big, sizeof(big)), (void)0)
TRIAL(chdir_, OK(mkdir("d", 0700)), chdir("d"),
      (r == 0 ? OK(chdir("..")) : 0, OK(rmdir("d"))))
TRIAL(readlink_, OK(symlink("x", "l")), readlink("l", big, sizeof(big)),
      OK(unlink("l")))
TRIAL(readlink_proc, (void)0, readlink("/proc/self/exe", big, sizeof(big)),
      (void)0)
TRIAL(truncate_up, file_of("f", 1), ftruncate(a, 1 << 20), drop_file())
TRIAL(truncate_down, file_of("f", 1), ftruncate(a, 5000), drop_file())
TRIAL(fallocate_, file_of("f", 0), fallocate(a, 0, 0, 1 << 16), drop_file())
TRIAL(punch, file_of("f", 1),
      fallocate(a, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192),
      drop_file())
TRIAL(write_, file_of("f", 0), write(a, big, sizeof(big)), drop_file())
TRIAL(write_far, file_of("f", 0), pwrite(a, big, 1, 1L << 32), drop_file())
TRIAL(read_, file_of("f", 1), read(a, big, sizeof(big)), drop_file())
TRIAL(read_hole, (file_of("f", 0), OK(ftruncate(a, 65536))),
      read(a, big, sizeof(big)), drop_file())
TRIAL(chmod_, file_of("f", 0), fchmod(a, 0644), drop_file())
TRIAL(utimens_, file_of("f", 0), futimens(a, NULL), drop_file())
TRIAL(fsync_, file_of("f", 1), fsync(a), drop_file())
TRIAL(setxattr_, file_of("f", 0),
      fsetxattr(a, "user.name", big, 1000, XATTR_CREATE), drop_file())
TRIAL(getxattr_, (file_of("f", 0), OK(fsetxattr(a, "user.n", big, 100, 0))),
      fgetxattr(a, "user.n", big, sizeof(big)), drop_file())
TRIAL(listxattr_, (file_of("f", 0), OK(fsetxattr(a, "user.n", big, 100, 0))),
      flistxattr(a, big, sizeof(big)), drop_file())
TRIAL(removexattr_, (file_of("f", 0), OK(fsetxattr(a, "user.n", big, 99, 0))),
      fremovexattr(a, "user.n"), drop_file())
TRIAL(flock_, file_of("f", 0), flock(a, LOCK_EX), drop_file())

static struct flock lock_of(short type, off_t from, off_t size)
{
	struct flock lock = {.l_type = type,
			     .l_whence = SEEK_SET,
			     .l_start = from,
			     .l_len = size};
	return lock;
}

static long set_lock(int command, short type, off_t from, off_t size)
{
	struct flock lock = lock_of(type, from, size);
	return fcntl(a, command, &lock);
}
TRIAL(lock_posix, file_of("f", 0), set_lock(F_SETLK, F_WRLCK, 0, 100),
      drop_file())
TRIAL(lock_open_file, file_of("f", 0), set_lock(F_OFD_SETLK, F_WRLCK, 0, 100),
      drop_file())
TRIAL(unlock_middle, (file_of("f", 0), OK(set_lock(F_SETLK, F_WRLCK, 0, 100))),
      set_lock(F_SETLK, F_UNLCK, 40, 10), drop_file())

TRIAL(dup_, file_of("f", 0), dup(a), (close_fd(r), drop_file()))
TRIAL(dup_far, file_of("f", 0), fcntl(a, F_DUPFD, 900),
      (close_fd(r), drop_file()))
TRIAL(copy_range,
      (file_of("f", 1), b = (int)OK(open("g", O_RDWR | O_CREAT, 0600))),
      copy_file_range(a, NULL, b, NULL, 30000, 0),
      (OK(close(b)), OK(unlink("g")), drop_file()))
TRIAL(sendfile_,
      (file_of("f", 1), b = (int)OK(open("g", O_RDWR | O_CREAT, 0600))),
      sendfile(b, a, NULL, 30000), (OK(close(b)), OK(unlink("g")), drop_file()))
TRIAL(inotify_new, (void)0, inotify_init1(IN_CLOEXEC), close_fd(r))
TRIAL(inotify_add, a = (int)OK(inotify_init1(IN_NONBLOCK)),
      inotify_add_watch(a, ".", IN_CREATE), OK(close(a)))
TRIAL(inotify_event,
      (b = (int)OK(inotify_init1(IN_NONBLOCK)),
       OK(inotify_add_watch(b, ".", IN_CREATE))),
      mkdir("d", 0700), (made(r, "d"), OK(close(b))))
TRIAL(getdents_, a = (int)OK(open("/", O_RDONLY | O_DIRECTORY)),
      syscall(SYS_getdents64, a, big, sizeof(big)), OK(close(a)))
TRIAL(getdents_proc, a = (int)OK(open("/proc", O_RDONLY | O_DIRECTORY)),
      syscall(SYS_getdents64, a, big, sizeof(big)), OK(close(a)))
TRIAL(getdents_fds, a = (int)OK(open("/proc/self/fd", O_RDONLY | O_DIRECTORY)),
      syscall(SYS_getdents64, a, big, sizeof(big)), OK(close(a)))
TRIAL_FD(open_proc, open("/proc/self/status", O_RDONLY))
TRIAL_FD(open_proc_fd, open("/proc/self/fd/0", O_RDONLY))

#define TRIAL_PROC(id, path)                                                   \
	TRIAL(id, a = (int)OK(open(path, O_RDONLY)),                           \
	      read(a, big, sizeof(big)), OK(close(a)))
TRIAL_PROC(proc_status, "/proc/self/status")
TRIAL_PROC(proc_stat, "/proc/self/stat")
TRIAL_PROC(proc_maps, "/proc/self/maps")
TRIAL_PROC(proc_smaps, "/proc/self/smaps")
TRIAL_PROC(proc_cmdline, "/proc/self/cmdline")
TRIAL_PROC(proc_environ, "/proc/self/environ")
TRIAL_PROC(proc_mountinfo, "/proc/self/mountinfo")
TRIAL_PROC(proc_meminfo, "/proc/meminfo")
TRIAL_PROC(proc_cpuinfo, "/proc/cpuinfo")
TRIAL_PROC(proc_sem, "/proc/sys/kernel/pid_max")
TRIAL_PROC(sys_online, "/sys/devices/system/cpu/online")

TRIAL(mount_, OK(mkdir("m", 0700)), mount("t", "m", "tmpfs", 0, "size=64k"),
      (r == 0 ? OK(umount("m")) : 0, OK(rmdir("m"))))
TRIAL(umount_, (OK(mkdir("m", 0700)), OK(mount("t", "m", "tmpfs", 0, NULL))),
      umount("m"), (r < 0 ? OK(umount("m")) : 0, OK(rmdir("m"))))
