/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The table of processes and their ids.
 *
 * 1. A process is referenced by the table until it is reaped, by each of its
 *    threads until the thread's struct goes, and by whoever called
 *    process_get().  What it owns (files, memory, actions) goes when its last
 *    thread leaves (exit.c), not with the last reference.
 * 2. An id (struct process_id) is in the hash as long as a process, a group or
 *    a session uses the number.  The thread that was created under the number
 *    is kept with it, so the number is not given out twice.
 * 3. Lock order: tree lock, process->lock, group lock, signals.lock.
 *
 * Bounded by the number of thread ids (PID_MAX).
 */
#include "internal.h"

#include <arch/frame.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/upcalls.h>
#include <sched/sched.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#define ID_HASH_SIZE 256

struct spinlock process_tree_lock = SPINLOCK_INIT("process.tree");
struct spinlock process_group_lock = SPINLOCK_INIT("process.group");
static struct list processes = LIST_INITIALIZER(processes); /* [t] */
static struct process_id *id_hash[ID_HASH_SIZE];	    /* [tg] */
static struct process_id *dead_ids; /* [t] to be freed without locks */

/* --- ids ----------------------------------------------------------------- */

static struct process_id **id_bucket(int value)
{
	return &id_hash[(unsigned)value % ID_HASH_SIZE];
}

struct process_id *process_id_find_locked(int value)
{
	struct process_id *id = *id_bucket(value);

	while (id != NULL && id->value != value) {
		id = id->next;
	}
	return id;
}

static void id_release_locked(struct process_id *id)
{
	struct process_id **link = id_bucket(id->value);
	unsigned long state;

	if (--id->uses > 0) {
		return;
	}
	state = spin_lock_irqsave(&process_group_lock);
	while (*link != id) {
		link = &(*link)->next;
	}
	*link = id->next;
	spin_unlock_irqrestore(&process_group_lock, state);
	id->next = dead_ids;
	dead_ids = id;
}

void process_ids_collect(void)
{
	struct process_id *id;

	tree_lock();
	id = dead_ids;
	dead_ids = NULL;
	tree_unlock();
	while (id != NULL) {
		struct process_id *next = id->next;

		thread_put(id->holder);
		kfree(id);
		id = next;
	}
}

void process_id_set_holder(struct process *process, struct thread *thread)
{
	struct thread *old;

	thread_get(thread);
	tree_lock();
	old = process->id->holder;
	process->id->holder = thread;
	tree_unlock();
	thread_put(old);
}

void process_set_group_locked(struct process *process, struct process_id *id)
{
	struct process_id *old = process->group_id;
	unsigned long state;

	id->uses++;
	state = spin_lock_irqsave(&process_group_lock);
	if (old != NULL) {
		list_remove(&process->group_link);
	}
	list_add_tail(&id->members, &process->group_link);
	spin_unlock_irqrestore(&process_group_lock, state);
	process->group_id = id;
	process->process_group = id->value;
	if (old != NULL) {
		id_release_locked(old);
	}
}

void process_set_session_locked(struct process *process, struct process_id *id)
{
	struct process_id *old = process->session_id;

	id->uses++;
	if (old != NULL) {
		id_release_locked(old);
	}
	process->session_id = id;
	process->session = id->value;
}

/* --- creation ------------------------------------------------------------ */

struct process *process_alloc(void)
{
	struct process *process = kzalloc(sizeof(*process));

	if (process == NULL) {
		return NULL;
	}
	refcount_init(&process->refs);
	spinlock_init(&process->lock, "process");
	spinlock_init(&process->signals.lock, "signals");
	list_init(&process->threads);
	list_init(&process->children);
	list_init(&process->sem_undos);
	list_node_init(&process->sibling);
	list_node_init(&process->group_link);
	signal_queue_init(&process->signals.pending);
	wait_queue_init(&process->signals.signalfd);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->exit_wait);
	wait_queue_init(&process->stop_wait);
	process->state = PROCESS_ALIVE;
	process->exit_signal = UAPI_SIGCHLD;
	process->dumpable = true;
	process->start_ns = clock_monotonic_ns();
	return process;
}

void process_free_unstarted(struct process *process)
{
	if (process->actions != NULL) {
		signal_actions_put(process->actions);
	}
	if (process->address_space != NULL) {
		address_space_put(process->address_space);
	}
	if (process->files != NULL) {
		resources_files_put(process->files);
	}
	if (process->fs != NULL) {
		resources_fs_put(process->fs);
	}
	if (process->executable != NULL) {
		resources_executable_put(process->executable);
	}
	process->actions = NULL;
	process->address_space = NULL;
	process->files = NULL;
	process->fs = NULL;
	process->executable = NULL;
}

