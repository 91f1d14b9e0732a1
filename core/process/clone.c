/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * clone, fork, vfork: new threads and processes.
 *
 * Everything that can fail is done before the newcomer is published; from
 * process_publish() (a process) or process_add_thread() (a thread) on it is
 * only started.  What the caller asked to share is referenced, the rest is
 * copied.  Thread context, no locks held.
 */
#include "internal.h"

#include <arch/frame.h>
#include <arch/user.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <process/upcalls.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/clone.h>
#include <uapi/errno.h>

static bool has(uint64_t flags, uint64_t wanted)
{
	return (flags & wanted) == wanted;
}

/* Combinations that clone(2) forbids. */
static int check_flags(const struct clone_args *args)
{
	uint64_t flags = args->flags;

	if (has(flags, UAPI_CLONE_NEWNS | UAPI_CLONE_FS) ||
	    has(flags, UAPI_CLONE_NEWUSER | UAPI_CLONE_FS) ||
	    (has(flags, UAPI_CLONE_THREAD) &&
	     (flags & (UAPI_CLONE_NEWUSER | UAPI_CLONE_NEWPID)) != 0) ||
	    (has(flags, UAPI_CLONE_THREAD) &&
	     !has(flags, UAPI_CLONE_SIGHAND)) ||
	    (has(flags, UAPI_CLONE_SIGHAND) && !has(flags, UAPI_CLONE_VM)) ||
	    has(flags, UAPI_CLONE_SIGHAND | UAPI_CLONE_CLEAR_SIGHAND) ||
	    has(flags, UAPI_CLONE_THREAD | UAPI_CLONE_PIDFD) ||
	    has(flags, UAPI_CLONE_INTO_CGROUP) || args->exit_signal < 0 ||
	    args->exit_signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	if ((flags & UAPI_CLONE_NEW_ALL) != 0) {
		return -EPERM;
	}
	return 0;
}

/* RLIMIT_NPROC counts threads of the user; root is not bound by it. */
struct user_count {
	uint32_t uid;
	uint64_t threads;
};

static int count_user(struct process *process, void *arg)
{
	struct user_count *count = arg;

	if (process->credentials.uid == count->uid) {
		count->threads += process->thread_count;
	}
	return 0;
}

static bool is_over_limit(const struct process *process)
{
	struct user_count count = {.uid = process->credentials.uid};
	uint64_t limit = rlimit_current(RLIMIT_NPROC);

	if (limit == RLIMIT_INFINITY || count.uid == 0 ||
	    credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE) ||
	    credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return false;
	}
	process_for_each(count_user, &count);
	return count.threads >= limit;
}

/* --- the thread ------------------------------------------------------------
 */

static void inherit_thread_state(struct thread *thread,
				 const struct clone_args *args)
{
	const struct thread_state_linux *from = &thread_current()->linux;
	struct thread_state_linux *to = &thread->linux;
	bool shares_memory = has(args->flags, UAPI_CLONE_VM);

	to->signal_blocked = from->signal_blocked;
	to->memory_policy = from->memory_policy;
	to->io_priority = from->io_priority;
	to->altstack_flags = UAPI_SS_DISABLE;
	if (!shares_memory || has(args->flags, UAPI_CLONE_VFORK)) {
		to->altstack_base = from->altstack_base;
		to->altstack_size = from->altstack_size;
		to->altstack_flags = from->altstack_flags;
	}
	if (!shares_memory) {
		to->rseq = from->rseq;
	}
	if (has(args->flags, UAPI_CLONE_CHILD_CLEARTID)) {
		to->clear_child_tid = args->child_tid;
	}
}

/* A thread of `process`, ready to run with a copy of the frame. */
static int make_thread(struct process *process, struct address_space *space,
		       const struct clone_args *args,
		       const struct trapframe *frame,
		       struct thread **thread_out)
{
	struct trapframe child = *frame;
	struct thread *thread;
	int err = thread_create(process, &thread);

