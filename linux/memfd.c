/* SPDX-License-Identifier: BSD-3-Clause */

/* memfd_create(2): a file of fs/vfs without name. */
#include <linux/syscall.h>

#include <lib/string.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#define MFD_CLOEXEC	  0x0001u
#define MFD_ALLOW_SEALING 0x0002u
#define MFD_NOEXEC_SEAL	  0x0008u
#define MFD_EXEC	  0x0010u
#define MFD_NAME_SIZE	  250 /* NUL included */

/* A fresh file becomes one that cannot be executed, for good. */
static int seal_exec(struct file *file)
{
	struct kstat stat = {.mode = 0666};
	int err = file_setattr(file, &stat, KSTAT_SET_MODE);

	return err < 0 ? err : file_add_seals(file, UAPI_F_SEAL_EXEC);
}

/* Huge pages are not offered: EINVAL, as older Linux. */
long sys_memfd_create(const char USER *user_name, unsigned flags)
{
	char name[MFD_NAME_SIZE];
	struct file *file;
	ssize_t length;
	int err;

	if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC |
		       MFD_NOEXEC_SEAL)) != 0 ||
	    (flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) ==
		    (MFD_EXEC | MFD_NOEXEC_SEAL)) {
		return -EINVAL;
	}
	length = user_copy_string(name, user_name, sizeof(name));
	if (length < 0) {
		return length == -ENAMETOOLONG ? -EINVAL : length;
	}
	err = vfs_memory_file(
		name, (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) != 0,
		&file);
	if (err < 0) {
		return err;
	}
	if ((flags & MFD_NOEXEC_SEAL) != 0) {
		err = seal_exec(file);
		if (err < 0) {
			file_put(file);
			return err;
		}
	}
	err = fd_install(file, 0, (flags & MFD_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}
