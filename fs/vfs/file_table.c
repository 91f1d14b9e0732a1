/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Descriptor tables.
 *
 * A table points to an array of files with two bitmaps (used, close-on-exec)
 * behind it.  The array only grows: the larger copy is published, the old one
 * freed after a grace period.  Changes are made under table->lock.
 *
 * Lookups take no lock.  When the table belongs to one process and that has
 * one thread, nobody can close the descriptor while the call runs: fd_get()
 * then takes no reference at all (`counted` false).  Otherwise it reads the
 * pointer in a read section, takes a reference that may fail, and looks again
 * whether the slot still holds the file:
 *  (1) a struct file is freed only after a grace period, so the count that
 *      the reader touches is memory of a file, live or dying;
 *  (2) a count that was 0 stays 0.
 *
 * A descriptor that fd_install() reserves is used (bit set) and published in
 * one step, so there are no half-open slots.  Bound: FILE_TABLE_MAX slots.
 */
#include <vfs/file.h>

#include <fs/vfs/internal.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <uapi/errno.h>
#include <vfs/file.h>

#define WORD_BITS  64
#define FIRST_SIZE 64 /* slots of a fresh table */

struct fd_array {
	struct rcu_head rcu;
	unsigned size;	     /* [I] slots, a multiple of WORD_BITS */
	struct file **files; /* [l] written; read without */
	uint64_t *used;	     /* [l] */
	uint64_t *cloexec;   /* [l] */
};

struct file_table {
	struct refcount refs;
	struct spinlock lock;
	struct fd_array *array; /* [l] published */
	unsigned lowest;	/* [l] no free slot below it */
};

static struct fd_array *array_create(unsigned size)
{
	size_t words = size / WORD_BITS;
	struct fd_array *array =
		kzalloc(sizeof(*array) + size * sizeof(struct file *) +
			2 * words * sizeof(uint64_t));

	if (array != NULL) {
		array->size = size;
		array->used = (uint64_t *)(array + 1);
		array->cloexec = array->used + words;
		array->files = (struct file **)(array->cloexec + words);
	}
	return array;
}

static void array_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct fd_array, rcu));
}

static void array_copy(struct fd_array *to, const struct fd_array *from)
{
	unsigned size = MIN(to->size, from->size);

	memcpy(to->files, from->files, size * sizeof(struct file *));
	memcpy(to->used, from->used, size / 8);
	memcpy(to->cloexec, from->cloexec, size / 8);
}

static bool bit_get(const uint64_t *map, unsigned bit)
{
	return (map[bit / WORD_BITS] >> (bit % WORD_BITS) & 1) != 0;
}

static void bit_put(uint64_t *map, unsigned bit, bool value)
{
	uint64_t mask = 1ull << (bit % WORD_BITS);

	if (value) {
		map[bit / WORD_BITS] |= mask;
	} else {
		map[bit / WORD_BITS] &= ~mask;
	}
}

/* First bit at or after `from` that is `value`; the size when none. */
static unsigned bit_find(const uint64_t *map, unsigned size, unsigned from,
			 bool value)
{
	while (from < size) {
		uint64_t word = map[from / WORD_BITS];

		word = (value ? word : ~word) >> (from % WORD_BITS);
		if (word != 0) {
			return from + (unsigned)__builtin_ctzll(word);
		}
		from = (from / WORD_BITS + 1) * WORD_BITS;
	}
	return size;
}

struct file_table *file_table_create(void)
{
	struct file_table *table = kzalloc(sizeof(*table));

	if (table == NULL) {
		return NULL;
	}
	table->array = array_create(FIRST_SIZE);
	if (table->array == NULL) {
		kfree(table);
		return NULL;
	}
	refcount_init(&table->refs);
	spinlock_init(&table->lock, "file_table");
	return table;
}

/* A copy of the size that the used slots need; the lock is released while
 * memory is allocated, so the size is looked at again. */
