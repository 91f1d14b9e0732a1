/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are in memory already. */
#include "micro.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE  (64L << 20)
#define PIECE (64L << 10)

static char piece[PIECE];

static int open_large(void)
{
	static int fd = -1;
	if (fd < 0) {
		memset(piece, 'x', sizeof(piece));
		fd = must(open("/tmp/large", O_RDWR | O_CREAT | O_TRUNC, 0600),
			  "/tmp/large");
		for (long done = 0; done < SIZE; done += PIECE) {
			must(write(fd, piece, PIECE) == PIECE ? 0 : -1,
			     "write /tmp/large");
		}
		unlink("/tmp/large");
	}
	return fd;
}

static int64_t read_warm(long count)
{
	int fd = open_large();
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		lseek(fd, 0, SEEK_SET);
		while (must(read(fd, piece, PIECE), "read") == PIECE) {
		}
	}
	return now() - start;
}

static int64_t write_warm(long count)
{
	int fd = open_large();
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		for (long at = 0; at < SIZE; at += PIECE) {
			must(pwrite(fd, piece, PIECE, at), "pwrite");
		}
	}
	return now() - start;
}

static int64_t read_small(long count)
{
	int fd = open_large();
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		must(pread(fd, piece, 100, 4096), "pread");
	}
	return now() - start;
}

static int64_t open_close(long count)
{
	close(must(open("/tmp/small", O_RDWR | O_CREAT, 0600), "/tmp/small"));
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		close(open("/tmp/small", O_RDONLY));
	}
	return now() - start;
}

static int64_t stats(long count)
{
	struct stat st;
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		stat("/tmp", &st);
	}
	return now() - start;
}

const struct benchmark files[] = {
	{"read-warm-64M", "MB/s", read_warm, 1, SIZE, 1, 0},
	{"overwrite-64M", "MB/s", write_warm, 1, SIZE, 1, 0},
	{"pread-100-bytes", "ns", read_small, 1000, 1, 1, 0},
	{"open-close", "ns", open_close, 1000, 1, 1, 0},
	{"stat", "ns", stats, 1000, 1, 1, 0},
	{0},
};
