/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/PID and /proc/PID/task/TID: which exist, what they hold.
 *
 * As on Linux /proc/TID works for every thread although only processes are
 * listed; it then shows the thread's process.
 */
#include <fs/procfs/internal.h>

#include <lib/bitmap.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/procfs.h>
#include <vfs/stat.h>

/* --- links -------------------------------------------------------------------
 */

ssize_t proc_path_text(const struct path *path, char *buf, size_t size)
{
	char *text = kmalloc(PATH_MAX_SIZE);
	ssize_t length = -ENOMEM;
	char *start;

	if (text == NULL) {
		return length;
	}
	length = path_name(path, NULL, text, PATH_MAX_SIZE, &start);
	if (length >= 0) {
		size_t copied = MIN((size_t)length, size);

		memcpy(buf, start, copied);
		if (copied < size) {
			buf[copied] = '\0';
		}
		length = (ssize_t)copied;
	}
	kfree(text);
	return length;
}

static ssize_t text_of(const struct table_target *target,
		       int (*follow)(const struct table_target *target,
				     struct path *path_out),
		       char *buf, size_t size)
{
	struct path path;
	ssize_t result = follow(target, &path);

	if (result == 0) {
		result = proc_path_text(&path, buf, size);
		path_put(&path);
	}
	return result;
}

static int follow_exe(const struct table_target *target, struct path *path_out)
{
	struct file *file = process_get_executable(target->process);

	if (file == NULL) {
		return -ENOENT;
	}
	path_out->mount = file->mount;
	path_out->dentry = file->dentry;
	if (file->dentry != NULL) {
		path_get(path_out);
	}
	file_put(file);
	return path_out->dentry != NULL ? 0 : -ENOENT;
}

static int follow_fs(const struct table_target *target, bool root,
		     struct path *path_out)
{
	struct fs_context *fs = process_get_fs(target->process);

	if (fs == NULL) {
		return -ENOENT;
	}
	spin_lock(&fs->lock);
	*path_out = root ? fs->root : fs->cwd;
	path_get(path_out);
	spin_unlock(&fs->lock);
	fs_context_put(fs);
	return 0;
}

static int follow_cwd(const struct table_target *target, struct path *path_out)
{
	return follow_fs(target, false, path_out);
}

static int follow_root(const struct table_target *target, struct path *path_out)
{
	return follow_fs(target, true, path_out);
}

static ssize_t read_exe(const struct table_target *target, char *buf,
			size_t size)
{
	return text_of(target, follow_exe, buf, size);
}

static ssize_t read_cwd(const struct table_target *target, char *buf,
			size_t size)
{
	return text_of(target, follow_cwd, buf, size);
}

static ssize_t read_root(const struct table_target *target, char *buf,
			 size_t size)
{
	return text_of(target, follow_root, buf, size);
}

/* --- tables
 * --------------------------------------------------------------------- */

#define MAGIC_LINK(link_name, follow_function, read_function)                  \
	{                                                                      \
		.name = (link_name), .mode = MODE_SYMLINK | 0777,              \
		.restricted = true, .follow = (follow_function),               \
		.readlink = (read_function)                                    \
	}
#define NUMBERS(dir_name, dir_mode, dir_restricted, dir_numbers)               \
	{                                                                      \
		.name = (dir_name), .mode = MODE_DIRECTORY | (dir_mode),       \
		.restricted = (dir_restricted), .numbers = (dir_numbers)       \
	}

/* What a process and a thread have in common. */
#define COMMON_ENTRIES                                                         \
	TABLE_PRIVATE("auxv", proc_show_pid_auxv),                             \
		TABLE_FILE("cgroup", proc_show_pid_cgroup),                    \
		TABLE_FILE("cmdline", proc_show_pid_cmdline),                  \
		TABLE_VALUE("comm", proc_show_pid_comm, proc_write_comm),      \
		MAGIC_LINK("cwd", follow_cwd, read_cwd),                       \
		TABLE_PRIVATE("environ", proc_show_pid_environ),               \
		MAGIC_LINK("exe", follow_exe, read_exe),                       \
		NUMBERS("fd", 0500, true, &proc_fds),                          \
		NUMBERS("fdinfo", 0555, true, &proc_fdinfos),                  \
		TABLE_PRIVATE("io", proc_show_pid_io),                         \
		TABLE_FILE("limits", proc_show_pid_limits),                    \
		TABLE_FILE("loginuid", proc_show_pid_loginuid),                \
		{                                                              \
			.name = "maps",                                        \
			.mode = MODE_REGULAR | 0444,                           \
			.restricted = true,                                    \
			.show = proc_show_pid_maps,                            \
		},                                                             \
		{                                                              \
			.name = "mem",                                         \
			.mode = MODE_REGULAR | 0600,                           \
			.restricted = true,                                    \
			.file_ops = &proc_mem_ops,                             \
		},                                                             \
		TABLE_FILE("mountinfo", proc_show_mountinfo),                  \
		TABLE_FILE("mounts", proc_show_mounts),                        \
		TABLE_VALUE("oom_adj", proc_show_pid_oom_adj,                  \
			    proc_write_oom_adj),                               \
		TABLE_FILE("oom_score", proc_show_pid_oom_score),              \
		TABLE_VALUE("oom_score_adj", proc_show_pid_oom_score_adj,      \
			    proc_write_oom_score_adj),                         \
		TABLE_PRIVATE("personality", proc_show_pid_personality),       \
		MAGIC_LINK("root", follow_root, read_root),                    \
		TABLE_FILE("schedstat", proc_show_pid_schedstat),              \
		TABLE_FILE("sessionid", proc_show_pid_sessionid),              \
		{                                                              \
			.name = "smaps",                                       \
			.mode = MODE_REGULAR | 0444,                           \
			.restricted = true,                                    \
			.show = proc_show_pid_smaps,                           \
		},                                                             \
		{                                                              \
			.name = "smaps_rollup",                                \
			.mode = MODE_REGULAR | 0444,                           \
			.restricted = true,                                    \
			.show = proc_show_pid_smaps_rollup,                    \
		},                                                             \
		TABLE_FILE("stat", proc_show_pid_stat),                        \
		TABLE_FILE("statm", proc_show_pid_statm),                      \
		TABLE_FILE("status", proc_show_pid_status),                    \
		TABLE_PRIVATE("syscall", proc_show_pid_syscall),               \
		TABLE_FILE("wchan", proc_show_pid_wchan)

