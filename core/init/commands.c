/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The program line: which programs with which arguments.
 *
 *	line    = command { terminator command }
 *	command = word { blank word }
 *	terminator = ";" | "&" | "&!" | "!"	(a word of its own or at the
 *						 end of a word, unquoted)
 *	word    = pieces of plain text, "double quoted" text, and C escapes
 *		  (\a \b \f \n \r \t \v \\ \' \" and "\ ") in both
 *	"$NAME"	  everything behind the first unescaped $ of a word is the
 *		  variable's name; undefined is empty
 *
 * Pure code but for the allocator; no state.  Every list grows in memory that
 * the length of the line bounds.
 */
#include <init/options.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

struct scanner {
	const char *at;
	const char *const *env;
	char *word; /* buffer as long as the line */
	size_t length;
	ptrdiff_t dollar; /* where "$" stood in word, -1: nowhere */
	bool quoted;	  /* the word had quotes: may be empty */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static char unescape(char c)
{
	static const char from[] = "abfnrtv";
	static const char to[] = "\a\b\f\n\r\t\v";
	const char *found = c != '\0' ? strchr(from, c) : NULL;

	return found != NULL ? to[found - from] : c;
}

/* True at an unquoted terminator: ";", "&", "&!" or "!" that ends a word. */
static bool at_terminator(const char *at)
{
	if (at[0] == ';') {
		return true;
	}
	if (at[0] == '&') {
		const char *next = at[1] == '!' ? at + 2 : at + 1;

		return *next == '\0' || is_blank(*next);
	}
	return at[0] == '!' && (at[1] == '\0' || is_blank(at[1]));
}

/* Scans one word into s->word.  False: no word before the terminator. */
static bool scan_word(struct scanner *s, int *error)
{
	bool in_quotes = false;

	s->length = 0;
	s->dollar = -1;
	s->quoted = false;
	while (is_blank(*s->at)) {
		s->at++;
	}
	for (; *s->at != '\0'; s->at++) {
		char c = *s->at;

		if (!in_quotes && (is_blank(c) || at_terminator(s->at))) {
			break;
		}
		if (c == '"') {
			in_quotes = !in_quotes;
			s->quoted = true;
			continue;
		}
		if (c == '\\' && s->at[1] != '\0') {
			s->at++;
			c = unescape(*s->at);
		} else if (c == '$' && s->dollar < 0) {
			s->dollar = (ptrdiff_t)s->length;
		}
		s->word[s->length++] = c;
	}
	if (in_quotes) {
		*error = -EINVAL;
	}
	s->word[s->length] = '\0';
	return s->length > 0 || s->quoted;
}

static const char *lookup_variable(const char *const *env, const char *name)
{
	size_t length = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') {
			return *env + length + 1;
		}
	}
	return "";
}

/* The scanned word with its variable replaced, allocated. */
static char *finish_word(const struct scanner *s)
{
	const char *value;
	size_t prefix;
	char *text;

	if (s->dollar < 0) {
		return kstrdup(s->word);
	}
	prefix = (size_t)s->dollar;
	value = lookup_variable(s->env, s->word + prefix + 1);
	text = kmalloc(prefix + strlen(value) + 1);
	if (text != NULL) {
		memcpy(text, s->word, prefix);
		memcpy(text + prefix, value, strlen(value) + 1);
	}
	return text;
}

static enum command_end scan_terminator(struct scanner *s)
{
	char first = *s->at;

	if (first == '\0') {
		return COMMAND_WAIT;
	}
	s->at++;
	if (first == '&' && *s->at == '!') {
		s->at++;
		return COMMAND_DETACHED;
	}
	if (first == '&') {
		return COMMAND_BACKGROUND;
	}
	return first == '!' ? COMMAND_ABANDON : COMMAND_WAIT;
}

static int append_word(struct command *command, char *word)
{
	char **grown;

	if (word == NULL) {
		return -ENOMEM;
	}
	grown = krealloc(command->argv,
			 (command->argc + 2) * sizeof(*command->argv));
	if (grown == NULL) {
		kfree(word);
		return -ENOMEM;
	}
	command->argv = grown;
	command->argv[command->argc++] = word;
	command->argv[command->argc] = NULL;
	return 0;
}

static int scan_command(struct scanner *s, struct command *command)
{
	int err = 0;

	while (scan_word(s, &err) && err == 0) {
		err = append_word(command, finish_word(s));
		if (err < 0) {
			break;
		}
	}
	command->end = scan_terminator(s);
	return err;
}

static void free_words(struct command *command)
{
	for (size_t i = 0; i < command->argc; i++) {
		kfree(command->argv[i]);
	}
	kfree(command->argv);
}

int commands_parse(const char *line, const char *const *env,
		   struct command **commands_out, size_t *count_out)
{
	struct scanner s = {.at = line, .env = env};
	struct command *commands = NULL;
	size_t count = 0;
	int err = 0;

	s.word = kmalloc(strlen(line) + 1);
	if (s.word == NULL) {
		return -ENOMEM;
	}
	while (err == 0 && *s.at != '\0') {
		struct command command = {0};
		struct command *grown;

		err = scan_command(&s, &command);
		if (err == 0 && command.argc == 0) {
			continue;
		}
		grown = krealloc(commands, (count + 1) * sizeof(*commands));
		if (grown == NULL) {
			free_words(&command);
			err = -ENOMEM;
			break;
		}
		commands = grown;
		commands[count++] = command;
	}
	kfree(s.word);
	if (err < 0) {
		commands_free(commands, count);
		return err;
	}
	*commands_out = commands;
	*count_out = count;
	return 0;
}

void commands_free(struct command *commands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free_words(&commands[i]);
	}
	kfree(commands);
}
