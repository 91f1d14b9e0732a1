/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The Linux part of a thread: signals, futexes, identifiers.
 *
 * Key: [t] the thread itself, [s] process->signals->lock.
 */
#include <stdbool.h>
#include <stdint.h>

#include <process/signal_queue.h>

struct rseq_registration {
	uintptr_t area; /* [t] user address, 0: none */
	uint32_t size;
	uint32_t signature;
	uint32_t cpu; /* [t] cpu_id as last written there */
};

/* /proc/PID/io */
struct io_counts {
	uint64_t read_bytes,
		write_bytes;	   /* of read(2), write(2) and the like */
	uint64_t reads, writes;	   /* calls */
	uint64_t disk_read_bytes;  /* into the page cache */
	uint64_t disk_write_bytes; /* made dirty there */
};

struct thread_state_linux {
	uint64_t signal_blocked; /* [s] written by the thread itself only */
	uint64_t signal_saved;	 /* [t] restored by THREAD_WORK_RESTORE_MASK */
	uint64_t signal_wait;	 /* [s] sigtimedwait set */
	struct signal_queue pending;   /* [s] directed at this thread */
	uintptr_t altstack_base;       /* [t] */
	uint64_t altstack_size;	       /* [t] */
	uint32_t altstack_flags;       /* [t] SS_DISABLE, SS_AUTODISARM */
	uintptr_t clear_child_tid;     /* [t] */
	uintptr_t set_child_tid;       /* [t] */
	uintptr_t robust_list;	       /* [t] user address of the head */
	uint64_t robust_list_size;     /* [t] */
	struct rseq_registration rseq; /* [t] */
	uint64_t timer_slack_ns;       /* [t] */
	int exit_code;		       /* [t] wait status when it exits */
	bool stopped;		       /* [s] sits in a group stop */
	bool has_saved_mask;	       /* [t] signal_saved is to be restored */
	bool in_restart_block;	       /* [t] restart_syscall is armed */
	uint64_t restart_deadline_ns;  /* [t] for sleep restarts */
	uintptr_t restart_remaining;   /* [t] user timespec */
	uint32_t restart_clock;	       /* [t] */
	long (*restart)(void);	       /* [t] what restart_syscall runs */
	uint32_t memory_policy;	       /* [t] MPOL_*, for get_mempolicy */
	uint32_t io_priority;	       /* [a] ioprio_set: kept, not obeyed */
	uint64_t minor_faults;	       /* [t] */
	uint64_t major_faults;	       /* [t] */
	struct list *nested_rights;    /* [t] net/socket/rights.c */
	struct io_counts io;	       /* [t] */
	void *pi_state;		       /* futex PI: what it owns, waits for */
	bool exiting;		       /* [t] leaves for good, not by exec */
	bool futexes_released;	       /* [futex PI lock] nothing is owned */
};
