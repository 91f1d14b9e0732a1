/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Memory policy on a machine of one node: every policy that names node 0 is
 * obeyed.  The thread's mode is kept so that it can be asked for; ranges have
 * none of their own.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <mm/address_space.h>
#include <process/credentials.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#define NODE_BITS_MAX (PAGE_SIZE * 8)
#define WORD_BITS     64

#define MODE_FLAGS                                                             \
	(UAPI_MPOL_F_STATIC_NODES | UAPI_MPOL_F_RELATIVE_NODES |               \
	 UAPI_MPOL_F_NUMA_BALANCING)

/*
 * Copies a node mask of `count` - 1 bits (Linux's odd convention) in: bit 0 of
 * *first_out; bits of nodes that there are not are -EINVAL.
 */
static int get_nodes(uint64_t *first_out, const void USER *nodes,
		     unsigned long count)
{
	const uint64_t USER *words = nodes;
	uint64_t word;

	*first_out = 0;
	count--;
	if (count == 0 || nodes == NULL || count == ~0ul) {
		return 0;
	}
	if (count > NODE_BITS_MAX) {
		return -EINVAL;
	}
	for (unsigned long i = 0; i < DIV_ROUND_UP(count, WORD_BITS); i++) {
		unsigned long left = count - i * WORD_BITS;

		if (user_get_u64(&word, words + i) < 0) {
			return -EFAULT;
		}
		if (left < WORD_BITS) {
			word &= (1ull << left) - 1;
		}
		if (i > 0 && word != 0) {
			return -EINVAL;
		}
		*first_out |= word;
	}
	return 0;
}

/* Mode and nodes fit each other; *nodes without what the machine lacks. */
static int check_policy(int mode, uint64_t nodes)
{
	int flags = mode & MODE_FLAGS;

	mode &= ~MODE_FLAGS;
	if (mode < 0 || mode >= UAPI_MPOL_MODE_COUNT ||
	    ((flags & UAPI_MPOL_F_STATIC_NODES) != 0 &&
	     (flags & UAPI_MPOL_F_RELATIVE_NODES) != 0)) {
		return -EINVAL;
	}
	switch (mode) {
	case UAPI_MPOL_DEFAULT:
	case UAPI_MPOL_LOCAL:
		return nodes != 0 ? -EINVAL : 0;
	case UAPI_MPOL_PREFERRED:
		return nodes != 0 && (nodes & 1) == 0 ? -EINVAL : 0;
	default:
		return (nodes & 1) == 0 ? -EINVAL : 0;
	}
}

long sys_set_mempolicy(int mode, const void USER *nodes, unsigned long count)
{
	uint64_t first;
	int err = get_nodes(&first, nodes, count);

	if (err == 0) {
		err = check_policy(mode, first);
	}
	if (err < 0) {
		return err;
	}
	thread_current()->linux.memory_policy = (uint32_t)mode;
	return 0;
}

long sys_mbind(unsigned long addr, size_t length, int mode,
	       const void USER *nodes, unsigned long count, unsigned flags)
{
	struct address_space *space = thread_current()->address_space;
	uint64_t first;
	struct vma *vma;
	int err;

	if ((flags & ~(unsigned)(UAPI_MPOL_MF_STRICT | UAPI_MPOL_MF_MOVE |
				 UAPI_MPOL_MF_MOVE_ALL)) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_MPOL_MF_MOVE_ALL) != 0 &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
		return -EPERM;
	}
	err = get_nodes(&first, nodes, count);
	if (err == 0) {
		err = check_policy(mode, first);
	}
	if (err < 0) {
		return err;
	}
	if (!IS_ALIGNED(addr, PAGE_SIZE) || length > USER_END ||
	    addr > USER_END - length) {
		return -EINVAL;
	}
	if (length == 0) {
		return 0;
	}
	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	err = vma == NULL || vma->start > addr ? -EFAULT : 0;
	rwlock_read_unlock(&space->lock);
	return err;
}

static int put_nodes(void USER *nodes, unsigned long count, uint64_t first)
{
	size_t bytes = DIV_ROUND_UP(count - 1, WORD_BITS) * sizeof(uint64_t);

	if (nodes == NULL || count <= 1) {
		return nodes == NULL ? 0 : -EINVAL;
	}
	if (bytes > PAGE_SIZE || user_zero(nodes, bytes) < 0) {
		return bytes > PAGE_SIZE ? -EINVAL : -EFAULT;
	}
	return user_put_u64(nodes, first);
}

long sys_get_mempolicy(void USER *mode, void USER *nodes, unsigned long count,
		       unsigned long addr, unsigned long flags)
{
	uint32_t policy = thread_current()->linux.memory_policy;
	uint64_t first = 1;
	uint32_t answer = policy;
	uint8_t probe;

	if ((flags & ~(unsigned long)(UAPI_MPOL_F_NODE | UAPI_MPOL_F_ADDR |
				      UAPI_MPOL_F_MEMS_ALLOWED)) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_MPOL_F_MEMS_ALLOWED) != 0) {
		if ((flags & (UAPI_MPOL_F_NODE | UAPI_MPOL_F_ADDR)) != 0) {
			return -EINVAL;
		}
		answer = 0;
	} else if ((flags & UAPI_MPOL_F_ADDR) != 0) {
		if (user_get_u8(&probe, (const void USER *)addr) < 0) {
			return -EFAULT;
		}
		answer = 0; /* MPOL_DEFAULT, or node 0 */
		first = 0;
	} else {
		if (addr != 0 || ((flags & UAPI_MPOL_F_NODE) != 0 &&
				  (policy & ~(uint32_t)MODE_FLAGS) !=
					  UAPI_MPOL_INTERLEAVE)) {
			return -EINVAL;
		}
		answer = (flags & UAPI_MPOL_F_NODE) != 0 ? 0 : policy;
		if (policy == UAPI_MPOL_DEFAULT || policy == UAPI_MPOL_LOCAL) {
			first = 0;
		}
	}
	if (mode != NULL && user_put_u32(mode, answer) < 0) {
		return -EFAULT;
	}
	return put_nodes(nodes, count, first);
}
