/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Files without a name (memfd_create) and their seals.
 *
 * They live on a tmpfs that is mounted nowhere and made when it is first
 * needed.
 */
#include <vfs/path.h>

#include <fs/ramfs/internal.h>
#include <fs/vfs/internal.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <ramfs/ramfs.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>

#define PREFIX "memfd:"
#define KNOWN_SEALS                                                            \
	(UAPI_F_SEAL_SEAL | UAPI_F_SEAL_SHRINK | UAPI_F_SEAL_GROW |            \
	 UAPI_F_SEAL_WRITE | UAPI_F_SEAL_FUTURE_WRITE | UAPI_F_SEAL_EXEC)

static struct mutex memory_lock = MUTEX_INIT(memory_lock, "memory_file");
static struct mount *memory_mount; /* [memory_lock] one reference, for ever */

static int get_mount(struct mount **mount_out)
{
	const struct filesystem_type *type = filesystem_find("tmpfs");
	struct superblock *superblock;
	int err = 0;

	if (type == NULL) {
		return -ENODEV;
	}
	mutex_lock(&memory_lock);
	if (memory_mount == NULL) {
		err = ramfs_mount(type, NULL, "size=0", &superblock);
		if (err == 0) {
			memory_mount = mount_create_internal(superblock);
			err = memory_mount == NULL ? -ENOMEM : 0;
		}
	}
	*mount_out = memory_mount;
	mutex_unlock(&memory_lock);
	return err;
}

int vfs_memory_file(const char *name, bool sealable, struct file **file_out)
{
	char text[NAME_MAX_LENGTH + 1];
	struct path path;
	struct inode *inode;
	int length = ksnprintf(text, sizeof(text), PREFIX "%s", name);
	int err;

	if (length >= (int)sizeof(text)) {
		return -EINVAL;
	}
	err = get_mount(&path.mount);
	if (err < 0) {
		return err;
	}
	err = ramfs_inode_create(path.mount->superblock, NULL,
				 MODE_REGULAR | 0777, 0, &inode);
	if (err < 0) {
		return err;
	}
	inode->link_count = 0;
	inode->seals = sealable ? 0 : UAPI_F_SEAL_SEAL;
	path.dentry = dentry_create(NULL, path.mount->superblock, text,
				    (size_t)length, inode);
	if (path.dentry == NULL) {
		inode_put(inode);
		return -ENOMEM;
	}
	err = vfs_open_path(&path, UAPI_O_RDWR, file_out);
	dentry_put(path.dentry);
	return err;
}

/* --- seals
 * ------------------------------------------------------------------------ */

static bool can_have_seals(const struct file *file)
{
	return file->inode != NULL && inode_is_regular(file->inode) &&
	       ramfs_is_inode(file->inode);
}

int file_get_seals(struct file *file)
{
	return can_have_seals(file) ? (int)READ_ONCE(file->inode->seals)
				    : -EINVAL;
}

int file_add_seals(struct file *file, unsigned seals)
{
	struct inode *inode = file->inode;
	int err = 0;

	if (!can_have_seals(file) || (seals & ~(unsigned)KNOWN_SEALS) != 0) {
		return -EINVAL;
	}
	if ((file->mode & FILE_WRITE) == 0) {
		return -EPERM;
	}
	mutex_lock(&inode->lock);
	if ((seals & UAPI_F_SEAL_EXEC) != 0 && (inode->mode & 0111) != 0) {
		seals |= UAPI_F_SEAL_SHRINK | UAPI_F_SEAL_GROW |
			 UAPI_F_SEAL_WRITE | UAPI_F_SEAL_FUTURE_WRITE;
	}
	if ((inode->seals & UAPI_F_SEAL_SEAL) != 0) {
		err = -EPERM;
	} else if ((seals & ~inode->seals & UAPI_F_SEAL_WRITE) != 0 &&
		   page_cache_has_writable_mapping(&inode->cache)) {
		err = -EBUSY;
	} else {
		WRITE_ONCE(inode->seals, inode->seals | seals);
	}
	mutex_unlock(&inode->lock);
	return err;
}