	if (err < 0) {
		return err;
	}
	frame_set_result(&child, 0);
	frame_end_syscall(&child);
	if (args->stack != 0) {
		frame_set_sp(&child, args->stack);
	}
	err = context_init_app(thread, &child, true);
	if (err < 0) {
		thread_put(thread);
		return err;
	}
	if (has(args->flags, UAPI_CLONE_SETTLS)) {
		context_set_tls(thread, args->tls);
	}
	thread->address_space = space;
	inherit_thread_state(thread, args);
	*thread_out = thread;
	return 0;
}

/* The child's own copy of its id; a bad address is the child's problem, as on
 * Linux. */
static void write_child_tid(struct thread *thread,
			    const struct clone_args *args)
{
	uint32_t tid = (uint32_t)thread->tid;

	if (has(args->flags, UAPI_CLONE_CHILD_SETTID)) {
		vm_access(thread->address_space, args->child_tid, &tid,
			  sizeof(tid), true);
	}
}

static void write_parent_tid(const struct thread *thread,
			     const struct clone_args *args)
{
	if (has(args->flags, UAPI_CLONE_PARENT_SETTID)) {
		user_put_u32((void *)args->parent_tid, (uint32_t)thread->tid);
	}
}

static long clone_thread(const struct clone_args *args,
			 const struct trapframe *frame)
{
	struct process *process = process_current();
	struct thread *thread;
	int tid;
	int err = make_thread(process, process->address_space, args, frame,
			      &thread);

	if (err < 0) {
		return err;
	}
	tid = thread->tid;
	write_child_tid(thread, args);
	write_parent_tid(thread, args);
	process_add_thread(process, thread);
	thread_start(thread);
	thread_put(thread);
	return tid;
}

/* --- the process -----------------------------------------------------------
 */

static void copy_attributes(struct process *to, struct process *from,
			    const struct clone_args *args)
{
	spin_lock(&from->lock);
	to->rlimits = from->rlimits;
	to->credentials = from->credentials;
	memcpy(to->name, from->name, sizeof(to->name));
	to->dumpable = from->dumpable;
	to->no_new_privileges = from->no_new_privileges;
	to->personality = from->personality;
	to->oom_score_adjust = from->oom_score_adjust;
	to->executable = from->executable;
	if (to->executable != NULL) {
		resources_executable_get(to->executable);
	}
	spin_unlock(&from->lock);
	to->exit_signal = has(args->flags, UAPI_CLONE_PARENT)
				  ? from->exit_signal
				  : args->exit_signal;
}

static int share_files(struct process *to, struct process *from, uint64_t flags)
{
	if (!has(flags, UAPI_CLONE_FILES)) {
		to->files = resources_files_clone(from->files);
		return to->files != NULL ? 0 : -ENOMEM;
	}
	spin_lock(&from->lock);
	from->files_shared = true;
	to->files_shared = true;
	to->files = from->files;
	resources_files_get(to->files);
	spin_unlock(&from->lock);
	return 0;
}

static int share_fs(struct process *to, struct process *from, uint64_t flags)
{
	if (has(flags, UAPI_CLONE_FS)) {
		to->fs = from->fs;
		resources_fs_get(to->fs);
		return 0;
	}
	to->fs = resources_fs_clone(from->fs);
	return to->fs != NULL ? 0 : -ENOMEM;
}

static int share_actions(struct process *to, struct process *from,
			 uint64_t flags)
{
	if (has(flags, UAPI_CLONE_SIGHAND)) {
		to->actions = from->actions;
		signal_actions_get(to->actions);
		return 0;
	}
	to->actions = signal_actions_clone(
		from->actions, has(flags, UAPI_CLONE_CLEAR_SIGHAND));
	return to->actions != NULL ? 0 : -ENOMEM;
}

