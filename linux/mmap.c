/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Memory mappings: mmap, munmap, mprotect, mremap, brk, protection keys.
 *
 * core/mm checks addresses and lengths; here flags become VMA_* and files
 * objects, in Linux's order of errors.  Stateless.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <mm/address_space.h>
#include <mm/vm_object.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <uapi/errno.h>
#include <uapi/mman.h>
#include <vfs/file.h>

#define PROT_ALL (UAPI_PROT_READ | UAPI_PROT_WRITE | UAPI_PROT_EXEC)

_Static_assert(UAPI_PROT_READ == VMA_READ && UAPI_PROT_WRITE == VMA_WRITE &&
		       UAPI_PROT_EXEC == VMA_EXEC,
	       "protections are passed on as they are");

/* What MAP_SHARED_VALIDATE accepts: all that was known before it. */
#define MAP_KNOWN                                                              \
	(UAPI_MAP_SHARED | UAPI_MAP_PRIVATE | UAPI_MAP_FIXED |                 \
	 UAPI_MAP_ANONYMOUS | UAPI_MAP_32BIT | UAPI_MAP_GROWSDOWN |            \
	 UAPI_MAP_DENYWRITE | UAPI_MAP_EXECUTABLE | UAPI_MAP_LOCKED |          \
	 UAPI_MAP_NORESERVE | UAPI_MAP_POPULATE | UAPI_MAP_NONBLOCK |          \
	 UAPI_MAP_STACK | UAPI_MAP_HUGETLB | UAPI_MAP_FIXED_NOREPLACE |        \
	 UAPI_MAP_UNINITIALIZED | (UAPI_MAP_HUGE_MASK << UAPI_MAP_HUGE_SHIFT))

struct map_request {
	uintptr_t addr;
	size_t length;
	uint32_t vma;  /* VMA_* */
	unsigned how;  /* MAP_HOW_* */
	unsigned type; /* MAP_SHARED ... */
	bool anonymous;
	struct vm_object *object;
	uint64_t page; /* number in the object */
};

static struct address_space *current_space(void)
{
	return thread_current()->address_space;
}

/* --- mmap ---------------------------------------------------------------- */

static int check_locked(const struct map_request *request)
{
	struct address_space *space = current_space();
	uint64_t limit = rlimit_current(RLIMIT_MEMLOCK);
	uint64_t pages =
		__atomic_load_n(&space->locked_pages, __ATOMIC_RELAXED) +
		request->length / PAGE_SIZE;

	if ((request->vma & VMA_LOCKED) == 0 ||
	    credentials_capable(CREDENTIALS_CAP_IPC_LOCK)) {
		return 0;
	}
	if (limit == 0) {
		return -EPERM;
	}
	return pages > limit / PAGE_SIZE ? -EAGAIN : 0;
}

static bool exceeds_space_limit(size_t length)
{
	uint64_t limit = rlimit_current(RLIMIT_AS);
	uint64_t pages = __atomic_load_n(&current_space()->virtual_pages,
					 __ATOMIC_RELAXED) +
			 length / PAGE_SIZE;

	return limit != RLIMIT_INFINITY && pages > limit / PAGE_SIZE;
}

static void translate_flags(struct map_request *request, unsigned long prot,
			    unsigned long flags)
{
	request->type = flags & UAPI_MAP_TYPE;
	request->anonymous = (flags & UAPI_MAP_ANONYMOUS) != 0;
	request->vma = (uint32_t)(prot & PROT_ALL);
	request->how = 0;
	request->vma |= __atomic_load_n(&current_space()->default_flags,
					__ATOMIC_RELAXED);
	if ((request->vma & (VMA_LOCKED | VMA_LOCK_ON_FAULT)) == VMA_LOCKED) {
		request->how |= MAP_HOW_LOCKED;
	}
	if (request->type != UAPI_MAP_PRIVATE) {
		request->vma |= VMA_SHARED;
	}
	if ((flags & UAPI_MAP_NORESERVE) != 0) {
		request->vma |= VMA_NORESERVE;
	}
	if ((flags & UAPI_MAP_GROWSDOWN) != 0) {
		request->vma |= VMA_GROWSDOWN;
	}
	if ((flags & UAPI_MAP_LOCKED) != 0) {
		request->vma |= VMA_LOCKED;
		request->how |= MAP_HOW_LOCKED;
	}
	if ((flags & (UAPI_MAP_FIXED | UAPI_MAP_FIXED_NOREPLACE)) != 0) {
		request->how |= MAP_HOW_FIXED;
	}
	if ((flags & UAPI_MAP_FIXED_NOREPLACE) != 0) {
		request->how |= MAP_HOW_NOREPLACE;
	}
	if ((flags & UAPI_MAP_32BIT) != 0) {
		request->how |= MAP_HOW_32BIT;
	}
	if ((flags & UAPI_MAP_POPULATE) != 0 &&
	    (flags & UAPI_MAP_NONBLOCK) == 0) {
		request->how |= MAP_HOW_POPULATE;
	}
}