static void link_locked(struct process *process, struct process *parent)
{
	struct process_id **bucket = id_bucket(process->pid);
	unsigned long state = spin_lock_irqsave(&process_group_lock);

	process->id->next = *bucket;
	*bucket = process->id;
	spin_unlock_irqrestore(&process_group_lock, state);
	list_add_tail(&processes, &process->all_link);
	process->parent = parent;
	if (parent == NULL) {
		process_set_group_locked(process, process->id);
		process_set_session_locked(process, process->id);
		return;
	}
	process->parent_pid = parent->pid;
	list_add_tail(&parent->children, &process->sibling);
	process_set_group_locked(process, parent->group_id);
	process_set_session_locked(process, parent->session_id);
	process->tty = parent->tty;
}

int process_publish(struct process *process, struct thread *leader,
		    struct process *parent, bool as_sibling)
{
	struct process_id *id = kzalloc(sizeof(*id));

	if (id == NULL) {
		return -ENOMEM;
	}
	id->value = leader->tid;
	id->uses = 1;
	id->process = process;
	id->holder = leader;
	list_init(&id->members);
	thread_get(leader);
	process->pid = leader->tid;
	process->id = id;
	process_get(process); /* the table's */
	tree_lock();
	link_locked(process, as_sibling ? parent->parent : parent);
	tree_unlock();
	return 0;
}

int process_create(struct file_table *files, struct fs_context *fs,
		   struct process **process_out)
{
	struct process *process = process_alloc();
	struct thread *thread;
	int err = -ENOMEM;

	if (process == NULL) {
		return -ENOMEM;
	}
	rlimits_init(&process->rlimits);
	credentials_init_root(&process->credentials);
	process->actions = signal_actions_create();
	if (process->actions == NULL ||
	    address_space_create(&process->address_space) < 0) {
		goto free_process;
	}
	err = thread_create(process, &thread);
	if (err < 0) {
		goto free_process;
	}
	process->kernel_waits = true;
	err = process_publish(process, thread, NULL, false);
	if (err < 0) {
		goto free_thread;
	}
	process->files = files;
	process->fs = fs;
	process_add_thread(process, thread);
	thread->address_space = process->address_space;
	thread_put(thread); /* process_add_thread() took its own */
	*process_out = process;
	return 0;
free_thread:
	thread_put(thread);
free_process:
	process_free_unstarted(process);
	process_put(process);
	return err;
}

struct thread *process_leader(struct process *process)
{
	return list_first(&process->threads, struct thread, process_link);
}

/* --- threads of a process --------------------------------------------------
 */

