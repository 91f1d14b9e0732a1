/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What a VMA maps when it is not anonymous: a file's page cache, shared
 * anonymous memory, a device.  Embedded in its owner (struct file embeds
 * one), so core/mm needs to know nothing of files.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;
struct page_cache;
struct vma;
struct vm_object;

struct vm_object_ops {
	/* References to the owner; one per VMA. */
	void (*get)(struct vm_object *object);
	void (*put)(struct vm_object *object);
	/*
	 * The page with this number, referenced and up to date; the caller puts
	 * it.  0, -ERANGE (beyond the end: SIGBUS), -EIO, -ENOMEM.  May sleep.
	 * NULL when `cache` is set: the page cache answers.
	 */
	int (*page)(struct vm_object *object, uint64_t index,
		    struct page **page_out);
	/* First write to a shared page: the filesystem may refuse (-EROFS,
	 * -ENOSPC).  NULL: fine. */
	int (*make_writable)(struct vm_object *object, struct page *page);
	/* Pages were written through a shared mapping since the last call: at
	 * msync() and when the mapping goes (file times).  May sleep; no locks
	 * held.  NULL: nobody cares. */
	void (*written)(struct vm_object *object);
	/* For /proc/PID/maps: path as there; returns length like snprintf. */
	size_t (*name)(struct vm_object *object, char *buf, size_t size);
	void (*identity)(struct vm_object *object, uint64_t *dev_out,
			 uint64_t *ino_out);
};

struct vm_object {
	const struct vm_object_ops *ops; /* [I] */
	struct page_cache *cache;	 /* [I] NULL: ops->page */
};

/* Shared anonymous memory (MAP_SHARED|MAP_ANONYMOUS, SysV shm, /dev/zero):
 * an object with its own cache.  One reference.  0 or -ENOMEM. */
int vm_object_create_shared(size_t size, struct vm_object **object_out);
