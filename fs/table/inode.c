/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Directories: tables of names, then numbers.
 *
 * Inode numbers are made from the parent's number and the entry, so they stay
 * the same from lookup to lookup and agree with readdir's.
 *
 * Positions of a listing: 0 ".", 1 "..", then the table, then NUMBERS_START +
 * number: a number that goes or comes does not disturb the rest.
 */
#include <fs/table/internal.h>

#include <lib/bitmap.h>
#include <lib/hash.h>
#include <lib/parse.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <sched/thread.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

#define NUMBERS_START 256
#define NUMBER_DIGITS 10 /* at most, in names */
#define NAME_SIZE     64

/* --- targets
 * ------------------------------------------------------------------ */

void table_target_get(const struct table_target *target)
{
	if (target->process != NULL) {
		process_get(target->process);
	}
	if (target->thread != NULL) {
		thread_get(target->thread);
	}
}

void table_target_put(const struct table_target *target)
{
	if (target->thread != NULL) {
		thread_put(target->thread);
	}
	if (target->process != NULL) {
		process_put(target->process);
	}
}

const struct table_target *table_target_of(const struct file *file,
					   const struct table_entry *entry)
{
	const struct table_inode *inode;

	if (file->ops != &table_dir_ops) {
		return NULL;
	}
	inode = table_inode_of(file->inode);
	return inode->entry == entry ? &inode->target : NULL;
}

/* --- inodes
 * ---------------------------------------------------------------------- */

static uint64_t child_number(uint64_t parent, uint64_t which)
{
	/* 40 bits: short in listings, and rarely the same twice. */
	return (hash_add(hash_add(0, parent), which) >> 24) + 2;
}

static void set_owner(struct inode *inode, const struct table_target *target)
{
	struct process *process = target->process;

	if (process == NULL) {
		return;
	}
	spin_lock(&process->lock);
	if (process->dumpable) {
		inode->uid = process->credentials.euid;
		inode->gid = process->credentials.egid;
	}
	spin_unlock(&process->lock);
}

static void set_operations(struct inode *inode, const struct table_entry *entry)
{
	switch (entry->mode & MODE_TYPE) {
	case MODE_DIRECTORY:
		inode->ops = &table_dir_inode_ops;
		inode->file_ops = &table_dir_ops;
		inode->link_count = 2;
		break;
	case MODE_SYMLINK:
		inode->ops = entry->follow != NULL ? &table_magic_inode_ops
						   : &table_link_inode_ops;
		break;
	default:
		inode->ops = &table_file_inode_ops;
		inode->file_ops = entry->file_ops != NULL ? entry->file_ops
							  : &table_text_ops;
		break;
	}
}

int table_inode_create(struct superblock *superblock,
		       const struct table_entry *entry, uint64_t number,
		       struct table_target *target, struct inode **inode_out)
{
	struct table_inode *own = kzalloc(sizeof(*own));
	uint64_t now = clock_realtime_ns();

	if (own == NULL) {
		table_target_put(target);
		return -ENOMEM;
	}
	inode_init(&own->inode, superblock, entry->mode);
	own->entry = entry;
	own->target = *target;
	own->target.superblock = superblock;
	own->inode.number = number;
	own->inode.atime_ns = now;
	own->inode.mtime_ns = now;
	own->inode.ctime_ns = now;
	set_operations(&own->inode, entry);
	set_owner(&own->inode, target);
	*inode_out = &own->inode;
	return 0;
}

/* --- lookup
 * ------------------------------------------------------------------------- */

static int lookup_entry(struct table_inode *dir, const char *name,
			size_t length, struct inode **inode_out)
{
	const struct table_entry *entry = dir->entry;
	struct table_target target = dir->target;

	for (size_t i = 0; i < entry->child_count; i++) {
		const struct table_entry *child = &entry->children[i];

		if (strncmp(child->name, name, length) != 0 ||
		    child->name[length] != '\0') {
			continue;
		}
		table_target_get(&target);
		return table_inode_create(dir->inode.superblock, child,
					  child_number(dir->inode.number, i),
					  &target, inode_out);
	}
	return -ENOENT;
}

/* A plain decimal number without leading zeros. */
static bool parse_number(const char *name, size_t length, int *number_out)
{
	char copy[NUMBER_DIGITS + 1];
	uint64_t number;

	if (length > NUMBER_DIGITS || (name[0] == '0' && length > 1)) {
		return false;
	}
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (parse_u64(copy, 10, INT32_MAX, &number, NULL) < 0) {
		return false;
	}
	*number_out = (int)number;
	return true;
}

static uint64_t number_inode(struct table_inode *dir, int number)
{
	return child_number(dir->inode.number,
			    NUMBERS_START + (uint64_t)number);
}

/* The number that the name stands for, or -ENOENT. */
static int number_of(const struct table_numbers *numbers, const char *name,
		     size_t length)
{
	size_t prefix = numbers->prefix != NULL ? strlen(numbers->prefix) : 0;
	int number;

	if (numbers->number != NULL) {
		return numbers->number(name, length);
	}
	if (length <= prefix ||
	    (prefix > 0 && strncmp(name, numbers->prefix, prefix) != 0) ||
	    !parse_number(name + prefix, length - prefix, &number)) {
		return -ENOENT;
	}
	return number;
}