#define FAIL_NTH                                                               \
	{                                                                      \
		.name = "fail-nth", .mode = MODE_REGULAR | 0644,               \
		.restricted = true, .file_ops = &proc_fail_nth_ops,            \
	}

static const struct table_entry thread_entries[] = {
	COMMON_ENTRIES,
#if CONFIG_FAIL_ALLOC
	FAIL_NTH,
#endif
};

static const struct table_entry thread_entry = TABLE_DIR("", thread_entries);

static const struct table_numbers threads;

static const struct table_entry process_entries[] = {
	COMMON_ENTRIES,
#if CONFIG_FAIL_ALLOC
	FAIL_NTH,
#endif
	NUMBERS("task", 0555, false, &threads),
};

static const struct table_entry process_entry = TABLE_DIR("", process_entries);

/* --- processes
 * --------------------------------------------------------------------- */

static size_t pid_limit(const struct table_target *target)
{
	(void)target;
	return PID_MAX;
}

struct bits {
	uint64_t *bitmap;
	size_t limit;
};

static int set_pid(struct process *process, void *arg)
{
	struct bits *bits = arg;

	if ((size_t)process->pid < bits->limit) {
		bitmap_set(bits->bitmap, (size_t)process->pid);
	}
	return 0;
}

static int list_processes(const struct table_target *target, uint64_t *bitmap,
			  size_t limit)
{
	struct bits bits = {.bitmap = bitmap, .limit = limit};

	(void)target;
	return process_for_each(set_pid, &bits);
}

static int find_process(const struct table_target *target, int number,
			struct table_target *target_out)
{
	struct process *process = process_find(number);
	struct thread *thread;

	(void)target;
	if (process == NULL) {
		thread = thread_find(number);
		if (thread != NULL && thread->process != NULL) {
			process = thread->process;
			process_get(process);
		}
		if (thread != NULL) {
			thread_put(thread);
		}
	}
	if (process == NULL) {
		return -ENOENT;
	}
	*target_out = (struct table_target){.process = process, .number = -1};
	return 0;
}

static bool is_current_process(const struct table_target *target)
{
	return __atomic_load_n(&target->process->state, __ATOMIC_ACQUIRE) !=
	       PROCESS_DEAD;
}

const struct table_numbers proc_processes = {
	.entry = &process_entry,
	.list = list_processes,
	.limit = pid_limit,
	.find = find_process,
	.is_current = is_current_process,
};

struct process *procfs_process_of(const struct file *file)
{
	const struct table_target *target =
		table_target_of(file, &process_entry);

	if (target == NULL) {
		return NULL;
	}
	process_get(target->process);
	return target->process;
}

/* --- threads
 * ------------------------------------------------------------------------- */

static int set_tid(struct thread *thread, void *arg)
{
	struct bits *bits = arg;

	if ((size_t)thread->tid < bits->limit) {
		bitmap_set(bits->bitmap, (size_t)thread->tid);
	}
	return 0;
}

static int list_threads(const struct table_target *target, uint64_t *bitmap,
			size_t limit)
{
	struct bits bits = {.bitmap = bitmap, .limit = limit};

	process_for_each_thread(target->process, set_tid, &bits);
	/* A leader that left early stays until the process has been reaped. */
	return set_pid(target->process, &bits);
}

static bool is_dead(const struct thread *thread)
{
	return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_DEAD;
}

static int find_thread(const struct table_target *target, int number,
		       struct table_target *target_out)
{
	struct thread *thread = thread_find(number);

	if (thread == NULL) {
		return -ENOENT;
	}
	if (thread->process != target->process ||
	    (is_dead(thread) && number != target->process->pid)) {
		thread_put(thread);
		return -ENOENT;
	}
	process_get(target->process);
	*target_out = (struct table_target){
		.process = target->process,
		.thread = thread,
		.number = -1,
	};
	return 0;
}

static bool is_current_thread(const struct table_target *target)
{
	return target->thread->tid == target->process->pid
		       ? is_current_process(target)
		       : !is_dead(target->thread);
}

static const struct table_numbers threads = {
	.entry = &thread_entry,
	.list = list_threads,
	.limit = pid_limit,
	.find = find_thread,
	.is_current = is_current_thread,
};

struct thread *proc_thread(const struct table_target *target)
{
	struct thread *thread = target->thread;

	if (thread != NULL) {
		thread_get(thread);
		return thread;
	}
	thread = thread_find(target->process->pid);
	if (thread != NULL && thread->process != target->process) {
		thread_put(thread);
		return NULL;
	}
	return thread;
}
