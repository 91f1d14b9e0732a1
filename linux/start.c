/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The programs of the command line: filesystems, streams, processes, the end.
 *
 * Runs in the thread "init".  Each command becomes a process of its own; ";"
 * waits, "&" and "&!" do not.  At the end of the line all programs started
 * with "&" are waited for; the others are asked to terminate.  The machine
 * then powers off and reports the first status that is not 0.
 */
#include <init/start.h>

#include <arch/boot.h>
#include <arch/mmu.h>
#include <arch/power.h>
#include <debug/log.h>
#include <drivers/block.h>
#include <drivers/control.h>
#include <drivers/stdio.h>
#include <drivers/tty.h>
#include <init/bootchart.h>
#include <init/options.h>
#include <lib/errno_name.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <process/process.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>

#include "program.h"
#include "program_line.h"
#include "session.h"

#define ENVIRONMENT_EXTRA 2 /* PATH and HOME when not given */

static struct file *streams[3];
static struct process *first; /* [a] gets the signals of the launcher */
static int early_signal;      /* [a] came when there was no first program */

static void end(uint32_t wait_status)
{
	vfs_sync_all();
	stdio_flush();
	if (options()->noshutdown) {
		log_error("programs ended; --noshutdown keeps the machine up");
		thread_prepare_sleep(false);
		thread_sleep(WAIT_FOREVER);
	}
	control_report_exit(wait_status);
	power_prepare();
	power_off();
}

static void fail(const char *what, int err)
{
	log_error("%s: %s", what, errno_name(err));
	end(125 << 8);
}

/* --- filesystems ------------------------------------------------------ */

static void unpack_initrd(void)
{
	int err = initrd_take();

	if (err < 0) {
		fail("cannot unpack the initial archive", err);
	}
}

static void mount_root(void)
{
	const char *wanted = options()->rootfs;
	bool rofs = wanted != NULL ? strcmp(wanted, "rofs") == 0
				   : block_device_find("vblk0") != NULL;
	int err;

	if (wanted != NULL && strcmp(wanted, "rofs") != 0 &&
	    strcmp(wanted, "ramfs") != 0) {
		log_error("--rootfs=%s: rofs or ramfs expected", wanted);
		end(125 << 8);
	}
	if (rofs && !options()->nomount) {
		err = vfs_mount("/dev/vblk0", "/", "erofs", 0, "");
		if (err < 0) {
			fail("cannot mount the root disk vblk0", err);
		}
		return;
	}
	err = vfs_mount("ramfs", "/", "ramfs", 0, "");
	if (err < 0) {
		fail("cannot mount ramfs", err);
	}
}

static const struct later_mount shm = {"tmpfs", "shm", "mode=1777", NULL};
static const struct later_mount usual_mounts[] = {
	{"devfs", "/dev", "", &shm},
	{"proc", "/proc", "", NULL},
	{"sysfs", "/sys", "", NULL},
	{"tmpfs", "/tmp", "mode=1777", NULL},
	{"tmpfs", "/run", "mode=755", NULL},
};

/* A directory that the image lacks is no error on a read-only root: the
 * mount is left out and said so.  A kernel without the type says nothing. */
static void mount_usual(const struct later_mount *mount)
{
	int err;

	vfs_mkdir(PATH_AT_CWD, mount->name, 0755);
	err = vfs_mount_later(mount);
	if (err < 0 && err != -ENODEV) {
		log_warning("cannot mount %s at %s: %s", mount->type,
			    mount->name, errno_name(err));
	}
}

/* --mount-fs=TYPE,SOURCE,PATH */
static void mount_extra(const char *spec)
{
	char *copy = kstrdup(spec);
	char *source = copy != NULL ? strchr(copy, ',') : NULL;
	char *path = source != NULL ? strchr(source + 1, ',') : NULL;
	int err = -EINVAL;

	if (path != NULL) {
		*source++ = '\0';
		*path++ = '\0';
		err = vfs_mount(source, path, copy, 0, "");
	}
	if (err < 0) {
		log_error("--mount-fs=%s: %s", spec, errno_name(err));
	}
	kfree(copy);
}

static void mount_all(void)
{
	mount_root();
	for (size_t i = 0; i < ARRAY_SIZE(usual_mounts); i++) {
		mount_usual(&usual_mounts[i]);
	}
	for (size_t i = 0; i < options()->mount_count; i++) {
		mount_extra(options()->mounts[i]);
	}
	/* After the mounts: files for /tmp must not be hidden by them.  With a
	 * disk as root the archive holds just those. */
	if (!options()->nomount) {
		unpack_initrd();
	}
}

/* --- streams ----------------------------------------------------------- */

static int redirect_output(const char *spec)
{
	bool append = strncmp(spec, ">>", 2) == 0;
	struct file *file;
	int err = vfs_open(PATH_AT_CWD, append ? spec + 2 : spec,
			   UAPI_O_WRONLY | UAPI_O_CREAT |
				   (append ? UAPI_O_APPEND : UAPI_O_TRUNC),
			   0644, WALK_FOLLOW, &file);

	if (err < 0) {
		return err;
	}
	for (unsigned i = 1; i < 3; i++) {
		file_put(streams[i]);
		file_get(file);
		streams[i] = file;
	}
	file_put(file);
	return 0;
}