static struct fd_array *array_duplicate(struct file_table *table)
{
	struct fd_array *copy;
	unsigned size;

	for (;;) {
		size = __atomic_load_n(&table->array, __ATOMIC_ACQUIRE)->size;
		copy = array_create(size);
		if (copy == NULL) {
			return NULL;
		}
		spin_lock(&table->lock);
		if (table->array->size <= size) {
			break;
		}
		spin_unlock(&table->lock);
		kfree(copy);
	}
	array_copy(copy, table->array);
	for (unsigned fd = bit_find(copy->used, size, 0, true); fd < size;
	     fd = bit_find(copy->used, size, fd + 1, true)) {
		file_get(copy->files[fd]);
	}
	spin_unlock(&table->lock);
	return copy;
}

struct file_table *file_table_clone(struct file_table *table)
{
	struct file_table *copy = kzalloc(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	copy->array = array_duplicate(table);
	if (copy->array == NULL) {
		kfree(copy);
		return NULL;
	}
	refcount_init(&copy->refs);
	spinlock_init(&copy->lock, "file_table");
	return copy;
}

void file_table_get(struct file_table *table)
{
	refcount_get(&table->refs);
}

static void close_file(struct file_table *table, struct file *file)
{
	if (file->ops->flush != NULL) {
		file->ops->flush(file, process_current());
	}
	locks_close(file, table);
	file_put(file);
}

void file_table_put(struct file_table *table)
{
	struct fd_array *array;

	if (!refcount_put(&table->refs)) {
		return;
	}
	array = table->array;
	for (unsigned fd = bit_find(array->used, array->size, 0, true);
	     fd < array->size;
	     fd = bit_find(array->used, array->size, fd + 1, true)) {
		close_file(table, array->files[fd]);
	}
	rcu_call(&array->rcu, array_free_rcu);
	kfree(table);
}

struct file_table *file_table_current(void)
{
	struct process *process = process_current();

