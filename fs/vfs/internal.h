/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files of fs/vfs share with each other only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>
#include <vfs/path.h>

/* --- dcache.c --------------------------------------------------------- */

/*
 * A fresh, unhashed dentry with one reference; takes a reference to the
 * parent and takes over that to the inode (NULL: negative) on success.
 * parent NULL: its own parent (a root, a file without path).
 */
struct dentry *dentry_create(struct dentry *parent,
			     struct superblock *superblock, const char *name,
			     size_t length, struct inode *inode);

/* The hashed child, referenced, or NULL.  No lock needed, does not sleep. */
struct dentry *dentry_find(struct dentry *parent, const char *name,
			   size_t length);

/* Makes it findable; the parent's inode lock is held. */
void dentry_hash(struct dentry *dentry);
/* Takes it out of the cache for ever: deleted. */
void dentry_unhash(struct dentry *dentry);
/* Gives a negative dentry its inode (reference taken over) and hashes it. */
void dentry_instantiate(struct dentry *dentry, struct inode *inode);

/* A name made ready for dentry_move(); NULL: no memory. */
struct dentry_name;
struct dentry_name *dentry_name_create(const char *name, size_t length);
void dentry_name_free(struct dentry_name *name);
/* Gives it a new parent and name (taken over); both directories locked. */
void dentry_move(struct dentry *dentry, struct dentry *new_parent,
		 struct dentry_name *name);
/* Exchanges the places of two hashed dentries; the names are b's for a and
 * a's for b (taken over). */
void dentry_swap(struct dentry *a, struct dentry *b, struct dentry_name *for_a,
		 struct dentry_name *for_b);

/* True when `ancestor` is the dentry or above it. */
bool dentry_is_below(const struct dentry *dentry,
		     const struct dentry *ancestor);
/* Has positive children; for rmdir of memory filesystems. */
bool dentry_has_children(struct dentry *dentry);
/* The parent, referenced. */
struct dentry *dentry_parent(struct dentry *dentry);
/* Drops what the cache holds of a filesystem that is going. */
void dcache_drop_superblock(struct superblock *superblock);

/* --- mount.c ---------------------------------------------------------- */

void mount_get(struct mount *mount);
void mount_put(struct mount *mount); /* may sleep */
/* Replaces a path whose dentry is covered by what is mounted there (again
 * and again); true when it changed. */
bool mount_cross(struct path *path);
/* The root mount's root, referenced; -ENOENT before one exists. */
int mount_root_path(struct path *path_out);
/* Something is mounted on this very mount and dentry. */
bool mount_is_point(const struct path *path);

/* --- walk.c ------------------------------------------------------------ */

struct walk_link {
	char *buffer;	     /* target, when it had to be read */
	struct inode *inode; /* that keeps the target, else NULL */
	const char *rest;    /* what follows the link in the outer path */
};

/* A walk under way; see walk.c. */
struct walk {
	struct path path; /* reached; references */
	struct path root; /* references */
	struct path start;
	unsigned flags;	     /* WALK_* */
	unsigned link_count; /* symlinks followed so far */
	unsigned depth;	     /* entries of links in use */
	const char *rest;    /* not yet walked */
	const char *last;    /* component, not NUL-terminated */
	size_t last_length;
	enum path_last last_type;
	bool slash; /* slashes follow the last component */
	struct walk_link links[SYMLINK_DEPTH_MAX];
};

/* 0 or an error; walk_end() is needed only after success. */
int walk_start(struct walk *walk, int dir_fd, const char *path, unsigned flags);
void walk_end(struct walk *walk);
/* Goes on to the directory of the last component. */
int walk_to_parent(struct walk *walk);
/* Enters the last component.  0: walk->path is the result (it may be
 * negative only if the error would be -ENOENT: never).  1: it was a symlink
 * to follow: continue with walk_to_parent(). */
int walk_last(struct walk *walk);
/* What is at the last component was found by the caller: enters it
 * (takes over the reference); results as walk_last(). */
int walk_enter(struct walk *walk, struct dentry *dentry);
/* Looks a name up below a directory; may be negative.  0 or an error. */
int walk_child(struct dentry *parent, const char *name, size_t length,
	       struct dentry **dentry_out);
/* The same with the directory's inode lock held. */
int walk_child_locked(struct dentry *parent, const char *name, size_t length,
		      struct dentry **dentry_out);

/* --- open.c, namei.c ---------------------------------------------------- */

/* New entries: write and search permission in the directory. */
int namei_may_create(struct inode *dir);
int namei_may_delete(struct inode *dir, struct dentry *victim, bool directory);
/* Locks a directory for changes: -ENOENT when it was removed meanwhile. */
int namei_lock_dir(struct inode *dir);

/* --- locks.c ------------------------------------------------------------ */

struct file_table;
/* A descriptor was closed: POSIX locks of that table on the file go. */
void locks_close(struct file *file, struct file_table *owner);
/* The description goes: flock and OFD locks. */
void locks_release(struct file *file);
void locks_free_inode(struct inode *inode);

/* --- special.c ----------------------------------------------------------- */

/* Installs the operations of a device, FIFO or socket node. */
int special_open(struct inode *inode, struct file *file);
