/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ioctl(2): the commands that concern descriptors and regular files are
 * answered here, all others by the file.
 */
#include <linux/syscall.h>

#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/ioctl.h>
#include <vfs/file.h>
#include <vfs/inode.h>

/* FIONBIO, FIOASYNC: a flag by the int that arg points to. */
static long set_flag(int fd, struct file *file, unsigned long arg,
		     unsigned flag)
{
	uint32_t on;
	unsigned flags = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);

	if (user_get_u32(&on, (const void USER *)arg) < 0) {
		return -EFAULT;
	}
	if (flag == UAPI_O_ASYNC && (on != 0) != ((flags & flag) != 0) &&
	    !file->ops->sends_sigio) {
		return -ENOTTY;
	}
	flags = on != 0 ? flags | flag : flags & ~flag;
	return file_set_flags(file, fd, flags);
}

static long put_remaining(struct file *file, unsigned long arg)
{
	int64_t size = (int64_t)file->inode->cache.size;
	int64_t left = size - file->position;

	if (left < 0) {
		left = 0;
	}
	return user_put_u32((void USER *)arg,
			    left > INT32_MAX ? INT32_MAX : (uint32_t)left);
}

static long do_ioctl(int fd, struct file *file, unsigned command,
		     unsigned long arg)
{
	bool regular = file->inode != NULL && inode_is_regular(file->inode);
	bool directory = file->inode != NULL && inode_is_dir(file->inode);

	switch (command) {
	case UAPI_FIOCLEX:
		return fd_set_cloexec(fd, true);
	case UAPI_FIONCLEX:
		return fd_set_cloexec(fd, false);
	case UAPI_FIONBIO:
		return set_flag(fd, file, arg, UAPI_O_NONBLOCK);
	case UAPI_FIOASYNC:
		return set_flag(fd, file, arg, UAPI_O_ASYNC);
	case UAPI_FIGETBSZ:
		/* of what has no blocks it is 0, as on Linux */
		return user_put_u32((void USER *)arg,
				    file->inode == NULL ? 0 : 4096);
	case UAPI_FIOQSIZE:
		return regular || directory
			       ? user_put_u64((void USER *)arg,
					      file->inode->cache.size)
			       : -ENOTTY;
	case UAPI_FIONREAD:
		if (regular && file->ops->ioctl == NULL) {
			return put_remaining(file, arg);
		}
		break;
	default:
		break;
	}
	return file_ioctl(file, command, arg);
}

long sys_ioctl(int fd, unsigned command, unsigned long arg)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = do_ioctl(fd, ref.file, command, arg);
	fd_put(ref);
	return result;
}