void process_add_thread(struct process *process, struct thread *thread)
{
	unsigned long state;

	thread_get(thread);
	signal_queue_init(&thread->linux.pending);
	spin_lock(&process->lock);
	state = spin_lock_irqsave(&process->signals.lock);
	list_add_tail(&process->threads, &thread->process_link);
	process->thread_count++;
	if (process->job.stopping) { /* it must stop as well */
		thread_add_work(thread, THREAD_WORK_SIGNAL);
	}
	if (process->state != PROCESS_ALIVE || process->exec_thread != NULL) {
		thread_add_work(thread, THREAD_WORK_EXIT | THREAD_WORK_SIGNAL);
	}
	if (process->timers != NULL ||
	    process->rlimits.limits[RLIMIT_CPU].soft != RLIMIT_INFINITY) {
		thread_add_work(thread, THREAD_WORK_TIMER); /* on CPU time */
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
	spin_unlock(&process->lock);
}

/* What the thread used up, to the sums of its process: process->lock held. */
static void add_usage_locked(struct process *process, struct thread *thread)
{
	uint64_t user = 0;
	uint64_t system = 0;

	sched_cpu_time_ns(thread, &user, &system);
	process->user_ns += user;
	process->system_ns += system;
	process->minor_faults += thread->linux.minor_faults;
	process->major_faults += thread->linux.major_faults;
	io_counts_add(&process->io, &thread->linux.io);
	process->voluntary_switches += thread->sched.switches_voluntary;
	process->involuntary_switches += thread->sched.switches_involuntary;
}

bool process_remove_thread(struct process *process, struct thread *thread)
{
	unsigned long state;
	bool last;

	spin_lock(&process->lock);
	add_usage_locked(process, thread);
	if (thread->tid == process->pid) {
		process->leader_status = (uint32_t)thread->linux.exit_code;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	list_remove(&thread->process_link);
	last = --process->thread_count == 0;
	if (last && process->state == PROCESS_ALIVE) {
		process->exit_status = process->leader_status;
		process->state = PROCESS_EXITING;
	}
	signal_retarget_locked(process, thread, ~0ull);
	spin_unlock_irqrestore(&process->signals.lock, state);
	spin_unlock(&process->lock);
	signal_queue_flush(process, &thread->linux.pending);
	if (!last) {
		job_thread_left(process);
		wait_queue_wake_all(&process->stop_wait); /* exec waits */
	}
	return last;
}

int process_for_each_thread(struct process *process,
			    int (*func)(struct thread *thread, void *arg),
			    void *arg)
{
	struct thread *thread;
	int result = 0;

	spin_lock(&process->lock);
	list_for_each (thread, &process->threads, process_link) {
		result = func(thread, arg);
		if (result != 0) {
			break;
		}
	}
	spin_unlock(&process->lock);
	return result;
}

/* --- references ------------------------------------------------------------
 */

struct process *process_find_locked(int pid)
{
	struct process_id *id = process_id_find_locked(pid);

	return id != NULL ? id->process : NULL;
}

struct process *process_find(int pid)
{
	struct process *process;

	tree_lock();
	process = process_find_locked(pid);
	if (process != NULL) {
		process_get(process);
	}
	tree_unlock();
	return process;
}

void process_get(struct process *process)
{
	refcount_get(&process->refs);
}

void process_put(struct process *process)
{
	if (refcount_put(&process->refs)) {
		kfree(process);
	}
}

int process_for_each(int (*func)(struct process *process, void *arg), void *arg)
{
	struct process *process;
	int result = 0;

	tree_lock();
	list_for_each (process, &processes, all_link) {
		result = func(process, arg);
		if (result != 0) {
			break;
		}
	}
	tree_unlock();
	return result;
}

struct address_space *process_get_space(struct process *process)
{
	struct address_space *space;

	spin_lock(&process->lock);
	space = process->address_space;
	if (space != NULL) {
		address_space_get(space);
	}
	spin_unlock(&process->lock);
	return space;
}

struct file_table *process_get_files(struct process *process)
{
	struct file_table *files;

	spin_lock(&process->lock);
	files = process->files;
	if (files != NULL) {
		resources_files_get(files);
	}
	spin_unlock(&process->lock);
	return files;
}

struct fs_context *process_get_fs(struct process *process)
{
	struct fs_context *fs;

	spin_lock(&process->lock);
	fs = process->fs;
	if (fs != NULL) {
		resources_fs_get(fs);
	}
	spin_unlock(&process->lock);
	return fs;
}

struct file *process_get_executable(struct process *process)
{
	struct file *file;

	spin_lock(&process->lock);
	file = process->executable;
	if (file != NULL) {
		resources_file_get(file);
	}
	spin_unlock(&process->lock);
	return file;
}

/* --- the end ---------------------------------------------------------------
 */

void process_unlink_locked(struct process *process)
{
	unsigned long state;

	process->state = PROCESS_DEAD;
	list_remove(&process->all_link);
	if (list_is_linked(&process->sibling)) {
		list_remove(&process->sibling);
	}
	state = spin_lock_irqsave(&process_group_lock);
	list_remove(&process->group_link);
	spin_unlock_irqrestore(&process_group_lock, state);
	id_release_locked(process->group_id);
	id_release_locked(process->session_id);
	process->id->process = NULL;
	id_release_locked(process->id);
	process->group_id = NULL;
	process->session_id = NULL;
	process->id = NULL;
}

void process_reap_finish(struct process *process)
{
	process_ids_collect();
	process_put(process); /* the table's */
}

/* The nearest living ancestor that adopts, or NULL: the kernel does. */
static struct process *find_reaper_locked(struct process *process)
{
	struct process *ancestor = process->parent;

	while (ancestor != NULL && (!ancestor->child_subreaper ||
				    ancestor->state != PROCESS_ALIVE)) {
		ancestor = ancestor->parent;
	}
	return ancestor;
}

/* Returns true when nobody will wait for the child, which is a zombie. */
static bool adopt_locked(struct process *child, struct process *reaper)
{
	list_remove(&child->sibling);
	child->parent = reaper;
	__atomic_store_n(&child->parent_pid,
			 reaper != NULL ? reaper->pid : PROCESS_ORPHAN_PARENT,
			 __ATOMIC_RELAXED);
	child->exit_signal = UAPI_SIGCHLD;
	if (child->parent_death_signal != 0) {
		signal_send_process(child, child->parent_death_signal, NULL);
	}
	if (reaper == NULL) {
		return child->state == PROCESS_ZOMBIE;
	}
	list_add_tail(&reaper->children, &child->sibling);
	if (child->state == PROCESS_ZOMBIE) {
		signal_notify_parent_locked(child, UAPI_SIGCHLD, 0, 0);
	}
	return false;
}

void process_reparent_children(struct process *process)
{
	struct list orphans = LIST_INITIALIZER(orphans);
	struct process *child;
	struct process *next;
	struct process *reaper;

	tree_lock();
	reaper = find_reaper_locked(process);
	list_for_each_safe (child, next, &process->children, sibling) {
		if (adopt_locked(child, reaper)) {
			process_unlink_locked(child);
			list_add_tail(&orphans, &child->sibling);
		}
	}
	tree_unlock();
	list_for_each_safe (child, next, &orphans, sibling) {
		list_remove(&child->sibling);
		process_reap_finish(child);
	}
}
