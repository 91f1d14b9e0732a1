/* SPDX-License-Identifier: BSD-3-Clause */

/* The line discipline between a fake device and a fake reader. */
#include "drivers/tty/internal.h"

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/signal.h>

static struct tty tty;
static char sent[8192];
static size_t sent_size;
static size_t device_room;
static int last_signal;
static unsigned room_calls;
static struct wait_queue queue = WAIT_QUEUE_INIT(queue);

/* Instead of tty_job.c's. */
void tty_job_signal(struct tty *terminal, int signal)
{
	(void)terminal;
	last_signal = signal;
}

static size_t fake_room(struct tty *terminal)
{
	(void)terminal;
	return device_room;
}

static bool fake_write(struct tty *terminal, const void *text, size_t size)
{
	(void)terminal;
	if (size > device_room || sent_size + size > sizeof(sent)) {
		return false;
	}
	memcpy(sent + sent_size, text, size);
	sent_size += size;
	return true;
}

static size_t fake_queued(struct tty *terminal)
{
	(void)terminal;
	return 0;
}

static struct wait_queue *fake_queue(struct tty *terminal)
{
	(void)terminal;
	return &queue;
}

static void fake_input_room(struct tty *terminal)
{
	(void)terminal;
	room_calls++;
}

static const struct tty_driver fake_driver = {
	.room = fake_room,
	.write = fake_write,
	.queued = fake_queued,
	.write_queue = fake_queue,
	.input_room = fake_input_room,
};

static void start(void)
{
	memset(&tty, 0, sizeof(tty));
	tty.driver = &fake_driver;
	wait_queue_init(&tty.read_wait);
	wait_queue_init(&tty.write_wait);
	line_input_reset(&tty);
	sent_size = 0;
	device_room = 1024;
	last_signal = 0;
}

static void type(const char *text)
{
	size_t size = strlen(text);

	EXPECT_EQ(line_input_receive(&tty, (const uint8_t *)text, size), size);
}

static bool was_sent(const char *text)
{
	bool same =
		sent_size == strlen(text) && memcmp(sent, text, sent_size) == 0;

	sent_size = 0;
	return same;
}

/* One read of at most `size` bytes gives exactly the text. */
static bool reads(size_t size, const char *text, bool wanted_end)
{
	uint8_t buffer[256];
	bool end;
	size_t count = line_input_take(&tty, buffer, size, &end);

	return count == strlen(text) && memcmp(buffer, text, count) == 0 &&
	       end == wanted_end;
}

TEST(tty_line, canonical)
{
	start();
	type("ab");
	EXPECT(!line_input_is_ready(&tty));
	type("\rnext\n");
	EXPECT(line_input_is_ready(&tty));
	EXPECT_EQ(line_input_count(&tty), 8);
	EXPECT(reads(100, "ab\n", true));
	EXPECT(reads(2, "ne", false));
	EXPECT(reads(100, "xt\n", true));
	EXPECT(!line_input_is_ready(&tty));
	EXPECT(was_sent("ab\r\nnext\r\n"));
}

TEST(tty_line, end_of_file)
{
	start();
	type("ab\004");
	EXPECT_EQ(line_input_count(&tty), 2);
	EXPECT(reads(100, "ab", true));
	EXPECT(!line_input_is_ready(&tty));
	type("\004");
	EXPECT(line_input_is_ready(&tty));
	EXPECT(reads(100, "", true));
	type("ab\004");
	EXPECT(reads(2, "ab", true)); /* the mark goes with the text */
	EXPECT(!line_input_is_ready(&tty));
}

TEST(tty_line, erase)
{
	start();
	type("abc\177");
	EXPECT(was_sent("abc\b \b"));
	type("\001\177"); /* shown as ^A */
	EXPECT(was_sent("^A\b \b\b \b"));
	type("\n");
	EXPECT(reads(100, "ab\n", true));
	type("\177\177");
	sent_size = 0;
	type("one two\027x\n");
	EXPECT(was_sent("one two\b \b\b \b\b \bx\r\n"));
	EXPECT(reads(100, "one x\n", true));
	type("junk\025ok\n");
	EXPECT(reads(100, "ok\n", true));
}

TEST(tty_line, erase_tab)
{
	start();
	type("ab\t\177");
	EXPECT(was_sent("ab\t\b\b\b\b\b\b"));
}

TEST(tty_line, erase_utf8)
{
	start();
	tty.termios.iflag |= UAPI_IUTF8;
	type("a\303\244\177\n");
	EXPECT(was_sent("a\303\244\b \b\r\n"));
	EXPECT(reads(100, "a\n", true));
}

