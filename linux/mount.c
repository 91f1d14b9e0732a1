/* SPDX-License-Identifier: BSD-3-Clause */

/* mount(2) and umount2(2): strings in, then fs/vfs/mount.c. */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/path.h>

#define MOUNT_MAGIC	 0xc0ed0000ul /* of old programs, in the upper half */
#define MOUNT_MAGIC_MASK 0xffff0000ul
#define TYPE_SIZE	 64

/* Optional strings: NULL becomes "". */
static int copy_optional(const char USER *from, size_t size, char **text_out)
{
	char *text = kzalloc(size);
	ssize_t length = 0;

	*text_out = text;
	if (text == NULL) {
		return -ENOMEM;
	}
	if (from != NULL) {
		length = user_copy_string(text, from, size);
	}
	if (length < 0) {
		kfree(text);
		return length == -ENAMETOOLONG ? -EINVAL : (int)length;
	}
	return 0;
}

static long do_mount(const char USER *source, const char USER *target,
		     const char *type, unsigned flags, const char *options)
{
	char *source_text;
	char *target_text;
	int err = copy_optional(source, PATH_MAX_SIZE, &source_text);

	if (err < 0) {
		return err;
	}
	err = path_copy_in(target, false, &target_text);
	if (err == 0) {
		err = vfs_mount(source_text, target_text, type, flags, options);
		path_free(target_text);
	}
	kfree(source_text);
	return err;
}

long sys_mount(const char USER *source, const char USER *target,
	       const char USER *type, unsigned long flags,
	       const void USER *data)
{
	char *type_text;
	char *options;
	long err;

	if ((flags & MOUNT_MAGIC_MASK) == MOUNT_MAGIC) {
		flags &= ~MOUNT_MAGIC_MASK;
	}
	if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	err = copy_optional(type, TYPE_SIZE, &type_text);
	if (err < 0) {
		return err == -EINVAL ? -ENODEV : err;
	}
	err = copy_optional(data, PAGE_SIZE, &options);
	if (err == 0) {
		err = do_mount(source, target, type_text, (unsigned)flags,
			       options);
		kfree(options);
	}
	kfree(type_text);
	return err;
}

long sys_umount2(const char USER *target, int flags)
{
	char *path;
	int err;

	if ((flags & ~(UAPI_MNT_FORCE | UAPI_MNT_DETACH | UAPI_MNT_EXPIRE |
		       UAPI_UMOUNT_NOFOLLOW)) != 0) {
		return -EINVAL;
	}
	if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	err = path_copy_in(target, false, &path);
	if (err < 0) {
		return err;
	}
	err = vfs_unmount(path, flags);
	path_free(path);
	return err;
}
