/* SPDX-License-Identifier: BSD-3-Clause */

/* The program line: words, quotes, escapes, variables, terminators. */
#include <init/options.h>

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>

static const char *const environment[] = {"HOME=/root", "A=1", NULL};
static struct command *commands;
static size_t count;

static int parse(const char *line)
{
	commands = NULL;
	count = 0;
	return commands_parse(line, environment, &commands, &count);
}

TEST(commands, words_quotes_escapes)
{
	EXPECT_EQ(parse("/bin/echo  \"a b\" c\\ d \"\" x\\ty"), 0);
	EXPECT_EQ(count, 1);
	EXPECT_EQ(commands[0].argc, 5);
	EXPECT(strcmp(commands[0].argv[1], "a b") == 0);
	EXPECT(strcmp(commands[0].argv[2], "c d") == 0);
	EXPECT(strcmp(commands[0].argv[3], "") == 0);
	EXPECT(strcmp(commands[0].argv[4], "x\ty") == 0);
	EXPECT(commands[0].argv[5] == NULL);
	commands_free(commands, count);
}

TEST(commands, terminators)
{
	EXPECT_EQ(parse("a 1; b & c &! d ! e"), 0);
	EXPECT_EQ(count, 5);
	EXPECT_EQ(commands[0].end, COMMAND_WAIT);
	EXPECT_EQ(commands[1].end, COMMAND_BACKGROUND);
	EXPECT_EQ(commands[2].end, COMMAND_DETACHED);
	EXPECT_EQ(commands[3].end, COMMAND_ABANDON);
	EXPECT_EQ(commands[4].end, COMMAND_WAIT);
	EXPECT_EQ(commands[0].argc, 2);
	commands_free(commands, count);
}

TEST(commands, variables)
{
	EXPECT_EQ(parse("x $HOME X$A $NONE-"), 0);
	EXPECT_EQ(commands[0].argc, 4);
	EXPECT(strcmp(commands[0].argv[1], "/root") == 0);
	EXPECT(strcmp(commands[0].argv[2], "X1") == 0);
	EXPECT(strcmp(commands[0].argv[3], "") == 0);
	commands_free(commands, count);
}

TEST(commands, empty_and_broken)
{
	EXPECT_EQ(parse(""), 0);
	EXPECT_EQ(count, 0);
	EXPECT_EQ(parse(" ; ; "), 0);
	EXPECT_EQ(count, 0);
	EXPECT_EQ(parse("a \"b"), -EINVAL);
}
