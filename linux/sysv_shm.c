/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * System V shared memory.
 *
 * A segment is a vm_object over the page cache of a shared anonymous one; its
 * get and put count the attachments, which are mappings: so fork, munmap and
 * exit need no help.  A segment marked for removal goes with its last
 * attachment.
 */
#include "sysv.h"

#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <mm/vm_object.h>
#include <process/credentials.h>
#include <process/process.h>
#include <uapi/errno.h>

#define SEGMENTS_MAX 4096
#define SIZE_LIMIT   (SIZE_MAX - (1ull << 24)) /* SHMMAX */

struct segment {
	struct sysv_object base;
	struct vm_object vm;	 /* its cache is inner's */
	struct vm_object *inner; /* [I] one reference */
	size_t size;		 /* [I] as asked for */
	uint64_t attached;	 /* [o] mappings */
	int64_t attach_time;	 /* [o] */
	int64_t detach_time;	 /* [o] */
	int creator, last;	 /* [o] pids */
};

static struct sysv_table table = SYSV_TABLE(SEGMENTS_MAX);
static uint64_t pages_total; /* [a] */

static struct segment *segment_of(struct sysv_object *object)
{
	return container_of(object, struct segment, base);
}

/* --- the object behind the mappings
 * -------------------------------------------------------
 */

static struct segment *segment_of_vm(struct vm_object *vm)
{
	return container_of(vm, struct segment, vm);
}

static void vm_get(struct vm_object *vm)
{
	struct segment *segment = segment_of_vm(vm);
	struct process *process = process_current();

	refcount_get(&segment->base.refs);
	spin_lock(&segment->base.lock);
	segment->attached++;
	segment->attach_time = sysv_now();
	segment->last = process != NULL ? process->pid : 0;
	spin_unlock(&segment->base.lock);
}

static void vm_put(struct vm_object *vm)
{
	struct segment *segment = segment_of_vm(vm);
	struct process *process = process_current();
	bool remove;

	spin_lock(&segment->base.lock);
	segment->attached--;
	segment->detach_time = sysv_now();
	segment->last = process != NULL ? process->pid : 0;
	remove = segment->attached == 0 && !segment->base.removed &&
		 (segment->base.mode & UAPI_SHM_DEST) != 0;
	if (remove) {
		sysv_remove(&table, &segment->base);
	}
	spin_unlock(&segment->base.lock);
	if (remove) {
		sysv_put(&segment->base);
	}
	sysv_put(&segment->base);
}

static size_t vm_name(struct vm_object *vm, char *buf, size_t size)
{
	return (size_t)ksnprintf(buf, size, "/SYSV%08x",
				 (unsigned)segment_of_vm(vm)->base.key);
}

static void vm_identity(struct vm_object *vm, uint64_t *dev_out,
			uint64_t *ino_out)
{
	*dev_out = 1;
	*ino_out = (uint64_t)segment_of_vm(vm)->base.id;
}

static const struct vm_object_ops segment_ops = {
	.get = vm_get,
	.put = vm_put,
	.name = vm_name,
	.identity = vm_identity,
};

static void free_segment(struct sysv_object *object)
{
	struct segment *segment = segment_of(object);

	__atomic_fetch_sub(&pages_total, DIV_ROUND_UP(segment->size, PAGE_SIZE),
			   __ATOMIC_RELAXED);
	segment->inner->ops->put(segment->inner);
	kfree(segment);
}

/* --- shmget
 * --------------------------------------------------------------------------------
 */

static int create(void *arg, struct sysv_object **object_out)
{
	size_t size = *(const size_t *)arg;
	struct segment *segment;
	int err;

	if (size == 0 || size > SIZE_LIMIT) {
		return -EINVAL;
	}
	segment = kzalloc(sizeof(*segment));
	if (segment == NULL) {
		return -ENOMEM;
	}
	err = vm_object_create_shared(ALIGN_UP(size, PAGE_SIZE),
				      &segment->inner);
	if (err < 0) {
		kfree(segment);
		return err;
	}
	segment->vm.ops = &segment_ops;
	segment->vm.cache = segment->inner->cache;
	segment->size = size;
	segment->creator = process_current()->pid;
	segment->base.free = free_segment;
	__atomic_fetch_add(&pages_total, DIV_ROUND_UP(size, PAGE_SIZE),
			   __ATOMIC_RELAXED);
	*object_out = &segment->base;
	return 0;
}