	return process == NULL ? NULL : process->files;
}

/* --- lookup -------------------------------------------------------------- */

/* The slot's file, without reference; in a read section, or exclusive. */
static inline struct file *slot_load(struct file_table *table, unsigned fd)
{
	struct fd_array *array =
		__atomic_load_n(&table->array, __ATOMIC_ACQUIRE);

	return likely(fd < array->size)
		       ? __atomic_load_n(&array->files[fd], __ATOMIC_ACQUIRE)
		       : NULL;
}

/* After a look that met a change. */
static __attribute__((noinline)) struct file *
lookup_again(struct file_table *table, unsigned fd)
{
	struct file *file;

	while ((file = slot_load(table, fd)) != NULL) {
		if (!refcount_try_get(&file->refs)) {
			continue; /* (2): the slot changes at once */
		}
		if (slot_load(table, fd) == file) {
			break;
		}
		file_put(file); /* may sleep: from the start again */
	}
	return file;
}

/* A read section (sync/rcu.h): threads that do not sleep are in one; the calls
 * that say so are for interrupts of the idle loop. */
static inline struct file *lookup_counted(struct file_table *table, unsigned fd)
{
	struct file *file = slot_load(table, fd);

	if (file == NULL) {
		return NULL;
	}
	if (unlikely(!refcount_try_get(&file->refs))) {
		return lookup_again(table, fd);
	}
	if (unlikely(slot_load(table, fd) != file)) {
		file_put(file);
		return lookup_again(table, fd);
	}
	return file;
}

/* Nobody but the calling thread can change the table. */
static inline bool is_exclusive(const struct process *process)
{
	return __atomic_load_n(&process->thread_count, __ATOMIC_RELAXED) == 1 &&
	       refcount_read(&process->files->refs) == 1;
}

/* Files with a mode bit of `refused` are no files to the caller. */
static __attribute__((noinline)) struct file_ref
get_counted(struct file_table *table, int fd, uint32_t refused)
{
	struct file *file = lookup_counted(table, (unsigned)fd);

	if (unlikely(file != NULL && (file->mode & refused) != 0)) {
		file_put(file);
		file = NULL;
	}
	return (struct file_ref){.file = file, .counted = true};
}

static inline struct file_ref get(int fd, uint32_t refused)
{
	const struct process *process = thread_current()->process;
	struct file_table *table = process->files;
	struct file *file;

	if (!is_exclusive(process)) {
		return get_counted(table, fd, refused);
	}
	file = slot_load(table, (unsigned)fd);
	if (unlikely(file != NULL && (file->mode & refused) != 0)) {
		file = NULL;
	}
	return (struct file_ref){.file = file, .counted = false};
}

struct file_ref fd_get_path(int fd)
{
	return get(fd, 0);
}

struct file_ref fd_get(int fd)
{
	return get(fd, FILE_PATH_ONLY);
}

struct file *file_table_get_file(struct file_table *table, int fd)
{
	return lookup_counted(table, (unsigned)fd);
}

int file_table_next(struct file_table *table, int fd)
{
	unsigned found;
	unsigned size;

	if (fd < 0) {
		fd = 0;
	}
	spin_lock(&table->lock);
	size = table->array->size;
	found = bit_find(table->array->used, size, (unsigned)fd, true);
	spin_unlock(&table->lock);
	return found < size ? (int)found : -1;
}

/* --- changes ---------------------------------------------------------------
 */

/* Makes slot `fd` exist.  Called and returns with the lock held; drops it
 * meanwhile.  0, -EMFILE or -ENOMEM. */
static int grow_locked(struct file_table *table, unsigned fd)
{
	while (fd >= table->array->size) {
		unsigned size = table->array->size;
		struct fd_array *larger;
		struct fd_array *old;

		if (fd >= FILE_TABLE_MAX) {
			return -EMFILE;
		}
		while (size <= fd) {
			size *= 2;
		}
		spin_unlock(&table->lock);
		larger = array_create(size);
		spin_lock(&table->lock);
		if (larger == NULL) {
			return -ENOMEM;
		}
		old = table->array;
		if (old->size >= size) {
			kfree(larger);
			continue;
		}
		array_copy(larger, old);
		__atomic_store_n(&table->array, larger, __ATOMIC_RELEASE);
		rcu_call(&old->rcu, array_free_rcu);
	}
	return 0;
}

static void publish_locked(struct file_table *table, unsigned fd,
			   struct file *file, bool close_on_exec)
{
	struct fd_array *array = table->array;

	bit_put(array->used, fd, true);
	bit_put(array->cloexec, fd, close_on_exec);
	__atomic_store_n(&array->files[fd], file, __ATOMIC_RELEASE);
}

static struct file *remove_locked(struct file_table *table, unsigned fd)
{
	struct fd_array *array = table->array;
	struct file *file = array->files[fd];

