/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Advisory locks on files: fcntl(2) locks of processes (owner: the descriptor
 * table) and of open file descriptions, flock(2).
 */
#include <stdbool.h>
#include <stdint.h>

struct file;

#define LOCKS_TO_END INT64_MAX

struct file_lock {
	int type;	    /* UAPI_F_RDLCK, UAPI_F_WRLCK, UAPI_F_UNLCK */
	int64_t start, end; /* bytes, end included */
	int pid;	    /* of the holder; -1: an open file description */
};

/*
 * The bytes that struct flock means: whence UAPI_SEEK_*, length 0 to the end,
 * negative backwards.  0, -EINVAL, -EOVERFLOW.
 */
int locks_resolve(struct file *file, int whence, int64_t start, int64_t length,
		  struct file_lock *lock_out);

/*
 * F_SETLK and F_SETLKW (wait), F_OFD_SETLK and F_OFD_SETLKW (ofd): 0, -EAGAIN
 * (somebody else's), -EBADF (not open for it), -EDEADLK, -ERESTARTSYS, -ENOLCK,
 * -EINVAL (type).
 */
int locks_set(struct file *file, const struct file_lock *lock, bool ofd,
	      bool wait);

/* F_GETLK: the first lock that is in the way is put into *lock; none: its
 * type becomes UAPI_F_UNLCK. */
int locks_get(struct file *file, struct file_lock *lock, bool ofd);

/* flock(2): UAPI_LOCK_*.  0, -EAGAIN, -ERESTARTSYS, -EINVAL, -ENOLCK. */
int locks_flock(struct file *file, int operation);
