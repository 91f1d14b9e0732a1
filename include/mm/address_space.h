/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Address spaces and their mappings (VMAs).
 *
 * One per process; shared by CLONE_VM children.  The VMA tree is guarded by
 * `lock`: faults read it, mmap and friends write it.  The page table has
 * one spinlock per address space for table pages; leaves change by atomic
 * exchange.  A private, one-process guest never switches the root.
 *
 * All calls may sleep.  Addresses and lengths are checked here, so the
 * system calls pass the application's values through.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/rbtree.h>
#include <lib/refcount.h>
#include <lib/types.h>
#include <sched/cpumask.h>
#include <sync/rwlock.h>

struct vm_object;
struct page;

/* Protection and kind of a VMA. */
#define VMA_READ	  (1u << 0)
#define VMA_WRITE	  (1u << 1)
#define VMA_EXEC	  (1u << 2)
#define VMA_PROT	  (VMA_READ | VMA_WRITE | VMA_EXEC)
#define VMA_SHARED	  (1u << 3)
#define VMA_MAY_WRITE	  (1u << 4) /* shared file opened for writing */
#define VMA_LOCKED	  (1u << 5)
#define VMA_LOCK_ON_FAULT (1u << 6)
#define VMA_NORESERVE	  (1u << 7)
#define VMA_GROWSDOWN	  (1u << 8)
#define VMA_HUGETLB	  (1u << 9)
#define VMA_NO_HUGE	  (1u << 10) /* MADV_NOHUGEPAGE */
#define VMA_HUGE	  (1u << 11) /* MADV_HUGEPAGE */
#define VMA_DONTFORK	  (1u << 12)
#define VMA_WIPEONFORK	  (1u << 13)
#define VMA_STACK	  (1u << 14) /* [stack] in maps */
#define VMA_HEAP	  (1u << 15) /* [heap] */
#define VMA_VDSO	  (1u << 16)
#define VMA_VVAR	  (1u << 17)
#define VMA_SEQUENTIAL	  (1u << 18)
#define VMA_RANDOM	  (1u << 19)
#define VMA_DONTDUMP	  (1u << 20)
#define VMA_WRITTEN	  (1u << 21) /* of a removed VMA: see ops->written */

struct vma {
	struct rbtree_node node; /* by start; augmented with the largest gap */
	uintptr_t start;
	uintptr_t end;		     /* exclusive */
	uint32_t flags;		     /* VMA_* */
	struct vm_object *object;    /* NULL: anonymous; one reference */
	uint64_t offset;	     /* page number in the object at start; 0
				      * when anonymous */
	size_t gap;		     /* free bytes below start */
	size_t subtree_gap;	     /* augmented: largest gap of the subtree */
	struct address_space *space; /* [I] */
	/* Objects with a page cache: start, end, offset change only with
	 * cache->mapping_lock held as well. */
	struct list_node mapping_link; /* [cache->mapping_lock] */
};

struct address_space {
	struct rwlock lock;
	struct refcount refs;	    /* threads and borrowers */
	struct rbtree vmas;	    /* [lock] */
	unsigned vma_count;	    /* [lock] at most VMA_COUNT_MAX */
	paddr_t root;		    /* [I] page-table root */
	struct spinlock table_lock; /* page-table structure */
	uintptr_t mmap_top;	    /* [I] ASLR: search downwards from here */
	uintptr_t brk_start;	    /* [lock] */
	uintptr_t brk;		    /* [lock] */
	uintptr_t stack_top;	    /* [I] after exec */
	uintptr_t vdso;		    /* [I] after exec */
	/* For /proc and prctl(PR_SET_MM-free view): set by exec. */
	uintptr_t code_start, code_end, data_start, data_end;
	uintptr_t arg_start, arg_end, env_start, env_end;
	uint64_t resident;	    /* [a] frames */
	uint64_t resident_peak;	    /* [a] */
	uint64_t resident_file;	    /* [a] */
	uint64_t page_table_frames; /* [a] */
	uintptr_t kept_block;	    /* [lock] see vm_unmap.c; 0: none */
	uint64_t virtual_pages;	    /* [lock] */
	uint64_t locked_pages;	    /* [lock] */
	uint32_t default_flags;	    /* [a] VMA_LOCKED ... of new mappings:
				     * mlockall(MCL_FUTURE) */
	struct cpumask active;	    /* [a] CPUs whose root this is */
	uint64_t tlb_generation;    /* [a] shoot-downs so far; see tlb.c */
	uint64_t saved_auxv[48];    /* [I] after exec: /proc/PID/auxv */
	bool oom_killed;	    /* [a] faults fail fast */
};

