/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading directories. */
#include "abi_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry {
	uint64_t ino;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static char buffer[65536];

static void make_files(int count)
{
	char name[32];
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(close(OK(open(name, O_CREAT | O_WRONLY, 0600))));
	}
}

/* Count in seen[] which of f0.. are told, with a buffer of this size. */
static int read_all(int fd, size_t size, unsigned char *seen)
{
	int total = 0;
	for (;;) {
		long n = OK(syscall(SYS_getdents64, fd, buffer, size));
		if (n == 0) {
			return total;
		}
		for (long at = 0; at < n;) {
			struct entry *e = (void *)(buffer + at);
			CHECK(e->length >= 24 && e->length % 8 == 0);
			CHECK(at + e->length <= n);
			CHECK(e->ino != 0);
			if (e->name[0] == 'f') {
				seen[atoi(e->name + 1)]++;
			}
			total++;
			at += e->length;
		}
	}
}

ABI_CASE(getdents_small_and_large_buffers)
{
	static const size_t sizes[] = {32, 100, 1000, sizeof(buffer)};
	make_files(300);
	for (int s = 0; s < 4; s++) {
		unsigned char seen[300] = {0};
		int fd = OK(open(".", O_RDONLY | O_DIRECTORY));
		CHECK_EQ(read_all(fd, sizes[s], seen), 302);
		for (int i = 0; i < 300; i++) {
			CHECK_EQ(seen[i], 1);
		}
		OK(close(fd));
	}
}

ABI_CASE(getdents_errors)
{
	int fd = OK(open(".", O_RDONLY));
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, 10), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, abi_bad[0], 1000), EFAULT);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, abi_bad[3], 1000), EFAULT);
	CHECK_ERRNO(syscall(SYS_getdents64, 99, buffer, 1000), EBADF);
	int file = OK(open("a", O_CREAT | O_RDWR, 0600));
	CHECK_ERRNO(syscall(SYS_getdents64, file, buffer, 1000), ENOTDIR);
	OK(mkdir("d", 0700));
	int gone = OK(open("d", O_RDONLY));
	OK(rmdir("d"));
	CHECK_ERRNO(syscall(SYS_getdents64, gone, buffer, 1000), ENOENT);
}

ABI_CASE(getdents_types)
{
	static const struct {
		const char *name;
		unsigned char type;
	} table[] = {{"file", DT_REG},	{"dir", DT_DIR}, {"link", DT_LNK},
		     {"fifo", DT_FIFO}, {".", DT_DIR},	 {"..", DT_DIR}};
	struct stat st;
	struct dirent *e;
	int matched = 0;
	OK(close(OK(open("file", O_CREAT | O_WRONLY, 0600))));
	OK(mkdir("dir", 0700));
	OK(symlink("none", "link"));
	OK(mkfifo("fifo", 0600));
	DIR *dir = opendir(".");
	CHECK(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		for (int i = 0; i < 6; i++) {
			if (strcmp(e->d_name, table[i].name) == 0) {
				CHECK_EQ(e->d_type, table[i].type);
				OK(lstat(e->d_name, &st));
				CHECK_EQ(st.st_ino, e->d_ino);
				matched++;
			}
		}
	}
	CHECK_EQ(matched, 6);
	closedir(dir);
}

ABI_CASE(seekdir_returns_to_a_place)
{
	make_files(50);
	DIR *dir = opendir(".");
	CHECK(dir != NULL);
	for (int i = 0; i < 20; i++) {
		CHECK(readdir(dir) != NULL);
	}
	long place = telldir(dir);
	char names[10][32];
	for (int i = 0; i < 10; i++) {
		snprintf(names[i], 32, "%.31s", readdir(dir)->d_name);
	}
	seekdir(dir, place);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(strcmp(readdir(dir)->d_name, names[i]), 0);
	}
	rewinddir(dir);
	int count = 0;
	while (readdir(dir) != NULL) {
		count++;
	}
	CHECK_EQ(count, 52);
	closedir(dir);
}

ABI_CASE(removal_while_reading)
{
	/* What is neither added nor removed is told exactly once. */
	unsigned char seen[200] = {0};
	char name[32];
	make_files(200);
	int fd = OK(open(".", O_RDONLY));
	long n = OK(syscall(SYS_getdents64, fd, buffer, 1000));
	for (long at = 0; at < n;) {
		struct entry *e = (void *)(buffer + at);
		if (e->name[0] == 'f') {
			seen[atoi(e->name + 1)]++;
		}
		at += e->length;
	}
	for (int i = 0; i < 200; i += 2) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(unlink(name));
	}
	read_all(fd, 1000, seen);
	for (int i = 1; i < 200; i += 2) {
		CHECK_EQ(seen[i], 1);
	}
}

ABI_CASE(empty_the_directory_while_reading)
{
	/* What rm -r does. */
	struct dirent *e;
	make_files(500);
	DIR *dir = opendir(".");
	CHECK(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] != '.') {
			OK(unlink(e->d_name));
		}
	}
	closedir(dir);
	OK(chdir(".."));
	OK(rmdir("abi-dir"));
	OK(mkdir("abi-dir", 0755));
	OK(chdir("abi-dir"));
}

static atomic_int stop;

static void *create_and_remove(void *arg)
{
	char name[32];
	for (int i = 0; !atomic_load(&stop); i++) {
		snprintf(name, sizeof(name), "t%ld-%d", (long)arg, i % 50);
		int fd = open(name, O_CREAT | O_WRONLY, 0600);
		OK(fd);
		OK(close(fd));
		OK(unlink(name));
	}
	return NULL;
}

ABI_CASE(reading_races_with_changes)
{
	pthread_t threads[3];
	atomic_store(&stop, 0);
	make_files(100);
	for (long i = 0; i < 3; i++) {
		threads[i] = abi_thread(create_and_remove, (void *)i);
	}
	for (int round = 0; round < 50; round++) {
		unsigned char seen[100] = {0};
		int fd = OK(open(".", O_RDONLY));
		read_all(fd, 700, seen);
		for (int i = 0; i < 100; i++) {
			CHECK_EQ(seen[i], 1);
		}
		OK(close(fd));
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 3; i++) {
		abi_join(threads[i]);
	}
}

#ifdef SYS_getdents
ABI_CASE(getdents_old_form)
{
	make_files(10);
	int fd = OK(open(".", O_RDONLY));
	long n = OK(syscall(SYS_getdents, fd, buffer, sizeof(buffer)));
	int count = 0;
	for (long at = 0; at < n; count++) {
		unsigned short length;
		memcpy(&length, buffer + at + 16, 2);
		unsigned char type = buffer[at + length - 1];
		if (buffer[at + 18] == 'f') {
			CHECK_EQ(type, DT_REG);
		}
		at += length;
	}
	CHECK_EQ(count, 12);
}
#endif
