/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The programs to run: see program_line.h.
 *
 * Everything is read before the first program starts, like the line itself: a
 * script that a program writes is not seen.  A script's line may begin with
 * options: --env=K=V sets a variable, --env=K?=V one that is not set, for this
 * line and all that comes after it.  Each change makes a new environment; the
 * old one may be a command's and stays, as does all that is read here: the
 * machine lives as long as its programs.
 */
#include "program_line.h"

#include <debug/log.h>
#include <lib/errno_name.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#define SCRIPT_SIZE_MAX (256u << 10)
#define DEPTH_MAX	8 /* scripts in scripts */
#define INIT_FOLDER	"/init"
#define INIT_FILES_MAX	256
#define ENTRY_FOLDER	4 /* DT_DIR */
#define OPTION_ENV	"--env="

static int add_script(struct program_list *list, const char *path,
		      enum command_end end, unsigned depth);

/* --- environment --------------------------------------------------------- */

static size_t count_variables(const char *const *environment)
{
	size_t count = 0;

	while (environment[count] != NULL) {
		count++;
	}
	return count;
}

/* Where the variable with that name stands, or the end. */
static size_t find_variable(const char *const *environment, const char *name,
			    size_t length)
{
	size_t i = 0;

	for (; environment[i] != NULL; i++) {
		if (strncmp(environment[i], name, length) == 0 &&
		    environment[i][length] == '=') {
			break;
		}
	}
	return i;
}

/* "K=V" or "K?=V".  0, -EINVAL, -ENOMEM. */
static int set_variable(struct program_list *list, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t count = count_variables(list->environment);
	const char **changed;
	size_t length;
	size_t at;
	bool weak;
	char *variable;

	if (equals == NULL) {
		return -EINVAL;
	}
	weak = equals > text && equals[-1] == '?';
	length = (size_t)(equals - text) - (weak ? 1 : 0);
	if (length == 0) {
		return -EINVAL;
	}
	at = find_variable(list->environment, text, length);
	if (weak && at < count) {
		return 0;
	}
	changed = kcalloc(count + 2, sizeof(*changed));
	variable = kmalloc(length + strlen(equals) + 1);
	if (changed == NULL || variable == NULL) {
		kfree(changed);
		kfree(variable);
		return -ENOMEM;
	}
	memcpy(variable, text, length);
	memcpy(variable + length, equals, strlen(equals) + 1);
	memcpy(changed, list->environment, count * sizeof(*changed));
	changed[at] = variable;
	list->environment = changed;
	return 0;
}

/* --- lines --------------------------------------------------------------- */

static int append(struct program_list *list, const struct command *command)
{
	struct started_command *grown = krealloc(
		list->commands, (list->count + 1) * sizeof(*list->commands));

	if (grown == NULL) {
		return -ENOMEM;
	}
	grown[list->count++] = (struct started_command){
		.command = *command,
		.environment = list->environment,
	};
	list->commands = grown;
	return 0;
}

static int add_command(struct program_list *list, const struct command *command,
		       unsigned depth)
{
	if (command->argc != 2 || strcmp(command->argv[0], "runscript") != 0) {
		return append(list, command);
	}
	return add_script(list, command->argv[1], command->end, depth + 1);
}

/*
 * Obeys the options before the first command and takes them off it.  The line
 * is scanned again after each: it may use the variable.
 */
static int take_options(struct program_list *list, const char *line,
			struct command **commands_out, size_t *count_out)
{
	for (size_t taken = 0;; taken++) {
		struct command *first;
		int err = commands_parse(line, list->environment, commands_out,
					 count_out);

		if (err < 0 || *count_out == 0) {
			return err;
		}
		first = *commands_out;
		if (taken == first->argc ||
		    strncmp(first->argv[taken], "--", 2) != 0) {
			first->argv += taken;
			first->argc -= taken;
			return 0;
		}
		if (strncmp(first->argv[taken], OPTION_ENV,
			    strlen(OPTION_ENV)) != 0) {
			log_error("unrecognized option: %s",
				  first->argv[taken] + 2);
			return -EINVAL;
		}
		err = set_variable(list,
				   first->argv[taken] + strlen(OPTION_ENV));
		if (err < 0) {
			log_error("%s: %s", first->argv[taken],
				  errno_name(err));
			return err;
		}
	}
}

static int add_line(struct program_list *list, const char *line, bool script,
		    unsigned depth)
{
	struct command *commands = NULL;
	size_t count = 0;
	int err = script ? take_options(list, line, &commands, &count)
			 : commands_parse(line, list->environment, &commands,
					  &count);

	for (size_t i = 0; err == 0 && i < count; i++) {
		if (commands[i].argc != 0) {
			err = add_command(list, &commands[i], depth);
		}
	}
	return err;
}

/* --- scripts ------------------------------------------------------------- */