static int check(struct sysv_object *object, void *arg)
{
	return segment_of(object)->size < *(const size_t *)arg ? -EINVAL : 0;
}

long sys_shmget(int key, size_t size, int flags)
{
	const struct sysv_maker maker = {
		.create = create,
		.check = check,
		.arg = &size,
	};

	return sysv_get(&table, key, flags, &maker);
}

/* --- shmat, shmdt
 * --------------------------------------------------------------------------
 */

static long attach(struct segment *segment, uintptr_t addr, int flags)
{
	struct address_space *space = thread_current()->address_space;
	uint32_t vma = VMA_SHARED | VMA_READ;
	unsigned how = 0;

	if (addr != 0) {
		how = MAP_HOW_FIXED;
		if ((flags & UAPI_SHM_REMAP) == 0) {
			how |= MAP_HOW_NOREPLACE;
		}
	}
	if ((flags & UAPI_SHM_RDONLY) == 0) {
		vma |= VMA_WRITE | VMA_MAY_WRITE;
	}
	if ((flags & UAPI_SHM_EXEC) != 0) {
		vma |= VMA_EXEC;
	}
	return vm_map(space, addr, ALIGN_UP(segment->size, PAGE_SIZE), vma, how,
		      &segment->vm, 0);
}

long sys_shmat(int id, unsigned long addr, int flags)
{
	unsigned access = (flags & UAPI_SHM_RDONLY) != 0 ? 4 : 6;
	struct sysv_object *object;
	long result;
	int err;

	if (addr != 0 && !IS_ALIGNED(addr, PAGE_SIZE)) {
		if ((flags & UAPI_SHM_RND) == 0) {
			return -EINVAL;
		}
		addr = ALIGN_DOWN(addr, PAGE_SIZE);
	}
	if (addr == 0 && (flags & UAPI_SHM_REMAP) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_SHM_EXEC) != 0) {
		access |= 1;
	}
	object = sysv_find(&table, id, &err);
	if (object == NULL) {
		return err;
	}
	result = sysv_check(object, access);
	if (result == 0) {
		result = attach(segment_of(object), addr, flags);
	}
	sysv_put(object);
	return result == -EEXIST ? -EINVAL : result;
}

/* The mapping of a segment at exactly addr (first) or inside the same segment
 * (others): its bounds.  False: there is none. */
static bool find_mapping(uintptr_t base, uintptr_t from, uintptr_t to,
			 struct vm_object **object, uintptr_t *start_out,
			 uintptr_t *end_out, size_t *size_out)
{
	struct address_space *space = thread_current()->address_space;
	struct vma *vma;
	bool found = false;

	rwlock_read_lock(&space->lock);
	for (vma = vma_find(space, from); vma != NULL && vma->start < to;
	     vma = vma_next(vma)) {
		if (vma->object == NULL || vma->object->ops != &segment_ops ||
		    vma->start - base != vma->offset * PAGE_SIZE ||
		    (*object != NULL && vma->object != *object)) {
			continue;
		}
		*object = vma->object;
		*start_out = vma->start;
		*end_out = vma->end;
		*size_out = segment_of_vm(vma->object)->size;
		found = true;
		break;
	}
	rwlock_read_unlock(&space->lock);
	return found;
}

long sys_shmdt(unsigned long addr)
{
	struct address_space *space = thread_current()->address_space;
	struct vm_object *object = NULL; /* only compared */
	uintptr_t start;
	uintptr_t end;
	uintptr_t last;
	size_t size;

	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr >= USER_END ||
	    !find_mapping(addr, addr, USER_END, &object, &start, &end, &size)) {
		return -EINVAL;
	}
	last = addr + ALIGN_UP(size, PAGE_SIZE);
	do {
		vm_unmap(space, start, end - start);
	} while (find_mapping(addr, end, last, &object, &start, &end, &size));
	return 0;
}

/* --- shmctl
 * ---------------------------------------------------------------------------------
 */

static void describe(struct segment *segment, struct uapi_shmid_ds *ds)
{
	memset(ds, 0, sizeof(*ds));
	spin_lock(&segment->base.lock);
	sysv_fill_perm(&segment->base, &ds->perm);
	ds->size = segment->size;
	ds->attach_time = segment->attach_time;
	ds->detach_time = segment->detach_time;
	ds->change_time = segment->base.change_time;
	ds->creator = segment->creator;
	ds->last = segment->last;
	ds->attached = segment->attached;
	spin_unlock(&segment->base.lock);
}