#define VMA_COUNT_MAX 65530

/* One reference for the caller.  0 or -ENOMEM. */
int address_space_create(struct address_space **space_out);
void address_space_get(struct address_space *space);
void address_space_put(struct address_space *space);

/* A copy for fork: copy-on-write.  0, -ENOMEM. */
int address_space_clone(struct address_space *from,
			struct address_space **space_out);

/* Makes the space current on this CPU (NULL: keep what is loaded).
 * Interrupts disabled; called by the scheduler and exec. */
void address_space_switch(struct address_space *next);
struct address_space *address_space_current(void);

/* How often CPUs changed from one root to another since boot. */
uint64_t address_space_root_loads(void);

/* Lock held for reading or writing.  First VMA that ends above addr. */
struct vma *vma_find(struct address_space *space, uintptr_t addr);
struct vma *vma_next(struct vma *vma);

/* Where `length` bytes would go now, at the hint if it is free; or -ENOMEM.
 * Nothing is reserved: for a space that nobody else changes yet. */
long vm_find_place(struct address_space *space, uintptr_t hint, size_t length);

/*
 * mmap.  `prot_flags` are VMA_*; `hint` is an address or 0; `how` below.
 * Takes its own reference to the object.  Returns the address, or -EINVAL,
 * -ENOMEM, -EEXIST (FIXED_NOREPLACE), -EAGAIN (locked limit).
 */
#define MAP_HOW_FIXED	  (1u << 0)
#define MAP_HOW_NOREPLACE (1u << 1)
#define MAP_HOW_POPULATE  (1u << 2)
#define MAP_HOW_32BIT	  (1u << 3)
#define MAP_HOW_LOCKED	  (1u << 4)
long vm_map(struct address_space *space, uintptr_t hint, size_t length,
	    uint32_t prot_flags, unsigned how, struct vm_object *object,
	    uint64_t offset_pages);
int vm_unmap(struct address_space *space, uintptr_t addr, size_t length);
int vm_protect(struct address_space *space, uintptr_t addr, size_t length,
	       uint32_t prot);
long vm_remap(struct address_space *space, uintptr_t old_addr, size_t old_size,
	      size_t new_size, unsigned flags, uintptr_t new_addr);
int vm_advise(struct address_space *space, uintptr_t addr, size_t length,
	      int advice);
int vm_lock(struct address_space *space, uintptr_t addr, size_t length,
	    unsigned flags);
int vm_unlock(struct address_space *space, uintptr_t addr, size_t length);
int vm_sync(struct address_space *space, uintptr_t addr, size_t length,
	    int flags);
/* One byte per page into vec (kernel buffer). */
int vm_incore(struct address_space *space, uintptr_t addr, size_t length,
	      uint8_t *vec);
uintptr_t vm_brk(struct address_space *space, uintptr_t brk);

/*
 * Pins `count` pages of the range for the kernel (O_DIRECT, futex keys,
 * process_vm_*): faulted in, referenced.  Returns 0 or -EFAULT/-ENOMEM;
 * release with page_put().
 */
int vm_pin(struct address_space *space, uintptr_t addr, bool write,
	   struct page **pages_out, size_t count);

/* Reads or writes another (or this) space's memory through the direct map
 * (/proc/PID/mem, cmdline).  Returns bytes moved or -EFAULT, -EIO,
 * -ENOMEM. */
ssize_t vm_access(struct address_space *space, uintptr_t addr, void *buffer,
		  size_t size, bool write);

/* What the page table maps in a range, in pages; for /proc/PID/smaps. */
struct vm_usage {
	uint64_t anon;
	uint64_t file;		     /* pages of files and shared memory */
	uint64_t shared;	     /* mapped more than once */
	uint64_t dirty;		     /* written through a mapping, or anon */
	uint64_t shared_dirty;	     /* both */
	uint64_t referenced;	     /* used lately */
	uint64_t huge;		     /* in 2 MiB leaves */
	uint64_t proportional_bytes; /* each page divided by its mappings */
};

/* Adds to *usage; lock held for reading. */
void vm_usage(struct address_space *space, uintptr_t start, uintptr_t end,
	      struct vm_usage *usage);