TEST(tty_line, signals)
{
	start();
	type("abc\003");
	EXPECT_EQ(last_signal, UAPI_SIGINT);
	EXPECT(was_sent("abc^C"));
	type("d\n");
	EXPECT(reads(100, "d\n", true)); /* abc was flushed */
	type("\034");
	EXPECT_EQ(last_signal, UAPI_SIGQUIT);
	type("\032");
	EXPECT_EQ(last_signal, UAPI_SIGTSTP);
	last_signal = 0;
	tty.termios.lflag |= UAPI_NOFLSH;
	type("e\003\n");
	EXPECT(reads(100, "e\n", true));
	tty.termios.lflag &= ~UAPI_ISIG;
	last_signal = 0;
	type("\003\n");
	EXPECT_EQ(last_signal, 0);
	EXPECT(reads(100, "\003\n", true));
}

TEST(tty_line, literal_next)
{
	start();
	type("a\026\003\026\177b\n");
	EXPECT_EQ(last_signal, 0);
	EXPECT(reads(100, "a\003\177b\n", true));
}

TEST(tty_line, raw)
{
	start();
	tty.termios.lflag = 0;
	tty.termios.iflag = 0;
	tty.termios.cc[UAPI_VMIN] = 3;
	type("a\r");
	EXPECT(!line_input_is_ready(&tty));
	type("\003");
	EXPECT(line_input_is_ready(&tty));
	EXPECT(reads(100, "a\r\003", false));
	EXPECT_EQ(sent_size, 0);
}

TEST(tty_line, mode_change_keeps_input)
{
	uint32_t old;

	start();
	tty.termios.lflag &= ~UAPI_ICANON;
	type("half");
	old = tty.termios.lflag;
	tty.termios.lflag |= UAPI_ICANON;
	line_input_mode_changed(&tty, old);
	EXPECT(line_input_is_ready(&tty));
	type(" x\n");
	EXPECT(reads(100, "half", true));
	EXPECT(reads(100, " x\n", true));
	type("unfinished");
	old = tty.termios.lflag;
	tty.termios.lflag &= ~UAPI_ICANON;
	line_input_mode_changed(&tty, old);
	EXPECT(reads(100, "unfinished", false));
}

TEST(tty_line, flow)
{
	start();
	type("\023");
	EXPECT(tty.stopped);
	type("ab");
	EXPECT_EQ(sent_size, 0); /* echo waits */
	type("\021");
	EXPECT(!tty.stopped);
	EXPECT(was_sent("ab"));
}

TEST(tty_line, output)
{
	uint8_t out[64];
	size_t used;

	start();
	EXPECT_EQ(line_output_process(&tty, (const uint8_t *)"a\nb", 3, out,
				      sizeof(out), &used),
		  3);
	EXPECT_EQ(used, 4);
	EXPECT(memcmp(out, "a\r\nb", 4) == 0);
	tty.termios.oflag |= UAPI_XTABS;
	EXPECT_EQ(line_output_process(&tty, (const uint8_t *)"\tc", 2, out,
				      sizeof(out), &used),
		  2);
	EXPECT_EQ(used, 8);
	EXPECT(memcmp(out, "       c", 8) == 0);
	EXPECT_EQ(line_output_process(&tty, (const uint8_t *)"xyz", 3, out, 9,
				      &used),
		  2);
	tty.termios.oflag = 0;
	EXPECT_EQ(line_output_process(&tty, (const uint8_t *)"\n\n", 2, out, 1,
				      &used),
		  1);
}

/* A line without end is cut, and its newline still ends it. */
TEST(tty_line, too_long)
{
	uint8_t buffer[TTY_INPUT_SIZE];
	bool end;

	start();
	tty.termios.lflag &= ~UAPI_ECHO;
	for (unsigned i = 0; i < TTY_INPUT_SIZE + 100; i++) {
		type("x");
	}
	EXPECT(!line_input_is_full(&tty));
	type("\n");
	EXPECT(line_input_is_full(&tty));
	EXPECT_EQ(line_input_receive(&tty, (const uint8_t *)"y", 1), 0);
	EXPECT_EQ(line_input_take(&tty, buffer, sizeof(buffer), &end),
		  TTY_INPUT_SIZE);
	EXPECT(end);
	EXPECT_EQ(buffer[TTY_INPUT_SIZE - 1], '\n');
	EXPECT(!line_input_is_full(&tty));
}

TEST(tty_line, raw_is_held_off)
{
	uint8_t byte;
	bool end;

	start();
	tty.termios.lflag = 0;
	while (line_input_receive(&tty, (const uint8_t *)"z", 1) == 1) {
	}
	EXPECT(line_input_is_full(&tty));
	room_calls = 0;
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(line_input_take(&tty, &byte, 1, &end), 1);
	}
	EXPECT_EQ(room_calls, 4);
	EXPECT(!line_input_is_full(&tty));
}

/* No room on the device: echo waits, and what exceeds its buffer is lost. */
TEST(tty_line, echo_is_bounded)
{
	start();
	device_room = 0;
	for (unsigned i = 0; i < 1000; i++) {
		type("e");
	}
	EXPECT(tty.echo_count <= TTY_ECHO_SIZE);
	EXPECT_EQ(sent_size, 0);
	device_room = 1000;
	EXPECT(line_output_flush_echo(&tty));
	EXPECT(sent_size > 0 && sent_size <= TTY_ECHO_SIZE);
}
