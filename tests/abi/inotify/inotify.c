/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify. */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int fd;
static char buffer[8192] __attribute__((aligned(8)));
static size_t have, at;

static void start(void)
{
	fd = OK(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	have = 0;
	at = 0;
}

/* The next event, or NULL. */
static const struct inotify_event *next(void)
{
	const struct inotify_event *event;

	if (at == have) {
		ssize_t size = read(fd, buffer, sizeof(buffer));

		if (size < 0) {
			CHECK_EQ(errno, EAGAIN);
			return NULL;
		}
		have = (size_t)size;
		at = 0;
	}
	event = (const void *)(buffer + at);
	at += sizeof(*event) + event->len;
	return event;
}

static void expect(int watch, uint32_t mask, const char *name)
{
	const struct inotify_event *event = next();

	CHECK(event != NULL);
	CHECK_EQ(event->wd, watch);
	CHECK_EQ(event->mask, mask);
	if (name == NULL) {
		CHECK_EQ(event->len, 0);
	} else {
		CHECK_EQ(event->len % sizeof(*event), 0);
		CHECK(strcmp(event->name, name) == 0);
	}
}

ABI_CASE(arguments)
{
	CHECK_ERRNO(inotify_init1(0x77), EINVAL);
	start();
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(inotify_add_watch(fd, ".", 0), EINVAL);
	CHECK_ERRNO(inotify_add_watch(fd, "none", IN_CREATE), ENOENT);
	CHECK_ERRNO(inotify_add_watch(99, ".", IN_CREATE), EBADF);
	CHECK_ERRNO(inotify_add_watch(0, ".", IN_CREATE), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(fd, 1), EINVAL);
	abi_write_file("file", "x");
	CHECK_ERRNO(inotify_add_watch(fd, "file", IN_CREATE | IN_ONLYDIR),
		    ENOTDIR);
	CHECK_ERRNO(read(fd, buffer, sizeof(buffer)), EAGAIN);
}

ABI_CASE(entries_come_and_go)
{
	start();
	int w = OK(inotify_add_watch(fd, ".",
				     IN_CREATE | IN_DELETE | IN_CLOSE_WRITE));
	abi_write_file("a", "x");
	expect(w, IN_CREATE, "a");
	expect(w, IN_CLOSE_WRITE, "a");
	OK(mkdir("d", 0700));
	expect(w, IN_CREATE | IN_ISDIR, "d");
	OK(unlink("a"));
	expect(w, IN_DELETE, "a");
	OK(rmdir("d"));
	expect(w, IN_DELETE | IN_ISDIR, "d");
	CHECK(next() == NULL);
}

ABI_CASE(renames_have_cookies)
{
	start();
	abi_write_file("a", "x");
	int w = OK(inotify_add_watch(fd, ".", IN_MOVED_FROM | IN_MOVED_TO));
	OK(rename("a", "b"));
	const struct inotify_event *event = next();
	CHECK(event != NULL);
	CHECK_EQ(event->mask, IN_MOVED_FROM);
	CHECK(strcmp(event->name, "a") == 0);
	uint32_t cookie = event->cookie;
	CHECK(cookie != 0);
	event = next();
	CHECK(event != NULL);
	CHECK_EQ(event->wd, w);
	CHECK_EQ(event->mask, IN_MOVED_TO);
	CHECK_EQ(event->cookie, cookie);
	CHECK(strcmp(event->name, "b") == 0);
}

ABI_CASE(a_file_itself)
{
	start();
	abi_write_file("a", "x");
	int w = OK(inotify_add_watch(fd, "a", IN_ALL_EVENTS));
	int file = OK(open("a", O_RDWR));
	char c;
	OK(read(file, &c, 1));
	OK(write(file, "y", 1));
	OK(close(file));
	OK(chmod("a", 0600));
	OK(unlink("a"));
	expect(w, IN_OPEN, NULL);
	expect(w, IN_ACCESS, NULL);
	expect(w, IN_MODIFY, NULL);
	expect(w, IN_CLOSE_WRITE, NULL);
	expect(w, IN_ATTRIB, NULL); /* twice: mode, link count; merged */
	expect(w, IN_DELETE_SELF, NULL);
	expect(w, IN_IGNORED, NULL);
	CHECK(next() == NULL);
}

ABI_CASE(same_events_merge)
{
	start();
	int w = OK(inotify_add_watch(fd, ".", IN_MODIFY));
	int file = OK(open("a", O_RDWR | O_CREAT, 0600));
	OK(write(file, "x", 1));
	OK(write(file, "x", 1));
	OK(write(file, "x", 1));
	int size;
	OK(ioctl(fd, FIONREAD, &size));
	CHECK_EQ(size, 2 * sizeof(struct inotify_event));
	expect(w, IN_MODIFY, "a");
	CHECK(next() == NULL);
}

ABI_CASE(changing_a_watch)
{
	start();
	int w = OK(inotify_add_watch(fd, ".", IN_CREATE));
	CHECK_EQ(inotify_add_watch(fd, ".", IN_DELETE), w);
	abi_write_file("a", "x");
	CHECK(next() == NULL);
	CHECK_EQ(inotify_add_watch(fd, ".", IN_CREATE | IN_MASK_ADD), w);
	abi_write_file("b", "x");
	OK(unlink("b"));
	expect(w, IN_CREATE, "b");
	expect(w, IN_DELETE, "b");
	CHECK_ERRNO(inotify_add_watch(fd, ".", IN_CREATE | IN_MASK_CREATE),
		    EEXIST);
	OK(inotify_rm_watch(fd, w));
	expect(w, IN_IGNORED, NULL);
	abi_write_file("c", "x");
	CHECK(next() == NULL);
}

ABI_CASE(one_shot)
{
	start();
	int w = OK(inotify_add_watch(fd, ".", IN_CREATE | IN_ONESHOT));
	abi_write_file("a", "x");
	abi_write_file("b", "x");
	expect(w, IN_CREATE, "a");
	expect(w, IN_IGNORED, NULL);
	CHECK(next() == NULL);
}

ABI_CASE(small_buffer_and_poll)
{
	struct pollfd p = {.events = POLLIN};
	start();
	p.fd = fd;
	OK(inotify_add_watch(fd, ".", IN_CREATE));
	CHECK_EQ(poll(&p, 1, 0), 0);
	abi_write_file("name", "x");
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK_ERRNO(read(fd, buffer, 16), EINVAL);
	CHECK_EQ(read(fd, buffer, 32), 32);
}
