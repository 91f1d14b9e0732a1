/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files of fs/vfs share with each other only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>
#include <vfs/path.h>

/* --- dcache.c --------------------------------------------------------- */

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
/* Around reading several names and parents in a read section: true means that
 * a rename came in between. */
uint32_t dcache_read_begin(void);
bool dcache_read_retry(uint32_t start);
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
/* The mount on this very mount and dentry, referenced, or NULL. */
struct mount *mount_find(const struct mount *parent,
			 const struct dentry *point);
/* A mount that is nowhere yet; then its place, which takes it over. */
int mount_make(const char *source, const char *type, unsigned flags,
	       const char *options, struct mount **mount_out);
int mount_attach(struct mount *mount, const struct path *place);
/* A mount outside the tree, for files without a place in it; takes over the
 * reference to the superblock.  NULL: no memory. */
struct mount *mount_create_internal(struct superblock *superblock);

/* --- mount_later.c ----------------------------------------------------- */

/* A walk is at a place with mount_count > 0 where mount_find() finds nothing:
 * what waits for that is mounted now.  Referenced, or NULL. */
struct mount *mount_now(const struct path *place);
void mount_all_now(void);

/* --- walk.c ------------------------------------------------------------ */

struct walk_link {
	char *buffer;	     /* target, when it had to be read */
	struct inode *inode; /* that keeps the target, else NULL */
	const char *rest;    /* what follows the link in the outer path */
};

/* A walk under way; see walk.c. */
struct walk {
	struct path path;    /* reached; references */
	struct path root;    /* references; mount NULL: not needed yet */
	unsigned flags;	     /* WALK_* */
	unsigned link_count; /* symlinks followed so far */
	unsigned depth;	     /* entries of links in use */
	const char *rest;    /* not yet walked */
	const char *last;    /* component, not NUL-terminated */
	size_t last_length;
	enum path_last last_type;
	bool slash; /* the result must be a directory: "x/" */
	struct walk_link links[SYMLINK_DEPTH_MAX];
};

/* 0 or an error.  After 0, also when later steps fail: walk_end(). */
int walk_start(struct walk *walk, int dir_fd, const char *path, unsigned flags);
void walk_end(struct walk *walk);
/* Goes on to the directory of the last component, which may be searched. */
int walk_to_parent(struct walk *walk);
/* Enters the last component.  0: walk->path is the result.  1: it was a symlink
 * to follow: continue with walk_to_parent(). */
int walk_last(struct walk *walk);
/* What is at the last component was found by the caller: enters it (positive;
 * takes over the reference); results as walk_last(). */
int walk_enter(struct walk *walk, struct dentry *dentry);
/* Looks a name up below a directory.  0 and a positive dentry, -ENOENT, or
 * another error. */
int walk_child(struct dentry *parent, const char *name, size_t length,
	       struct dentry **dentry_out);
/* With the directory's inode lock held; a name that is not there gives a
 * negative dentry. */
int walk_child_locked(struct dentry *parent, const char *name, size_t length,
		      struct dentry **dentry_out);

/* --- file.c -------------------------------------------------------------- */

/* An empty file with one reference, ops NULL; NULL: no memory or too many. */
int file_allocate(struct file **file_out); /* -ENFILE, -ENOMEM */

/* --- permission.c ----------------------------------------------------------
 */

bool vfs_capable(unsigned capability); /* the kernel has all of them */
/* A write or a change of owner by others takes set-id bits away. */
void inode_drop_set_id(struct inode *inode);
/* SIGPIPE, SIGXFSZ for the current thread; nothing in kernel threads. */
void vfs_send_signal(int signal);

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

/* --- pipe.c ----------------------------------------------------------------
 */

int fifo_open(struct inode *inode, struct file *file);

/* --- special.c ----------------------------------------------------------- */

/* Installs the operations of a device, FIFO or socket node. */
int special_open(struct inode *inode, struct file *file);