static void open_streams(void)
{
	int err = stdio_open(streams);

	if (err < 0) {
		fail("cannot open the console", err);
	}
	if (options()->redirect != NULL) {
		err = redirect_output(options()->redirect);
		if (err < 0) {
			fail(options()->redirect, err);
		}
	}
}

/* --- programs ---------------------------------------------------------- */

static void check_folder(void)
{
	const char *folder = options()->cwd;
	struct path path;
	int err;

	if (folder == NULL) {
		return;
	}
	err = path_lookup(PATH_AT_CWD, folder, WALK_FOLLOW | WALK_DIRECTORY,
			  &path);
	if (err < 0) {
		fail(folder, err);
	}
	path_put(&path);
}

static int launch(const struct command *command, const char *const *environment,
		  struct process **process_out)
{
	struct program program = {
		.argv = (const char *const *)command->argv,
		.environment = environment,
		.folder = options()->cwd,
		.streams = {streams[0], streams[1], streams[2]},
	};

	return program_start(&program, process_out);
}

static bool has_variable(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < options()->env_count; i++) {
		if (strncmp(options()->env[i], name, length) == 0) {
			return true;
		}
	}
	return false;
}

static const char *const *make_environment(void)
{
	size_t count = 0;
	const char **environment =
		kcalloc(options()->env_count + ENVIRONMENT_EXTRA + 1,
			sizeof(*environment));

	if (environment == NULL) {
		fail("environment", -ENOMEM);
	}
	for (; count < options()->env_count; count++) {
		environment[count] = options()->env[count];
	}
	if (!has_variable("PATH=")) {
		environment[count++] =
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			"/usr/bin:/sbin:/bin";
	}
	if (!has_variable("HOME=")) {
		environment[count++] = "HOME=/";
	}
	return environment;
}

/* What a terminal's keys and its end send; all others are for one process. */
static bool is_for_group(int signal)
{
	return signal == UAPI_SIGINT || signal == UAPI_SIGQUIT ||
	       signal == UAPI_SIGHUP;
}

/* Interrupt context.  A signal that comes before the first program is kept for
 * it; of several, the last one. */
static void signal_first(int signal)
{
	struct uapi_siginfo info = {.signo = signal, .code = UAPI_SI_KERNEL};
	struct process *process = __atomic_load_n(&first, __ATOMIC_ACQUIRE);

	if (signal < 1 || signal > SIGNAL_COUNT) {
		return;
	}
	if (process == NULL) {
		__atomic_store_n(&early_signal, signal, __ATOMIC_RELEASE);
		return;
	}
	if (is_for_group(signal)) {
		signal_send_group(process->pid, signal, &info);
	} else {
		signal_send_process(process, signal, &info);
	}
}

static void set_first(struct process *process)
{
	int signal;

	__atomic_store_n(&first, process, __ATOMIC_RELEASE);
	signal = __atomic_exchange_n(&early_signal, 0, __ATOMIC_ACQ_REL);
	if (signal != 0) {
		signal_first(signal);
	}
}

/*
 * Runs the commands of the line; returns the status to report.  A program
 * that is waited for receives the launcher's signals meanwhile.
 */
static uint32_t run_commands(const struct program_list *list)
{
	const struct started_command *commands = list->commands;
	size_t count = list->count;
	struct process **background = kcalloc(count, sizeof(*background));
	uint32_t result = 0;

	for (size_t i = 0; i < count; i++) {
		struct process *process;
		uint32_t status = 0;
		enum command_end how = commands[i].command.end;
		int err = launch(&commands[i].command, commands[i].environment,
				 &process);

		if (err < 0 || background == NULL) {
			fail(commands[i].command.argv[0], err);
		}
		if (i == 0 && options()->control_com2) {
			sessions_start(list->environment);
		}
		if (how == COMMAND_BACKGROUND || how == COMMAND_DETACHED) {
			background[i] = process;
			continue;
		}
		set_first(process);
		status = process_wait(process);
		__atomic_store_n(&first, NULL, __ATOMIC_RELEASE);
		result = result != 0 ? result : status;
	}
	for (size_t i = 0; i < count; i++) {
		if (background[i] == NULL) {
			continue;
		}
		if (commands[i].command.end == COMMAND_DETACHED) {
			signal_send_process(background[i], UAPI_SIGTERM, NULL);
		}
		if (commands[i].command.end == COMMAND_BACKGROUND) {
			uint32_t status = process_wait(background[i]);

			result = result != 0 ? result : status;
		}
	}
	return result;
}

void start_programs(void)
{
	struct program_list list;
	int err;

	if (options()->control_com2) {
		sessions_prepare();
		err = control_start();
		if (err < 0) {
			fail("--control=com2", err);
		}
		control_set_handlers(signal_first, tty_set_console_window);
	}
	mount_all();
	open_streams();
	bootchart_mark("filesystems mounted");
	check_folder();
	err = program_line_read(make_environment(), &list);
	if (err < 0) {
		fail("cannot parse the command line", err);
	}
	if (list.count == 0) {
		log_error("the command line names no program: nothing to run");
		end(125 << 8);
	}
	if (options()->delay_us != 0) {
		thread_sleep_ns(options()->delay_us * NSEC_PER_USEC);
	}
	if (options()->bootchart) {
		bootchart_print();
	}
	thread_id_offer_first();
	end(run_commands(&list));
}
