/* SPDX-License-Identifier: BSD-3-Clause */

/* Pipes without a second thread: what would sleep is asked not to. */
#include <fs/vfs/tests/world.h>

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/pipe.h>
#include <vfs/poll.h>
#include <vfs/splice.h>

static char big[200000];

static ssize_t put(struct file *file, const void *data, size_t size)
{
	return file_write_kernel(file, data, size, 0);
}

static ssize_t get(struct file *file, void *data, size_t size)
{
	return file_read_kernel(file, data, size, 0);
}

static void open_pipe(struct file *files[2], unsigned flags)
{
	world_create();
	EXPECT_EQ(pipe_create(UAPI_O_NONBLOCK | flags, files), 0);
}

TEST(vfs_pipe, bytes)
{
	struct file *p[2];
	char buf[64];

	open_pipe(p, 0);
	EXPECT_EQ(get(p[0], buf, 10), -EAGAIN);
	EXPECT_EQ(put(p[1], "hello", 5), 5);
	EXPECT_EQ(put(p[1], " world", 6), 6);
	EXPECT_EQ(file_poll(p[0], NULL), POLL_IN | POLL_RDNORM);
	EXPECT_EQ(file_poll(p[1], NULL), POLL_OUT | POLL_WRNORM);
	EXPECT_EQ(get(p[0], buf, 3), 3);
	EXPECT_EQ(get(p[0], buf + 3, 60), 8);
	EXPECT_EQ(memcmp(buf, "hello world", 11), 0);
	EXPECT_EQ(get(p[1], buf, 1), -EBADF);
	EXPECT_EQ(put(p[0], buf, 1), -EBADF);
	file_put(p[1]);
	EXPECT_EQ(get(p[0], buf, 1), 0);
	EXPECT_EQ(file_poll(p[0], NULL), POLL_HUP);
	file_put(p[0]);
}

TEST(vfs_pipe, capacity)
{
	struct file *p[2];
	size_t total = 0;

	open_pipe(p, 0);
	EXPECT_EQ(put(p[1], big, sizeof(big)), 65536);
	EXPECT_EQ(put(p[1], big, 1), -EAGAIN);
	EXPECT_EQ(file_poll(p[1], NULL), 0);
	EXPECT_EQ(get(p[0], big, 4095), 4095);
	EXPECT_EQ(put(p[1], big, 1), -EAGAIN); /* no page is free yet */
	EXPECT_EQ(get(p[0], big, 1), 1);
	EXPECT_EQ(put(p[1], big, 4097), 4096);
	EXPECT_EQ(get(p[0], big, sizeof(big)), 65536);
	/* single bytes share pages */
	while (put(p[1], "x", 1) == 1) {
		total++;
	}
	EXPECT_EQ(total, 65536);
	file_put(p[0]);
	EXPECT_EQ(file_poll(p[1], NULL) & POLL_ERR, POLL_ERR);
	file_put(p[1]);
}

TEST(vfs_pipe, atomic_writes)
{
	struct file *p[2];

	open_pipe(p, 0);
	EXPECT_EQ(put(p[1], big, 65536 - 100), 65536 - 100);
	EXPECT_EQ(put(p[1], big, 4096), -EAGAIN);
	EXPECT_EQ(put(p[1], big, 5000), 100); /* longer ones are cut */
	file_put(p[0]);
	file_put(p[1]);
}

TEST(vfs_pipe, sizes)
{
	struct file *p[2];
	struct pipe *pipe;

	open_pipe(p, 0);
	pipe = pipe_of(p[0]);
	EXPECT_EQ(pipe_get_size(pipe), 65536);
	EXPECT_EQ(pipe_set_size(pipe, 1), 4096);
	EXPECT_EQ(put(p[1], big, sizeof(big)), 4096);
	EXPECT_EQ(pipe_set_size(pipe, 100000), 131072);
	EXPECT_EQ(put(p[1], big, sizeof(big)), 131072 - 4096);
	EXPECT_EQ(pipe_set_size(pipe, 65536), -EBUSY);
	EXPECT_EQ(get(p[0], big, sizeof(big)), 131072);
	world_become(1000);
	EXPECT_EQ(pipe_set_size(pipe, 2 * PIPE_MAX_SIZE), -EPERM);
	EXPECT_EQ(pipe_set_size(pipe, PIPE_MAX_SIZE), PIPE_MAX_SIZE);
	file_put(p[0]);
	file_put(p[1]);
}

TEST(vfs_pipe, packets)
{
	struct file *p[2];
	char buf[64];

	open_pipe(p, UAPI_O_DIRECT);
	EXPECT_EQ(put(p[1], "one", 3), 3);
	EXPECT_EQ(put(p[1], "two", 3), 3);
	EXPECT_EQ(get(p[0], buf, 2), 2); /* the rest of it is lost */
	EXPECT_EQ(get(p[0], buf, 64), 3);
	EXPECT_EQ(memcmp(buf, "two", 3), 0);
	EXPECT_EQ(get(p[0], buf, 64), -EAGAIN);
	file_put(p[0]);
	file_put(p[1]);
}