/* Huge pages of the size that the processor has, and no other. */
static int check_huge(struct map_request *request, unsigned long flags)
{
	unsigned shift = (flags >> UAPI_MAP_HUGE_SHIFT) & UAPI_MAP_HUGE_MASK;

	if ((flags & UAPI_MAP_HUGETLB) == 0) {
		return 0;
	}
	if (!request->anonymous || (shift != 0 && shift != HUGE_SHIFT)) {
		return -EINVAL;
	}
	if (request->length > SIZE_MAX - HUGE_SIZE) {
		return -ENOMEM;
	}
	request->length = ALIGN_UP(request->length, HUGE_SIZE);
	request->vma |= VMA_HUGETLB;
	return 0;
}

static int check_length(struct map_request *request)
{
	if (request->length == 0) {
		return -EINVAL;
	}
	if (request->length > USER_END) {
		return -ENOMEM;
	}
	request->length = ALIGN_UP(request->length, PAGE_SIZE);
	if (request->page + request->length / PAGE_SIZE < request->page) {
		return -EOVERFLOW;
	}
	if (exceeds_space_limit(request->length)) {
		return -ENOMEM;
	}
	return check_locked(request);
}

static long map_now(struct map_request *request)
{
	if (request->addr < USER_BASE && (request->how & MAP_HOW_FIXED) != 0) {
		return -EPERM; /* vm.mmap_min_addr */
	}
	return vm_map(current_space(), request->addr, request->length,
		      request->vma, request->how, request->object,
		      request->page);
}

static long map_anonymous(struct map_request *request)
{
	long result;
	int err;

	request->page = 0;
	if (request->type == UAPI_MAP_PRIVATE) {
		return map_now(request);
	}
	if (request->type != UAPI_MAP_SHARED ||
	    (request->vma & VMA_GROWSDOWN) != 0) {
		return -EINVAL;
	}
	err = vm_object_create_shared(request->length, &request->object);
	if (err < 0) {
		return err;
	}
	request->vma |= VMA_MAY_WRITE;
	result = map_now(request);
	request->object->ops->put(request->object);
	return result;
}

static long map_file(struct map_request *request, struct file *file,
		     unsigned long flags)
{
	int err;

	switch (request->type) {
	case UAPI_MAP_SHARED:
	case UAPI_MAP_PRIVATE:
		break;
	case UAPI_MAP_SHARED_VALIDATE:
		if ((flags & ~(unsigned long)MAP_KNOWN) != 0) {
			return -EOPNOTSUPP;
		}
		break;
	default:
		return -EINVAL;
	}
	if (file->ops->maps_anonymous) {
		return (file->mode & FILE_READ) == 0 ? -EACCES
						     : map_anonymous(request);
	}
	if (request->page + request->length / PAGE_SIZE >
	    INT64_MAX / PAGE_SIZE) {
		return -EOVERFLOW; /* offsets in files are signed */
	}
	err = file_map(file, request->vma, &request->object, &request->vma);
	if (err < 0) {
		return err;
	}
	return map_now(request);
}

long sys_mmap(unsigned long addr, size_t length, unsigned long prot,
	      unsigned long flags, int fd, uint64_t offset)
{
	struct map_request request = {
		.addr = addr,
		.length = length,
		.page = offset / PAGE_SIZE,
	};
	struct file_ref ref = {.file = NULL};
	long result;

	if (!IS_ALIGNED(offset, PAGE_SIZE)) {
		return -EINVAL;
	}
	translate_flags(&request, prot, flags);
	if (!request.anonymous) {
		ref = fd_get(fd);
		if (ref.file == NULL) {
			return -EBADF;
		}
	}
	result = check_huge(&request, flags);
	if (result == 0) {
		result = check_length(&request);
	}
	if (result == 0) {
		result = request.anonymous
				 ? map_anonymous(&request)
				 : map_file(&request, ref.file, flags);
	}
	if (ref.file != NULL) {
		fd_put(ref);
	}
	return result;
}

/* --- changes ---------------------------------------------------------------
 */

long sys_munmap(unsigned long addr, size_t length)
{
	return vm_unmap(current_space(), addr, length);
}

/* PROT_GROWSDOWN: the change reaches down to the start of a stack. */
static int extend_down(unsigned long *addr, size_t *length)
{
	struct address_space *space = current_space();
	struct vma *vma;
	int err = 0;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, *addr);
	if (vma == NULL || vma->start >= *addr + *length) {
		err = -ENOMEM;
	} else if ((vma->flags & (VMA_GROWSDOWN | VMA_STACK)) == 0) {
		err = -EINVAL;
	} else if (vma->start < *addr) {
		*length += *addr - vma->start;
		*addr = vma->start;
	}
	rwlock_read_unlock(&space->lock);
	return err;
}