static int share_memory(struct process *to, struct process *from,
			uint64_t flags)
{
	if (has(flags, UAPI_CLONE_VM)) {
		to->address_space = from->address_space;
		address_space_get(to->address_space);
		return 0;
	}
	return address_space_clone(from->address_space, &to->address_space);
}

static int copy_process(const struct clone_args *args,
			struct process **process_out)
{
	struct process *from = process_current();
	struct process *to = process_alloc();
	int err;

	if (to == NULL) {
		return -ENOMEM;
	}
	copy_attributes(to, from, args);
	err = share_files(to, from, args->flags);
	if (err == 0) {
		err = share_fs(to, from, args->flags);
	}
	if (err == 0) {
		err = share_actions(to, from, args->flags);
	}
	if (err == 0) {
		err = share_memory(to, from, args->flags);
	}
	if (err < 0) {
		process_free_unstarted(to);
		process_put(to);
		return err;
	}
	*process_out = to;
	return 0;
}

/* The descriptor of the child in the caller's table, or a negative errno. */
static int give_pidfd(struct process *child, const struct clone_args *args)
{
	int fd = pidfd_create(child, 0);

	if (fd >= 0 && user_put_u32((void *)args->pidfd, (uint32_t)fd) < 0) {
		pidfd_cancel(fd);
		return -EFAULT;
	}
	return fd;
}

static bool vfork_is_done(void *arg)
{
	const struct vfork_wait *wait = arg;

	return __atomic_load_n(&wait->done, __ATOMIC_ACQUIRE);
}

/* Until the child has exec'ed or gone; cut short only when we are killed. */
static void wait_vfork(struct process *child, struct vfork_wait *wait)
{
	if (process_sleep_killable(vfork_is_done, wait)) {
		return;
	}
	spin_lock(&child->lock);
	if (child->vfork_wait == wait) {
		child->vfork_wait = NULL;
	}
	spin_unlock(&child->lock);
}

/* The child cannot fail any more; its reference is ours. */
static long start_process(struct process *child, struct thread *thread,
			  const struct clone_args *args)
{
	struct vfork_wait wait = {.parent = process_current()};
	int pid = child->pid;

	if (has(args->flags, UAPI_CLONE_VFORK)) {
		child->vfork_wait = &wait;
	}
	write_child_tid(thread, args);
	write_parent_tid(thread, args);
	process_add_thread(child, thread);
	thread_start(thread);
	thread_put(thread);
	if (has(args->flags, UAPI_CLONE_VFORK)) {
		wait_vfork(child, &wait);
	}
	return pid;
}

static long clone_process(const struct clone_args *args,
			  const struct trapframe *frame)
{
	struct process *child;
	struct thread *thread;
	long result;
	int fd = -1;
	int err = copy_process(args, &child);

	if (err < 0) {
		return err;
	}
	err = make_thread(child, child->address_space, args, frame, &thread);
	if (err < 0) {
		goto free_child;
	}
	if (has(args->flags, UAPI_CLONE_PIDFD)) {
		child->pid = thread->tid;
		fd = give_pidfd(child, args);
		err = fd;
	}
	if (err >= 0) {
		err = process_publish(child, thread, process_current(),
				      has(args->flags, UAPI_CLONE_PARENT));
	}
	if (err < 0) {
		goto free_thread;
	}
	result = start_process(child, thread, args);
	process_put(child);
	return result;

free_thread:
	if (fd >= 0) {
		pidfd_cancel(fd);
	}
	thread_put(thread);
free_child:
	process_free_unstarted(child);
	process_put(child);
	return err;
}

long process_clone(const struct clone_args *args, const struct trapframe *frame)
{
	int err = check_flags(args);

	if (err < 0) {
		return err;
	}
	if (thread_has_signal(thread_current())) {
		return -ERESTARTNOINTR; /* a fork sees all or none of it */
	}
	if (is_over_limit(process_current())) {
		return -EAGAIN;
	}
	return has(args->flags, UAPI_CLONE_THREAD) ? clone_thread(args, frame)
						   : clone_process(args, frame);
}