	__atomic_store_n(&array->files[fd], NULL, __ATOMIC_RELEASE);
	bit_put(array->used, fd, false);
	bit_put(array->cloexec, fd, false);
	table->lowest = MIN(table->lowest, fd);
	return file;
}

static uint64_t fd_limit(void)
{
	return MIN(rlimit_current(RLIMIT_NOFILE), (uint64_t)FILE_TABLE_MAX);
}

/* The lowest free slot, which exists then; -EMFILE, -ENOMEM.  With the lock
 * held, dropped meanwhile. */
static int find_locked(struct file_table *table, unsigned minimum,
		       unsigned *fd_out)
{
	uint64_t limit = fd_limit();
	int err = 0;

	do {
		/* grow_locked() may have let others in: search again */
		unsigned fd = bit_find(table->array->used, table->array->size,
				       MAX(table->lowest, minimum), false);

		fd = MAX(fd, minimum);
		if (fd >= limit) {
			err = -EMFILE;
		} else if (fd >= table->array->size) {
			err = grow_locked(table, fd);
		} else {
			*fd_out = fd;
			break;
		}
	} while (err == 0);
	return err;
}

int fd_make_room(void)
{
	struct file_table *table = process_current()->files;
	unsigned fd;
	int err;

	spin_lock(&table->lock);
	err = find_locked(table, 0, &fd);
	spin_unlock(&table->lock);
	return err;
}

int fd_install(struct file *file, int minimum, bool close_on_exec)
{
	struct file_table *table = process_current()->files;
	unsigned fd;
	int err;

	spin_lock(&table->lock);
	err = find_locked(table, (unsigned)minimum, &fd);
	if (err == 0) {
		publish_locked(table, fd, file, close_on_exec);
		if (fd == table->lowest || (unsigned)minimum <= table->lowest) {
			table->lowest = fd + 1;
		}
	}
	spin_unlock(&table->lock);
	return err < 0 ? err : (int)fd;
}

int fd_replace(struct file *file, int new_fd, bool close_on_exec)
{
	struct file_table *table = process_current()->files;
	struct file *old = NULL;
	int err;

	if (new_fd < 0 || (uint64_t)new_fd >= fd_limit()) {
		return -EBADF;
	}
	spin_lock(&table->lock);
	err = grow_locked(table, (unsigned)new_fd);
	if (err == 0) {
		file_get(file);
		old = table->array->files[new_fd];
		publish_locked(table, (unsigned)new_fd, file, close_on_exec);
	}
	spin_unlock(&table->lock);
	if (old != NULL) {
		close_file(table, old);
	}
	return err < 0 ? err : new_fd;
}

int fd_close(int fd)
{
	struct file_table *table = process_current()->files;
	struct file *file = NULL;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->array->size &&
	    bit_get(table->array->used, (unsigned)fd)) {
		file = remove_locked(table, (unsigned)fd);
	}
	spin_unlock(&table->lock);
	if (file == NULL) {
		return -EBADF;
	}
	close_file(table, file);
	return 0;
}

int fd_close_range(unsigned first, unsigned last, bool only_set_cloexec)
{
	struct file_table *table = process_current()->files;

	spin_lock(&table->lock);
	for (unsigned fd = first; fd <= last; fd++) {
		struct fd_array *array = table->array;
		struct file *file;

		fd = bit_find(array->used, array->size, fd, true);
		if (fd > last || fd >= array->size) {
			break;
		}
		if (only_set_cloexec) {
			bit_put(array->cloexec, fd, true);
			continue;
		}
		file = remove_locked(table, fd);
		spin_unlock(&table->lock);
		close_file(table, file);
		spin_lock(&table->lock);
	}
	spin_unlock(&table->lock);
	return 0;
}

void file_table_close_on_exec(struct file_table *table)
{
	unsigned fd = 0;

	spin_lock(&table->lock);
	for (;;) {
		struct fd_array *array = table->array;
		struct file *file;

		fd = bit_find(array->cloexec, array->size, fd, true);
		if (fd >= array->size) {
			break;
		}
		file = remove_locked(table, fd);
		spin_unlock(&table->lock);
		close_file(table, file);
		spin_lock(&table->lock);
	}
	spin_unlock(&table->lock);
}

int fd_get_cloexec(int fd)
{
	struct file_table *table = process_current()->files;
	int result = -EBADF;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->array->size &&
	    bit_get(table->array->used, (unsigned)fd)) {
		result = bit_get(table->array->cloexec, (unsigned)fd);
	}
	spin_unlock(&table->lock);
	return result;
}

int fd_set_cloexec(int fd, bool on)
{
	struct file_table *table = process_current()->files;
	int result = -EBADF;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->array->size &&
	    bit_get(table->array->used, (unsigned)fd)) {
		bit_put(table->array->cloexec, (unsigned)fd, on);
		result = 0;
	}
	spin_unlock(&table->lock);
	return result;
}
