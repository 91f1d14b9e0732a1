/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/self/maps tells what mmap, munmap and mprotect made. */
#include "abi_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)

struct line {
	unsigned long from, to, offset, inode;
	char perms[8];
	char name[256];
};

/* The line that covers the address; from == 0 when there is none. */
static struct line find(const void *address)
{
	static char text[256 * 1024];
	abi_read_file("/proc/self/maps", text, sizeof(text));
	for (char *at = text; *at != '\0';) {
		struct line line = {0};
		int n = sscanf(at, "%lx-%lx %7s %lx %*s %lu %255[^\n]",
			       &line.from, &line.to, line.perms, &line.offset,
			       &line.inode, line.name);
		CHECK(n >= 5);
		if ((unsigned long)address >= line.from &&
		    (unsigned long)address < line.to) {
			return line;
		}
		at = strchr(at, '\n');
		CHECK(at != NULL);
		at++;
	}
	return (struct line){0};
}

ABI_CASE(maps_shows_protection)
{
	static const struct {
		int prot;
		const char *perms;
	} table[] = {
		{PROT_NONE, "---p"},
		{PROT_READ, "r--p"},
		{RW, "rw-p"},
		{PROT_READ | PROT_EXEC, "r-xp"},
		{RW | PROT_EXEC, "rwxp"},
	};
	char *p = abi_pages(3, RW);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		OK(mprotect(p + PAGE, PAGE, table[i].prot));
		CHECK_EQ(strcmp(find(p + PAGE).perms, table[i].perms), 0);
	}
}

ABI_CASE(maps_split_and_merge)
{
	char *p = abi_pages(8, PROT_NONE);
	OK(mprotect(p + PAGE, 6 * PAGE, RW));
	OK(mprotect(p + 3 * PAGE, PAGE, PROT_READ));
	struct line line = find(p + 3 * PAGE);
	CHECK_EQ(line.from, p + 3 * PAGE);
	CHECK_EQ(line.to, p + 4 * PAGE);
	OK(mprotect(p + 3 * PAGE, PAGE, RW));
	line = find(p + 3 * PAGE);
	CHECK_EQ(line.from, p + PAGE);
	CHECK_EQ(line.to, p + 7 * PAGE);
}

ABI_CASE(maps_hole)
{
	char *p = abi_pages(3, RW);
	OK(munmap(p + PAGE, PAGE));
	CHECK_EQ(find(p + PAGE).from, 0);
	CHECK_EQ(find(p).to, p + PAGE);
	CHECK_EQ(find(p + 2 * PAGE).from, p + 2 * PAGE);
}

ABI_CASE(maps_file_name_and_offset)
{
	int fd = OK(open("a file", O_RDWR | O_CREAT, 0600));
	OK(ftruncate(fd, 4 * PAGE));
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, PAGE);
	struct line line = find(p);
	CHECK_EQ(strcmp(line.name, "/tmp/abi-memory/a file"), 0);
	CHECK_EQ(line.offset, PAGE);
	CHECK_EQ(strcmp(line.perms, "rw-s"), 0);
	CHECK(line.inode != 0);
	OK(unlink("a file"));
	CHECK_EQ(strcmp(find(p).name, "/tmp/abi-memory/a file (deleted)"), 0);
}

ABI_CASE(maps_special_names)
{
	int on_stack;
	CHECK_EQ(strcmp(find(&on_stack).name, "[stack]"), 0);
	CHECK_EQ(strcmp(find(sbrk(0) - 1).name, "[heap]"), 0);
	CHECK_EQ(find(abi_pages(1, RW)).inode, 0);
	CHECK_EQ(find(abi_pages(1, RW)).offset, 0);
}

ABI_CASE(maps_program_itself)
{
	char exe[256] = "";
	static int data;
	OK(readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	struct line text = find((void *)find);
	CHECK_EQ(strcmp(text.name, exe), 0);
	CHECK_EQ(strcmp(text.perms, "r-xp"), 0);
	data++;
	CHECK_EQ(strncmp(find(&data).perms, "rw-p", 4), 0);
	CHECK_EQ(strncmp(find(exe).perms, "rw", 2), 0);
}

ABI_CASE(maps_sorted_and_disjoint)
{
	static char text[256 * 1024];
	unsigned long last = 0;
	abi_read_file("/proc/self/maps", text, sizeof(text));
	for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
		unsigned long from, to;
		CHECK_EQ(sscanf(at, "%lx-%lx ", &from, &to), 2);
		CHECK(from >= last && to > from && from % PAGE == 0);
		last = to;
	}
	CHECK(last != 0);
}
