/* SPDX-License-Identifier: BSD-3-Clause */

/* See world.h. */
#include <fs/vfs/tests/world.h>

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>

struct process world_process;
static struct thread world_thread;

void world_become(uint32_t uid)
{
	struct credentials *who = &world_process.credentials;

	credentials_init_root(who);
	if (uid != 0) {
		who->uid = who->euid = who->suid = who->fsuid = uid;
		who->gid = who->egid = who->sgid = who->fsgid = uid;
		who->cap_effective = 0;
		who->cap_permitted = 0;
	}
}

void world_create(void)
{
	struct path root;

	percpu(thread_running) = &world_thread; /* of the kernel, for now */
	EXPECT_EQ(vfs_mount("ramfs", "/", "ramfs", 0, ""), 0);
	EXPECT_EQ(path_lookup(PATH_AT_CWD, "/", 0, &root), 0);
	world_process.pid = 1;
	world_process.thread_count = 1;
	spinlock_init(&world_process.lock, "process");
	rlimits_init(&world_process.rlimits);
	world_process.files = file_table_create();
	world_process.fs = fs_context_create(&root);
	path_put(&root);
	world_become(0);
	world_thread.process = &world_process;
}

int world_write(const char *path, const char *text)
{
	struct file *file;
	ssize_t written;
	int err = vfs_open(PATH_AT_CWD, path,
			   UAPI_O_WRONLY | UAPI_O_CREAT | UAPI_O_TRUNC, 0644,
			   WALK_FOLLOW, &file);

	if (err < 0) {
		return err;
	}
	written = file_write_kernel(file, text, strlen(text), 0);
	file_put(file);
	return written < 0 ? (int)written : 0;
}

int world_read(const char *path, char *buf, size_t size)
{
	struct file *file;
	ssize_t got;
	int err = vfs_open(PATH_AT_CWD, path, UAPI_O_RDONLY, 0, WALK_FOLLOW,
			   &file);

	if (err < 0) {
		return err;
	}
	memset(buf, 0, size);
	got = file_read_kernel(file, buf, size - 1, 0);
	file_put(file);
	return (int)got;
}

int world_open(const char *path, int flags)
{
	struct file *file;
	int err = vfs_open(PATH_AT_CWD, path, flags, 0644, WALK_FOLLOW, &file);

	if (err == 0) {
		file_put(file);
	}
	return err;
}

struct file *world_file(const char *path, int flags)
{
	struct file *file = NULL;

	EXPECT_EQ(vfs_open(PATH_AT_CWD, path, flags, 0644, WALK_FOLLOW, &file),
		  0);
	return file;
}

int world_lookup(const char *path, unsigned walk_flags)
{
	struct path place;
	int err = path_lookup(PATH_AT_CWD, path, walk_flags, &place);

	if (err == 0) {
		path_put(&place);
	}
	return err;
}

int world_stat(const char *path, struct kstat *stat)
{
	struct path place;
	int err = path_lookup(PATH_AT_CWD, path, WALK_FOLLOW, &place);

	if (err == 0) {
		err = vfs_stat(&place, stat);
		path_put(&place);
	}
	return err;
}

int world_chdir(const char *path)
{
	struct path place;
	int err = path_lookup(PATH_AT_CWD, path, WALK_FOLLOW | WALK_DIRECTORY,
			      &place);

	if (err == 0) {
		fs_context_set_cwd(world_process.fs, &place);
		path_put(&place);
	}
	return err;
}

int world_chroot(const char *path)
{
	struct path place;
	int err = path_lookup(PATH_AT_CWD, path, WALK_FOLLOW | WALK_DIRECTORY,
			      &place);

	if (err == 0) {
		fs_context_set_root(world_process.fs, &place);
		path_put(&place);
	}
	return err;
}