static long protect(unsigned long addr, size_t length, unsigned long prot)
{
	unsigned long grows = prot & (UAPI_PROT_GROWSDOWN | UAPI_PROT_GROWSUP);
	int err;

	prot &= ~grows;
	if (grows == (UAPI_PROT_GROWSDOWN | UAPI_PROT_GROWSUP) ||
	    !IS_ALIGNED(addr, PAGE_SIZE)) {
		return -EINVAL;
	}
	if (length == 0) {
		return 0;
	}
	if (length > USER_END || addr > USER_END - length) {
		return -ENOMEM;
	}
	length = ALIGN_UP(length, PAGE_SIZE);
	if ((prot & ~(unsigned long)(PROT_ALL | UAPI_PROT_SEM)) != 0 ||
	    grows == UAPI_PROT_GROWSUP) {
		return -EINVAL;
	}
	if (grows == UAPI_PROT_GROWSDOWN) {
		err = extend_down(&addr, &length);
		if (err < 0) {
			return err;
		}
	}
	return vm_protect(current_space(), addr, length,
			  (uint32_t)(prot & PROT_ALL));
}

long sys_mprotect(unsigned long addr, size_t length, unsigned long prot)
{
	return protect(addr, length, prot);
}

long sys_mremap(unsigned long addr, size_t old_size, size_t new_size,
		unsigned long flags, unsigned long new_addr)
{
	unsigned long known =
		UAPI_MREMAP_MAYMOVE | UAPI_MREMAP_FIXED | UAPI_MREMAP_DONTUNMAP;

	if ((flags & ~known) != 0 ||
	    ((flags & UAPI_MREMAP_FIXED) != 0 &&
	     (flags & UAPI_MREMAP_MAYMOVE) == 0) ||
	    ((flags & UAPI_MREMAP_DONTUNMAP) != 0 &&
	     ((flags & UAPI_MREMAP_MAYMOVE) == 0 || old_size != new_size)) ||
	    !IS_ALIGNED(addr, PAGE_SIZE) || new_size == 0) {
		return -EINVAL;
	}
	if (new_size > old_size && exceeds_space_limit(new_size - old_size)) {
		return -ENOMEM;
	}
	return vm_remap(current_space(), addr, old_size, new_size,
			(unsigned)flags, new_addr);
}

long sys_brk(unsigned long addr)
{
	return (long)vm_brk(current_space(), addr);
}

/*
 * The call that made nonlinear mappings: today's Linux maps the part of the
 * object anew in its place, and so does this.
 */
long sys_remap_file_pages(unsigned long addr, size_t size, unsigned long prot,
			  size_t page, unsigned long flags)
{
	struct address_space *space = current_space();
	struct vm_object *object = NULL;
	uint32_t vma_flags = 0;
	struct vma *vma;
	long result;

	if (prot != 0) {
		return -EINVAL;
	}
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	size = ALIGN_DOWN(size, PAGE_SIZE);
	if (size == 0 || addr + size <= addr ||
	    page + size / PAGE_SIZE < page) {
		return -EINVAL;
	}
	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	if (vma != NULL && vma->start <= addr && addr + size <= vma->end &&
	    (vma->flags & VMA_SHARED) != 0 && vma->object != NULL) {
		object = vma->object;
		vma_flags = vma->flags;
		object->ops->get(object);
	}
	rwlock_read_unlock(&space->lock);
	if (object == NULL) {
		return -EINVAL;
	}
	result = vm_map(space, addr, size, vma_flags,
			MAP_HOW_FIXED | ((flags & UAPI_MAP_NONBLOCK) == 0
						 ? MAP_HOW_POPULATE
						 : 0),
			object, page);
	object->ops->put(object);
	return result < 0 ? result : 0;
}

/* --- protection keys: as on a processor without them ------------------------
 */

long sys_pkey_mprotect(unsigned long addr, size_t length, unsigned long prot,
		       int key)
{
	if (key != -1) {
		return -EINVAL;
	}
	return protect(addr, length, prot);
}

long sys_pkey_alloc(unsigned long flags, unsigned long rights)
{
	if (flags != 0 ||
	    (rights & ~(unsigned long)(UAPI_PKEY_DISABLE_ACCESS |
				       UAPI_PKEY_DISABLE_WRITE)) != 0) {
		return -EINVAL;
	}
	return -ENOSPC;
}

long sys_pkey_free(int key)
{
	(void)key;
	return -EINVAL; /* none was ever allocated */
}
