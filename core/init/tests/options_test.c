/* SPDX-License-Identifier: BSD-3-Clause */

/* The kernel command line: options, device words, errors. */
#include "../options_parse.h"

#include <string.h>

#include <debug/unit_test.h>
#include <init/options.h>
#include <uapi/errno.h>

static struct options parsed;
static char message[128];
static char line[512];

static int parse(const char *text)
{
	memset(&parsed, 0, sizeof(parsed));
	message[0] = '\0';
	strncpy(line, text, sizeof(line) - 1);
	return options_parse_line(line, &parsed, message, sizeof(message));
}

TEST(options, flags_and_values)
{
	EXPECT_EQ(
		parse("--verbose --env=A=b --env=C=d\\ e --cwd=/x /bin/ls -l"),
		0);
	EXPECT(parsed.verbose && !parsed.isolate);
	EXPECT_EQ(parsed.env_count, 2);
	EXPECT(strcmp(parsed.env[1], "C=d e") == 0);
	EXPECT(strcmp(parsed.cwd, "/x") == 0);
	EXPECT(strcmp(parsed.program_line, "/bin/ls -l") == 0);
}

TEST(options, device_words_anywhere)
{
	EXPECT_EQ(parse("--nopci virtio_mmio.device=512@0x1:5 /a "
			"virtio_mmio.device=512@0x2:6 b "
			"virtio_mmio.device=512@0x3:7"),
		  0);
	EXPECT_EQ(parsed.mmio_device_count, 3);
	EXPECT(strcmp(parsed.mmio_devices[0], "512@0x1:5") == 0);
	EXPECT(strcmp(parsed.mmio_devices[1], "512@0x2:6") == 0);
	EXPECT(strcmp(parsed.mmio_devices[2], "512@0x3:7") == 0);
	EXPECT(strcmp(parsed.program_line, "/a b") == 0);
	EXPECT_EQ(parse("/a virtio_mmio.device=1@0x1:1 "
			"virtio_mmio.device=2@0x2:2"),
		  0);
	EXPECT_EQ(parsed.mmio_device_count, 2);
	EXPECT(strcmp(parsed.mmio_devices[1], "2@0x2:2") == 0);
	EXPECT(strcmp(parsed.program_line, "/a") == 0);
}

TEST(options, errors_name_the_option)
{
	EXPECT_EQ(parse("--bogus x"), -EINVAL);
	EXPECT(strstr(message, "unrecognized option") != NULL);
	EXPECT(strstr(message, "bogus") != NULL);
	EXPECT_EQ(parse("--verbose=1 x"), -EINVAL);
	EXPECT_EQ(parse("--rootfs x"), -EINVAL);
	EXPECT_EQ(parse("--env=novalue x"), -EINVAL);
	EXPECT_EQ(parse("--stdio=file x"), -EINVAL);
	EXPECT_EQ(parse("-v x"), -EINVAL);
}

TEST(options, delay_and_empty)
{
	EXPECT_EQ(parse("--delay=1.5 x"), 0);
	EXPECT_EQ(parsed.delay_us, 1500000);
	EXPECT_EQ(parse("--delay=abc x"), -EINVAL);
	EXPECT_EQ(parse("   "), 0);
	EXPECT(strcmp(parsed.program_line, "") == 0);
}