/* The file with a zero behind it. */
static int read_file(const char *path, char **text_out)
{
	struct file *file;
	struct kstat stat;
	ssize_t size = -EFBIG;
	char *text = NULL;
	int err = vfs_open(PATH_AT_CWD, path, UAPI_O_RDONLY, 0, WALK_FOLLOW,
			   &file);

	if (err < 0) {
		return err;
	}
	err = file_stat(file, &stat);
	if (err == 0 && stat.size <= SCRIPT_SIZE_MAX) {
		text = kzalloc((size_t)stat.size + 1);
		size = text == NULL ? -ENOMEM
				    : file_read_kernel(file, text,
						       (size_t)stat.size, 0);
	}
	file_put(file);
	if (err == 0 && size < 0) {
		err = (int)size;
	}
	if (err < 0) {
		kfree(text);
		return err;
	}
	*text_out = text;
	return 0;
}

/* `end`: what stood behind the command runscript; it is for the last command
 * of the script, unless that has its own. */
static int add_script(struct program_list *list, const char *path,
		      enum command_end end, unsigned depth)
{
	size_t before = list->count;
	unsigned number = 0;
	char *text;
	char *line;
	char *next;
	int err = depth > DEPTH_MAX ? -ELOOP : read_file(path, &text);

	if (err < 0) {
		log_error("runscript %s: %s", path, errno_name(err));
		return err;
	}
	for (line = text; err == 0 && line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL) {
			*next++ = '\0';
		}
		number++;
		log_info("runscript expand fn='%s' line=%u '%s'", path, number,
			 line);
		err = add_line(list, line, true, depth);
	}
	if (err < 0) {
		log_error("%s: line %u: %s", path, number, errno_name(err));
	}
	kfree(text);
	if (err == 0 && list->count > before) {
		struct command *last = &list->commands[list->count - 1].command;

		last->end = last->end == COMMAND_WAIT ? end : last->end;
	}
	return err;
}

/* --- /init --------------------------------------------------------------- */

struct names {
	struct dir_sink sink; /* first */
	char *names[INIT_FILES_MAX];
	size_t count;
	int err;
};

/* Keeps them in order. */
static bool take_name(struct dir_sink *sink, const char *name, size_t length,
		      uint64_t ino, unsigned type, int64_t next)
{
	struct names *names = (struct names *)sink;
	char *copy;
	size_t at;

	(void)ino;
	(void)next;
	if (name[0] == '.' || type == ENTRY_FOLDER) {
		return true;
	}
	copy = kstrndup(name, length);
	if (copy == NULL || names->count == INIT_FILES_MAX) {
		names->err = copy == NULL ? -ENOMEM : -EFBIG;
		kfree(copy);
		return false;
	}
	for (at = names->count++;
	     at > 0 && strcmp(names->names[at - 1], copy) > 0; at--) {
		names->names[at] = names->names[at - 1];
	}
	names->names[at] = copy;
	return true;
}

/* All names are read in one call or in several. */
static int read_names(struct file *folder, struct names *names)
{
	size_t before;
	int err;

	do {
		before = names->count;
		err = file_readdir(folder, &names->sink);
		err = names->err < 0 ? names->err : err;
	} while (err >= 0 && names->count > before);
	return err;
}

static int add_init_files(struct program_list *list, struct names *names)
{
	char path[sizeof(INIT_FOLDER) + 256];
	int err = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (err == 0) {
			ksnprintf(path, sizeof(path), INIT_FOLDER "/%s",
				  names->names[i]);
			err = add_script(list, path, COMMAND_WAIT, 0);
		}
		kfree(names->names[i]);
	}
	return err;
}

/* No such folder: nothing to do. */
static int add_init(struct program_list *list)
{
	struct names *names;
	struct file *folder;
	int err = vfs_open(PATH_AT_CWD, INIT_FOLDER,
			   UAPI_O_RDONLY | UAPI_O_DIRECTORY, 0, WALK_FOLLOW,
			   &folder);

	if (err < 0) {
		return err == -ENOENT || err == -ENOTDIR ? 0 : err;
	}
	names = kzalloc(sizeof(*names));
	if (names == NULL) {
		file_put(folder);
		return -ENOMEM;
	}
	names->sink.emit = take_name;
	err = read_names(folder, names);
	file_put(folder);
	if (err >= 0) {
		err = add_init_files(list, names);
	} else {
		log_error(INIT_FOLDER ": %s", errno_name(err));
	}
	kfree(names);
	return err;
}

int program_line_read(const char *const *environment,
		      struct program_list *list_out)
{
	int err = 0;

	*list_out = (struct program_list){.environment = environment};
	if (!options()->noinit) {
		err = add_init(list_out);
	}
	if (err == 0) {
		err = add_line(list_out, options()->program_line, false, 0);
	}
	return err;
}
