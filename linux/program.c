/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Starting a program from the kernel: see program.h.
 *
 * The new process begins in run(), in the kernel; there it installs its streams
 * and turns into the program.  `struct launch` is handed to it and dies there.
 */
#include "program.h"

#include <arch/context.h>
#include <arch/frame.h>
#include <debug/log.h>
#include <drivers/tty.h>
#include <lib/errno_name.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <loader/exec.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/path.h>

#define SEARCH_PATH_MAX 512 /* a longer candidate is passed over */

struct launch {
	struct program program;
	struct exec_args *args;
};

int program_exit_code(int err)
{
	return err == -ENOENT || err == -ENOTDIR ? PROGRAM_NOT_FOUND
						 : PROGRAM_NOT_EXECUTABLE;
}

static const char *find_path(const char *const *environment)
{
	for (; *environment != NULL; environment++) {
		if (strncmp(*environment, "PATH=", 5) == 0) {
			return *environment + 5;
		}
	}
	return "";
}

/* As execvp(3): the first candidate that is there and may be executed. */
static int exec_search(struct launch *l, const char *name,
		       struct trapframe *frame)
{
	const char *path = find_path(l->program.environment);
	char candidate[SEARCH_PATH_MAX];
	int result = -ENOENT;

	while (*path != '\0') {
		const char *end = strchr(path, ':');
		size_t length =
			end != NULL ? (size_t)(end - path) : strlen(path);
		int err;

		if (length + strlen(name) + 2 <= sizeof(candidate)) {
			ksnprintf(candidate, sizeof(candidate), "%.*s/%s",
				  (int)length, path, name);
			err = exec_program(PATH_AT_CWD, candidate, WALK_FOLLOW,
					   l->args, frame);
			if (err != -ENOENT && err != -ENOTDIR &&
			    err != -EACCES) {
				return err;
			}
			result = err == -EACCES ? err : result;
		}
		path += length + (end != NULL ? 1 : 0);
	}
	return result;
}

static int exec(struct launch *l, struct trapframe *frame)
{
	const struct program *p = &l->program;
	int err = exec_args_from_kernel(p->argv, p->environment, &l->args);

	if (err < 0) {
		return err;
	}
	if (p->search && strchr(p->argv[0], '/') == NULL) {
		err = exec_search(l, p->argv[0], frame);
	} else {
		err = exec_program(PATH_AT_CWD, p->argv[0], WALK_FOLLOW,
				   l->args, frame);
	}
	exec_args_free(l->args);
	return err;
}

static void put_streams(struct launch *l, int from)
{
	for (int i = from; i < 3; i++) {
		file_put(l->program.streams[i]);
	}
}

static void free_launch(struct launch *l)
{
	kfree(l->program.memory);
	kfree(l);
}

static _Noreturn void give_up(struct launch *l, int err)
{
	if (l->program.error_out != NULL) {
		*l->program.error_out = err;
	} else {
		log_error("%s: %s", l->program.argv[0], errno_name(err));
	}
	free_launch(l);
	process_exit_group((uint32_t)program_exit_code(err) << 8);
}

/* First code of the process: becomes the program. */
static void run(void *arg)
{
	struct launch *l = arg;
	struct trapframe frame;
	int err;

	tty_claim(l->program.streams[0]);
	for (int i = 0; i < 3; i++) {
		int fd = fd_install(l->program.streams[i], 0, false);

		if (fd < 0) {
			put_streams(l, i);
			give_up(l, fd);
		}
	}
	err = exec(l, &frame);
	if (err < 0) {
		give_up(l, err);
	}
	free_launch(l);
	context_enter_app(&frame);
}

static int make_fs_context(const char *folder, struct fs_context **fs_out)
{
	struct path root;
	struct path cwd;
	struct fs_context *fs;
	int err = path_lookup(PATH_AT_CWD, "/", WALK_DIRECTORY, &root);

	if (err < 0) {
		return err;
	}
	fs = fs_context_create(&root);
	path_put(&root);
	if (fs == NULL) {
		return -ENOMEM;
	}
	if (folder != NULL) {
		err = path_lookup(PATH_AT_CWD, folder,
				  WALK_FOLLOW | WALK_DIRECTORY, &cwd);
		if (err < 0) {
			fs_context_put(fs);
			return err;
		}
		path_put(&fs->cwd);
		fs->cwd = cwd;
	}
	*fs_out = fs;
	return 0;
}

static int make_process(const char *folder, struct process **process_out)
{
	struct file_table *files;
	struct fs_context *fs;
	int err = make_fs_context(folder, &fs);

	if (err < 0) {
		return err;
	}
	files = file_table_create();
	if (files == NULL) {
		fs_context_put(fs);
		return -ENOMEM;
	}
	err = process_create(files, fs, process_out);
	if (err < 0) {
		file_table_put(files);
		fs_context_put(fs);
	}
	return err;
}

int program_start(const struct program *program, struct process **process_out)
{
	struct launch *l = kzalloc(sizeof(*l));
	struct thread *thread;
	int err;

	if (l == NULL) {
		return -ENOMEM;
	}
	l->program = *program;
	err = make_process(program->folder, process_out);
	if (err < 0) {
		kfree(l);
		return err;
	}
	for (int i = 0; i < 3; i++) {
		file_get(l->program.streams[i]);
	}
	thread = process_leader(*process_out);
	context_init_kernel(thread, run, l);
	thread_start(thread);
	return 0;
}
