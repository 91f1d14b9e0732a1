/* SPDX-License-Identifier: BSD-3-Clause */

/* Advisory locks: ranges, owners, ends. */
#include <fs/vfs/tests/world.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/locks.h>

static struct file *file;

static void start(void)
{
	world_create();
	file = world_file("f", UAPI_O_RDWR | UAPI_O_CREAT);
}

static int set(int type, int64_t from, int64_t to, bool ofd)
{
	struct file_lock lock = {.type = type, .start = from, .end = to};

	return locks_set(file, &lock, ofd, false);
}

/* What another owner (OFD against POSIX and the reverse) would meet: the type,
 * or UAPI_F_UNLCK. */
static int other(int64_t at, bool ofd, struct file_lock *lock_out)
{
	struct file_lock lock = {.type = UAPI_F_WRLCK, .start = at, .end = at};

	EXPECT_EQ(locks_get(file, &lock, ofd), 0);
	if (lock_out != NULL) {
		*lock_out = lock;
	}
	return lock.type;
}

TEST(vfs_locks, ranges_split_and_join)
{
	struct file_lock found;

	start();
	EXPECT_EQ(set(UAPI_F_WRLCK, 10, 99, false), 0);
	EXPECT_EQ(set(UAPI_F_RDLCK, 40, 59, false), 0);
	EXPECT_EQ(other(39, true, &found), UAPI_F_WRLCK);
	EXPECT_EQ(found.start, 10);
	EXPECT_EQ(found.end, 39);
	EXPECT_EQ(found.pid, 1);
	EXPECT_EQ(other(40, true, &found), UAPI_F_RDLCK);
	EXPECT_EQ(found.end, 59);
	EXPECT_EQ(other(60, true, &found), UAPI_F_WRLCK);
	EXPECT_EQ(found.end, 99);
	EXPECT_EQ(set(UAPI_F_UNLCK, 50, 69, false), 0);
	EXPECT_EQ(other(50, true, NULL), UAPI_F_UNLCK);
	EXPECT_EQ(other(70, true, NULL), UAPI_F_WRLCK);
	EXPECT_EQ(set(UAPI_F_WRLCK, 0, 80, false), 0);
	EXPECT_EQ(other(5, true, &found), UAPI_F_WRLCK);
	EXPECT_EQ(found.start, 0);
	EXPECT_EQ(found.end, 99);
	EXPECT_EQ(set(UAPI_F_WRLCK, 100, LOCKS_TO_END, false), 0);
	EXPECT_EQ(other(5, true, &found), UAPI_F_WRLCK);
	EXPECT_EQ(found.end, LOCKS_TO_END);
	EXPECT_EQ(set(UAPI_F_UNLCK, 0, LOCKS_TO_END, false), 0);
	EXPECT_EQ(other(5, true, NULL), UAPI_F_UNLCK);
	file_put(file);
}

TEST(vfs_locks, owners)
{
	start();
	EXPECT_EQ(set(UAPI_F_RDLCK, 0, 9, false), 0);
	EXPECT_EQ(set(UAPI_F_RDLCK, 5, 9, true), 0);
	EXPECT_EQ(set(UAPI_F_WRLCK, 0, 4, true), -EAGAIN);
	EXPECT_EQ(set(UAPI_F_WRLCK, 0, 9, false), -EAGAIN);
	EXPECT_EQ(set(UAPI_F_WRLCK, 0, 4, false), 0);
	EXPECT_EQ(locks_flock(file, UAPI_LOCK_EX), 0); /* another world */
	EXPECT_EQ(set(7, 0, 4, false), -EINVAL);
	file_put(file);
	file = world_file("f", UAPI_O_RDONLY);
	EXPECT_EQ(set(UAPI_F_WRLCK, 0, 4, false), -EBADF);
	/* the OFD lock went with its file, the POSIX ones with no close */
	EXPECT_EQ(other(7, true, NULL), UAPI_F_RDLCK);
	EXPECT_EQ(fd_install(file, 0, false), 0);
	EXPECT_EQ(fd_close(0), 0);
	file = world_file("f", UAPI_O_RDWR);
	EXPECT_EQ(other(7, true, NULL), UAPI_F_UNLCK);
	file_put(file);
}

TEST(vfs_locks, flock)
{
	struct file *second;

	start();
	second = world_file("f", UAPI_O_RDONLY);
	EXPECT_EQ(locks_flock(file, UAPI_LOCK_SH), 0);
	EXPECT_EQ(locks_flock(second, UAPI_LOCK_SH | UAPI_LOCK_NB), 0);
	EXPECT_EQ(locks_flock(second, UAPI_LOCK_EX | UAPI_LOCK_NB), -EAGAIN);
	EXPECT_EQ(locks_flock(file, UAPI_LOCK_UN), 0);
	EXPECT_EQ(locks_flock(second, UAPI_LOCK_EX | UAPI_LOCK_NB), 0);
	EXPECT_EQ(locks_flock(file, UAPI_LOCK_SH | UAPI_LOCK_NB), -EAGAIN);
	file_put(second);
	EXPECT_EQ(locks_flock(file, UAPI_LOCK_SH | UAPI_LOCK_NB), 0);
	EXPECT_EQ(locks_flock(file, 0), -EINVAL);
	file_put(file);
}

TEST(vfs_locks, resolve)
{
	struct file_lock lock;

	start();
	EXPECT_EQ(file_write_kernel(file, "0123456789", 10, 0), 10);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_END, -4, 2, &lock), 0);
	EXPECT_EQ(lock.start, 6);
	EXPECT_EQ(lock.end, 7);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_SET, 5, -3, &lock), 0);
	EXPECT_EQ(lock.start, 2);
	EXPECT_EQ(lock.end, 4);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_SET, 5, 0, &lock), 0);
	EXPECT_EQ(lock.end, LOCKS_TO_END);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_SET, -1, 0, &lock), -EINVAL);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_SET, 1, -2, &lock), -EINVAL);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_END, INT64_MAX, 0, &lock),
		  -EOVERFLOW);
	EXPECT_EQ(locks_resolve(file, UAPI_SEEK_SET, 2, INT64_MAX, &lock),
		  -EOVERFLOW);
	EXPECT_EQ(locks_resolve(file, 9, 2, 1, &lock), -EINVAL);
	file_put(file);
}