TEST(vfs_pipe, fifos)
{
	struct file *reader;
	struct file *writer;
	char buf[8];

	world_create();
	EXPECT_EQ(vfs_mknod(PATH_AT_CWD, "f", MODE_FIFO | 0644, 0), 0);
	EXPECT_EQ(world_open("f", UAPI_O_WRONLY | UAPI_O_NONBLOCK), -ENXIO);
	reader = world_file("f", UAPI_O_RDONLY | UAPI_O_NONBLOCK);
	EXPECT_EQ(file_poll(reader, NULL), 0); /* not hung up: nobody came */
	EXPECT_EQ(get(reader, buf, 8), 0);
	writer = world_file("f", UAPI_O_WRONLY | UAPI_O_NONBLOCK);
	EXPECT_EQ(get(reader, buf, 8), -EAGAIN);
	EXPECT_EQ(put(writer, "x", 1), 1);
	file_put(writer);
	EXPECT_EQ(file_poll(reader, NULL), POLL_IN | POLL_RDNORM | POLL_HUP);
	EXPECT_EQ(get(reader, buf, 8), 1);
	file_put(reader);
	EXPECT_EQ(world_open("f", UAPI_O_RDWR), 0);
}

TEST(vfs_pipe, splices)
{
	struct file *p[2];
	struct file *q[2];
	struct file *file;
	char buf[16] = {0};
	int64_t pos = 4090;

	open_pipe(p, 0);
	EXPECT_EQ(pipe_create(UAPI_O_NONBLOCK, q), 0);
	memset(big, 'a', 4096);
	memset(big + 4096, 'b', 4096);
	file = world_file("f", UAPI_O_RDWR | UAPI_O_CREAT);
	EXPECT_EQ(put(file, big, 8192), 8192);
	EXPECT_EQ(splice_splice(file, &pos, p[1], NULL, 12, 0), 12);
	EXPECT_EQ(pos, 4102);
	EXPECT_EQ(put(p[1], "tail", 4), 4); /* not into the file's page */
	EXPECT_EQ(splice_tee(p[0], q[1], 100, 0), 16);
	EXPECT_EQ(get(p[0], buf, 16), 16);
	EXPECT_EQ(memcmp(buf, "aaaaaabbbbbbtail", 16), 0);
	EXPECT_EQ(splice_splice(q[0], NULL, p[1], NULL, 3, 0), 3);
	pos = 0;
	EXPECT_EQ(splice_splice(p[0], NULL, file, &pos, 100, 0), 3);
	EXPECT_EQ(pos, 3);
	EXPECT_EQ(file_read_kernel(file, buf, 4, 4100), 4);
	EXPECT_EQ(memcmp(buf, "bbbb", 4), 0);
	EXPECT_EQ(splice_splice(p[0], NULL, file, &pos, 100, 0), -EAGAIN);
	EXPECT_EQ(splice_splice(p[0], NULL, p[1], NULL, 100, 0), -EINVAL);
	EXPECT_EQ(splice_splice(file, NULL, file, NULL, 100, 0), -EINVAL);
	EXPECT_EQ(splice_splice(p[0], &pos, file, NULL, 100, 0), -ESPIPE);
	for (int i = 0; i < 2; i++) {
		file_put(p[i]);
		file_put(q[i]);
	}
	file_put(file);
}

TEST(vfs_pipe, copies_between_files)
{
	struct file *a;
	struct file *b;
	char buf[16] = {0};
	int64_t from = 1;
	int64_t to = 100000;

	world_create();
	EXPECT_EQ(world_write("a", "0123456789"), 0);
	a = world_file("a", UAPI_O_RDWR);
	b = world_file("b", UAPI_O_RDWR | UAPI_O_CREAT);
	EXPECT_EQ(splice_sendfile(b, a, &from, 100), 9);
	EXPECT_EQ(from, 10);
	EXPECT_EQ(b->position, 9);
	from = 2;
	EXPECT_EQ(splice_copy_range(a, &from, b, &to, 3), 3);
	EXPECT_EQ(file_read_kernel(b, buf, 16, 99998), 5);
	EXPECT_EQ(memcmp(buf, "\0\000234", 5), 0);
	from = 0;
	to = 5;
	EXPECT_EQ(splice_copy_range(a, &from, a, &to, 6), -EINVAL);
	EXPECT_EQ(splice_copy_range(a, &from, a, &to, 5), 5);
	EXPECT_EQ(file_read_kernel(a, buf, 16, 0), 10);
	EXPECT_EQ(memcmp(buf, "0123401234", 10), 0);
	file_put(a);
	file_put(b);
}