static long put_limits(void USER *buf)
{
	struct uapi_shminfo info = {
		.max = SIZE_LIMIT,
		.min = 1,
		.ids = SEGMENTS_MAX,
		.segments = SEGMENTS_MAX,
		.pages = SIZE_LIMIT,
	};

	return user_copy_out(buf, &info, sizeof(info)) < 0
		       ? -EFAULT
		       : sysv_highest(&table);
}

static long put_usage(void USER *buf)
{
	struct uapi_shm_info info = {
		.used_ids = (int32_t)sysv_count(&table),
		.pages = __atomic_load_n(&pages_total, __ATOMIC_RELAXED),
	};
	struct frame_stats frames;

	frame_stats(&frames);
	info.resident = frames.shared < info.pages ? frames.shared : info.pages;
	return user_copy_out(buf, &info, sizeof(info)) < 0
		       ? -EFAULT
		       : sysv_highest(&table);
}

static long remove_segment(struct segment *segment)
{
	bool remove = false;
	int err = sysv_check_owner(&segment->base);

	if (err < 0) {
		return err;
	}
	spin_lock(&segment->base.lock);
	if (!segment->base.removed) {
		segment->base.mode |= UAPI_SHM_DEST;
		remove = segment->attached == 0;
		if (remove) {
			sysv_remove(&table, &segment->base);
		} else {
			segment->base.key = UAPI_IPC_PRIVATE;
		}
	}
	spin_unlock(&segment->base.lock);
	if (remove) {
		sysv_put(&segment->base);
	}
	return 0;
}

static long set_segment(struct segment *segment, const void USER *buf)
{
	struct uapi_shmid_ds ds;
	int err;

	if (user_copy_in(&ds, buf, sizeof(ds)) < 0) {
		return -EFAULT;
	}
	err = sysv_check_owner(&segment->base);
	if (err == 0) {
		spin_lock(&segment->base.lock);
		sysv_set_perm(&segment->base, &ds.perm);
		spin_unlock(&segment->base.lock);
	}
	return err;
}

static long stat_segment(struct segment *segment, void USER *buf, bool by_slot,
			 bool any)
{
	struct uapi_shmid_ds ds;
	int err = any ? 0 : sysv_check(&segment->base, 4);

	if (err < 0) {
		return err;
	}
	describe(segment, &ds);
	if (user_copy_out(buf, &ds, sizeof(ds)) < 0) {
		return -EFAULT;
	}
	return by_slot ? segment->base.id : 0;
}

/* Locked in memory is what it is anyway: nothing is swapped out. */
static long lock_segment(struct segment *segment, bool lock)
{
	if (!credentials_capable(CREDENTIALS_CAP_IPC_LOCK) &&
	    sysv_check_owner(&segment->base) < 0) {
		return -EPERM;
	}
	spin_lock(&segment->base.lock);
	segment->base.mode &= ~(uint32_t)UAPI_SHM_LOCKED;
	if (lock) {
		segment->base.mode |= UAPI_SHM_LOCKED;
	}
	spin_unlock(&segment->base.lock);
	return 0;
}

static long control(struct segment *segment, int command, void USER *buf)
{
	switch (command) {
	case UAPI_IPC_STAT:
		return stat_segment(segment, buf, false, false);
	case UAPI_SHM_STAT:
		return stat_segment(segment, buf, true, false);
	case UAPI_SHM_STAT_ANY:
		return stat_segment(segment, buf, true, true);
	case UAPI_IPC_SET:
		return set_segment(segment, buf);
	case UAPI_IPC_RMID:
		return remove_segment(segment);
	case UAPI_SHM_LOCK:
	case UAPI_SHM_UNLOCK:
		return lock_segment(segment, command == UAPI_SHM_LOCK);
	default:
		return -EINVAL;
	}
}

long sys_shmctl(int id, int command, void USER *buf)
{
	struct sysv_object *object;
	int err = -EINVAL;
	long result;

	command &= ~UAPI_IPC_64;
	if (command < 0 || id < 0) {
		return -EINVAL;
	}
	if (command == UAPI_IPC_INFO) {
		return put_limits(buf);
	}
	if (command == UAPI_SHM_INFO) {
		return put_usage(buf);
	}
	if (command == UAPI_SHM_STAT || command == UAPI_SHM_STAT_ANY) {
		object = sysv_find_slot(&table, id);
	} else {
		object = sysv_find(&table, id, &err);
	}
	if (object == NULL) {
		return err;
	}
	result = control(segment_of(object), command, buf);
	sysv_put(object);
	return result;
}