static int lookup_number(struct table_inode *dir, const char *name,
			 size_t length, struct inode **inode_out)
{
	const struct table_numbers *numbers = dir->entry->numbers;
	struct table_target target;
	int number;
	int err;

	if (numbers == NULL) {
		return -ENOENT;
	}
	number = number_of(numbers, name, length);
	if (number < 0) {
		return number;
	}
	err = numbers->find(&dir->target, number, &target);
	if (err < 0) {
		return err;
	}
	err = table_inode_create(dir->inode.superblock, numbers->entry,
				 number_inode(dir, number), &target, inode_out);
	if (err == 0) {
		table_inode_of(*inode_out)->numbers = numbers;
		if (numbers->mode != NULL) {
			(*inode_out)->mode = numbers->mode(
				&table_inode_of(*inode_out)->target);
		}
	}
	return err;
}

static int dir_lookup(struct inode *inode, const char *name, size_t length,
		      struct inode **inode_out)
{
	struct table_inode *dir = table_inode_of(inode);
	int err = dir->entry->restricted ? table_check_access(&dir->target) : 0;

	if (err == 0) {
		err = lookup_entry(dir, name, length, inode_out);
	}
	return err == -ENOENT ? lookup_number(dir, name, length, inode_out)
			      : err;
}

static bool dir_revalidate(struct inode *dir, const char *name, size_t length,
			   struct inode *inode)
{
	struct table_inode *own = table_inode_of(inode);

	(void)dir;
	(void)name;
	(void)length;
	const struct table_numbers *numbers = own->numbers;

	if (numbers == NULL) {
		return true;
	}
	return (numbers->is_current == NULL ||
		numbers->is_current(&own->target)) &&
	       (numbers->mode == NULL ||
		numbers->mode(&own->target) == inode->mode);
}

static int refuse_setattr(struct inode *inode, const struct kstat *stat,
			  unsigned valid)
{
	(void)inode;
	(void)stat;
	(void)valid;
	return -EPERM;
}

const struct inode_ops table_dir_inode_ops = {
	.lookup = dir_lookup,
	.revalidate = dir_revalidate,
	.setattr = refuse_setattr,
};

/* --- listing
 * ------------------------------------------------------------------------- */

static bool emit(struct dir_sink *sink, const char *name, uint64_t number,
		 uint32_t mode, int64_t *pos, int64_t next)
{
	if (!sink->emit(sink, name, strlen(name), number,
			MODE_DIRENT_TYPE(mode), next)) {
		return false;
	}
	*pos = next;
	return true;
}

static uint64_t parent_number(struct file *file)
{
	struct dentry *parent = READ_ONCE(file->dentry->parent);

	return parent->inode->number;
}

/* True when all fitted. */
static bool list_entries(struct file *file, struct dir_sink *sink, int64_t *pos)
{
	struct table_inode *dir = table_inode_of(file->inode);
	uint64_t self = dir->inode.number;

	if (*pos == 0 && !emit(sink, ".", self, MODE_DIRECTORY, pos, 1)) {
		return false;
	}
	if (*pos == 1 &&
	    !emit(sink, "..", parent_number(file), MODE_DIRECTORY, pos, 2)) {
		return false;
	}
	while ((size_t)(*pos - 2) < dir->entry->child_count) {
		size_t i = (size_t)(*pos - 2);
		const struct table_entry *child = &dir->entry->children[i];

		if (!emit(sink, child->name, child_number(self, i), child->mode,
			  pos, *pos + 1)) {
			return false;
		}
	}
	return true;
}

static void list_bits(struct table_inode *dir, struct dir_sink *sink,
		      int64_t *pos, const uint64_t *bitmap, size_t limit)
{
	const struct table_numbers *numbers = dir->entry->numbers;
	size_t number;

	for (number = bitmap_find_set(bitmap, limit,
				      (size_t)(*pos - NUMBERS_START));
	     number < limit;
	     number = bitmap_find_set(bitmap, limit, number + 1)) {
		char name[NAME_SIZE];

		if (numbers->name != NULL) {
			numbers->name((int)number, name, sizeof(name));
		} else {
			ksnprintf(name, sizeof(name), "%s%zu",
				  numbers->prefix != NULL ? numbers->prefix
							  : "",
				  number);
		}
		if (!emit(sink, name, number_inode(dir, (int)number),
			  numbers->entry->mode, pos,
			  NUMBERS_START + (int64_t)number + 1)) {
			return;
		}
	}
	*pos = NUMBERS_START + (int64_t)limit;
}

static int list_numbers(struct table_inode *dir, struct dir_sink *sink,
			int64_t *pos)
{
	const struct table_numbers *numbers = dir->entry->numbers;
	size_t limit = numbers->limit(&dir->target);
	uint64_t *bitmap;
	int err;

	if (*pos < NUMBERS_START) {
		*pos = NUMBERS_START;
	}
	if ((size_t)(*pos - NUMBERS_START) >= limit) {
		return 0;
	}
	bitmap = kcalloc(BITMAP_WORDS(limit), sizeof(*bitmap));
	if (bitmap == NULL) {
		return -ENOMEM;
	}
	err = numbers->list(&dir->target, bitmap, limit);
	if (err == 0) {
		list_bits(dir, sink, pos, bitmap, limit);
	}
	kfree(bitmap);
	return err;
}

static int dir_readdir(struct file *file, struct dir_sink *sink, int64_t *pos)
{
	struct table_inode *dir = table_inode_of(file->inode);
	int err = dir->entry->restricted ? table_check_access(&dir->target) : 0;

	if (err < 0 || *pos < 0 || !list_entries(file, sink, pos) ||
	    dir->entry->numbers == NULL) {
		return err;
	}
	return list_numbers(dir, sink, pos);
}

static ssize_t dir_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	(void)file;
	(void)to;
	(void)pos;
	return -EISDIR;
}

const struct file_ops table_dir_ops = {
	.read = dir_read,
	.lseek = file_lseek_generic,
	.readdir = dir_readdir,
};
