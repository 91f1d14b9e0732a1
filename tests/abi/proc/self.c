/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/self and what stands beside it. */
#include "abi_test.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static char text[256 * 1024];

static const char *read_proc(const char *path)
{
	abi_read_file(path, text, sizeof(text));
	return text;
}

/* The number behind "KEY:" in a file of such lines; -1 when missing. */
static long field(const char *path, const char *key)
{
	char start[64];
	snprintf(start, sizeof(start), "\n%s:", key);
	text[0] = '\n';
	abi_read_file(path, text + 1, sizeof(text) - 1);
	char *at = strstr(text, start);
	return at == NULL ? -1 : strtol(at + strlen(start), NULL, 10);
}

ABI_CASE(proc_links)
{
	char link[4096] = {0};
	char want[4096];
	OK(readlink("/proc/self", link, sizeof(link) - 1));
	CHECK_EQ(atoi(link), getpid());
	memset(link, 0, sizeof(link));
	OK(readlink("/proc/thread-self", link, sizeof(link) - 1));
	snprintf(want, sizeof(want), "%d/task/%d", getpid(), abi_gettid());
	CHECK_EQ(strcmp(link, want), 0);
	memset(link, 0, sizeof(link));
	OK(readlink("/proc/self/cwd", link, sizeof(link) - 1));
	CHECK(getcwd(want, sizeof(want)) != NULL);
	CHECK_EQ(strcmp(link, want), 0);
	memset(link, 0, sizeof(link));
	OK(readlink("/proc/self/root", link, sizeof(link) - 1));
	CHECK_EQ(strcmp(link, "/"), 0);
	/* exe can be opened and is this ELF file. */
	int fd = OK(open("/proc/self/exe", O_RDONLY));
	CHECK_EQ(read(fd, link, 4), 4);
	CHECK_EQ(memcmp(link, "\177ELF", 4), 0);
}

ABI_CASE(proc_self_fd)
{
	char path[64];
	char link[4096] = {0};
	char want[4096];
	int fd = OK(open("a", O_RDWR | O_CREAT, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(readlink(path, link, sizeof(link) - 1));
	CHECK(getcwd(want, sizeof(want) - 10) != NULL);
	strcat(want, "/a");
	CHECK_EQ(strcmp(link, want), 0);
	OK(unlink("a"));
	memset(link, 0, sizeof(link));
	OK(readlink(path, link, sizeof(link) - 1));
	strcat(want, " (deleted)");
	CHECK_EQ(strcmp(link, want), 0);
	/* Opening it opens the file all the same. */
	CHECK_EQ(write(fd, "abc", 3), 3);
	int again = OK(open(path, O_RDONLY));
	CHECK_EQ(read(again, link, 10), 3);
	OK(close(fd));
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/self/fd/x", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/self/fd/999", O_RDONLY), ENOENT);
}

ABI_CASE(proc_self_fd_listing)
{
	int count = 0;
	int max = -1;
	int fd = OK(open(".", O_RDONLY));
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	CHECK(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0])) {
			count++;
			int number = atoi(entry->d_name);
			max = number > max ? number : max;
			CHECK_EQ(entry->d_type, DT_LNK);
		}
	}
	CHECK_EQ(max, dirfd(dir));
	CHECK(count >= 2);
	closedir(dir);
	OK(close(fd));
}

ABI_CASE(proc_self_fdinfo)
{
	char path[64];
	abi_write_file("a", "0123456789");
	int fd = OK(open("a", O_RDWR | O_APPEND));
	OK(lseek(fd, 7, SEEK_SET));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK_EQ(field(path, "pos"), 7);
	CHECK(strstr(read_proc(path), "flags:\t0102002") != NULL);
}

ABI_CASE(proc_self_stat)
{
	int pid, ppid, group, session, tty, foreground;
	char state;
	char name[64];
	unsigned long start = 0, vsize = 0;
	long rss = 0, threads = 0;
	int n = sscanf(read_proc("/proc/self/stat"),
		       "%d (%63[^)]) %c %d %d %d %d %d %*u %*u %*u %*u %*u "
		       "%*u %*u %*d %*d %*d %*d %ld %*d %lu %lu %ld",
		       &pid, name, &state, &ppid, &group, &session, &tty,
		       &foreground, &threads, &start, &vsize, &rss);
	CHECK_EQ(n, 12);
	CHECK_EQ(pid, getpid());
	CHECK_EQ(state, 'R');
	CHECK_EQ(ppid, getppid());
	CHECK_EQ(group, getpgrp());
	CHECK_EQ(session, getsid(0));
	CHECK_EQ(threads, 1);
	CHECK(vsize > 100000);
	CHECK(rss >= 0); /* Linux counts it in batches, per CPU */
	int fields = 1;
	for (const char *p = strrchr(text, ')'); *p != '\0'; p++) {
		fields += *p == ' ';
	}
	CHECK(fields >= 51); /* 52 fields, the name counted as one before */
}

ABI_CASE(proc_self_status)
{
	static const char *const keys[] = {
		"Tgid",	  "Pid",    "PPid",   "TracerPid", "FDSize",
		"VmPeak", "VmSize", "VmHWM",  "VmRSS",	   "VmData",
		"VmStk",  "VmExe",  "Threads"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CHECK(field("/proc/self/status", keys[i]) >= 0);
	}
	CHECK_EQ(field("/proc/self/status", "Pid"), getpid());
	CHECK_EQ(field("/proc/self/status", "Threads"), 1);
	CHECK_EQ(field("/proc/self/status", "Uid"), getuid());
	read_proc("/proc/self/status");
	CHECK(strstr(text, "\nSigBlk:\t") != NULL);
	CHECK(strstr(text, "\nSigCgt:\t") != NULL);
	CHECK(strstr(text, "\nCpus_allowed_list:\t") != NULL);
	CHECK(strstr(text, "\nState:\tR (running)\n") != NULL);
}

ABI_CASE(proc_self_memory_follows)
{
	long before = field("/proc/self/status", "VmRSS");
	char *p = abi_pages(2000, PROT_READ | PROT_WRITE);
	long reserved = field("/proc/self/status", "VmSize");
	for (int i = 0; i < 2000; i++) {
		p[i * 4096L] = 1;
	}
	long after = field("/proc/self/status", "VmRSS");
	CHECK(after - before > 7000);
	OK(munmap(p, 2000 * 4096));
	CHECK(after - field("/proc/self/status", "VmRSS") > 7000);
	CHECK(reserved - field("/proc/self/status", "VmSize") >= 8000);
	/* statm: size and resident pages. */
	unsigned long size, resident;
	CHECK_EQ(sscanf(read_proc("/proc/self/statm"), "%lu %lu", &size,
			&resident),
		 2);
	CHECK(size > resident && resident > 10);
}

ABI_CASE(proc_self_limits)
{
	read_proc("/proc/self/limits");
	CHECK(strstr(text, "Max open files ") != NULL);
	CHECK(strstr(text, "Max stack size ") != NULL);
	CHECK(strstr(text, "Max address space ") != NULL);
}

ABI_CASE(proc_self_environ_and_cmdline)
{
	extern char **environ;
	size_t n = abi_read_file("/proc/self/environ", text, sizeof(text));
	if (environ[0] != NULL) {
		CHECK(n > 0);
		CHECK_EQ(strcmp(text, environ[0]), 0);
	}
	n = abi_read_file("/proc/self/cmdline", text, sizeof(text));
	CHECK(n > 1);
	CHECK_EQ(text[n - 1], '\0');
}

ABI_CASE(proc_self_mem)
{
	int fd = OK(open("/proc/self/mem", O_RDWR));
	char word[] = "before";
	char got[8] = {0};
	CHECK_EQ(pread(fd, got, 6, (off_t)(uintptr_t)word), 6);
	CHECK_EQ(memcmp(got, "before", 6), 0);
	CHECK_EQ(pwrite(fd, "behind", 6, (off_t)(uintptr_t)word), 6);
	CHECK_EQ(memcmp(word, "behind", 6), 0);
	CHECK_ERRNO(pread(fd, got, 6, 8), EIO);
}

ABI_CASE(proc_task)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", abi_gettid());
	CHECK(strlen(read_proc(path)) > 1);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(),
		 abi_gettid());
	CHECK_EQ(atoi(read_proc(path)), abi_gettid());
	CHECK_ERRNO(open("/proc/self/task/99999999/stat", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/4194303/stat", O_RDONLY), ENOENT);
}

ABI_CASE(proc_is_read_only_in_shape)
{
	struct stat st;
	struct statfs fs;
	OK(statfs("/proc", &fs));
	CHECK_EQ(fs.f_type, 0x9fa0);
	CHECK(open("/proc/new", O_CREAT | O_RDWR, 0600) == -1);
	CHECK(mkdir("/proc/self/dir", 0700) == -1);
	CHECK(unlink("/proc/self/stat") == -1);
	OK(stat("/proc/self/stat", &st));
	CHECK(S_ISREG(st.st_mode));
	CHECK_EQ(st.st_size, 0);
	OK(stat("/proc/self", &st));
	CHECK(S_ISDIR(st.st_mode));
}

ABI_CASE(proc_read_in_pieces)
{
	/* A file read byte by byte gives the same text. */
	static char pieces[65536];
	int fd = OK(open("/proc/self/limits", O_RDONLY));
	size_t n = 0;
	while (n < sizeof(pieces) && OK(read(fd, pieces + n, 7)) > 0) {
		n = lseek(fd, 0, SEEK_CUR);
	}
	CHECK_EQ(abi_read_file("/proc/self/limits", text, sizeof(text)), n);
	CHECK_EQ(memcmp(text, pieces, n), 0);
	CHECK_EQ(pread(fd, pieces, 10, 3), 10);
	CHECK_EQ(memcmp(text + 3, pieces, 10), 0);
	CHECK_EQ(pread(fd, pieces, 10, 1 << 20), 0);
}

ABI_CASE(proc_meminfo)
{
	struct sysinfo info;
	long total = field("/proc/meminfo", "MemTotal");
	CHECK(total > 0);
	CHECK(field("/proc/meminfo", "MemFree") > 0);
	CHECK(field("/proc/meminfo", "MemAvailable") >= 0);
	CHECK(field("/proc/meminfo", "Cached") >= 0);
	CHECK(field("/proc/meminfo", "SwapTotal") >= 0);
	OK(sysinfo(&info));
	CHECK_EQ(total, info.totalram * info.mem_unit / 1024);
}

ABI_CASE(proc_system_files)
{
	double up, idle;
	struct timespec now;
	CHECK_EQ(sscanf(read_proc("/proc/uptime"), "%lf %lf", &up, &idle), 2);
	OK(clock_gettime(CLOCK_BOOTTIME, &now));
	CHECK(up <= now.tv_sec + 1.0 && up >= now.tv_sec - 5.0);
	CHECK_EQ(strncmp(read_proc("/proc/version"), "Linux version ", 14), 0);
	float a, b, c;
	CHECK_EQ(sscanf(read_proc("/proc/loadavg"), "%f %f %f", &a, &b, &c), 3);
	read_proc("/proc/stat");
	CHECK_EQ(strncmp(text, "cpu ", 4), 0);
	CHECK(strstr(text, "\ncpu") != NULL);
	CHECK(strstr(text, "\nbtime ") != NULL);
	CHECK(strstr(read_proc("/proc/filesystems"), "proc\n") != NULL);
	CHECK(strstr(read_proc("/proc/self/mounts"), " /proc proc ") != NULL);
	CHECK(strstr(read_proc("/proc/self/mountinfo"), " /proc ") != NULL);
	CHECK(strlen(read_proc("/proc/cmdline")) > 0);
}

/* What allocators and garbage collectors size themselves by. */
ABI_CASE(proc_cpu_cache_size)
{
	char *line = strstr(read_proc("/proc/cpuinfo"), "\ncache size\t: ");

	CHECK(line != NULL);
	CHECK(atoi(line + strlen("\ncache size\t: ")) > 0);
	CHECK(strstr(line, " KB\n") != NULL);
}

ABI_CASE(proc_cpu_counts_agree)
{
	int processors = 0;
	int lines = 0;
	read_proc("/proc/cpuinfo");
	for (char *p = text; (p = strstr(p, "processor\t:")) != NULL; p++) {
		processors++;
	}
	read_proc("/proc/stat");
	for (char *p = text; (p = strstr(p, "\ncpu")) != NULL; p++) {
		lines++;
	}
	CHECK_EQ(processors, sysconf(_SC_NPROCESSORS_ONLN));
	CHECK_EQ(lines, processors);
	char online[64];
	abi_read_file("/sys/devices/system/cpu/online", online, sizeof(online));
	int last = 0;
	char *dash = strchr(online, '-');
	last = dash != NULL ? atoi(dash + 1) : atoi(online);
	CHECK_EQ(last + 1, processors);
}

ABI_CASE(proc_sys_values)
{
	static const char *const numbers[] = {
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/kernel/pid_max",
		"/proc/sys/fs/file-max",
		"/proc/sys/fs/nr_open",
		"/proc/sys/vm/max_map_count",
		"/proc/sys/kernel/threads-max",
		"/proc/sys/fs/pipe-max-size",
		"/proc/sys/kernel/ngroups_max",
		"/proc/sys/kernel/cap_last_cap",
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		read_proc(numbers[i]);
		CHECK(isdigit((unsigned char)text[0]));
		CHECK_EQ(text[strlen(text) - 1], '\n');
	}
	CHECK_EQ(strcmp(read_proc("/proc/sys/kernel/ostype"), "Linux\n"), 0);
	CHECK(strlen(read_proc("/proc/sys/kernel/osrelease")) > 3);
	CHECK(strlen(read_proc("/proc/sys/kernel/hostname")) > 1);
	CHECK_EQ(strlen(read_proc("/proc/sys/kernel/random/boot_id")), 37);
	char first[64];
	abi_read_file("/proc/sys/kernel/random/uuid", first, sizeof(first));
	CHECK_EQ(strlen(first), 37);
	CHECK(strcmp(first, read_proc("/proc/sys/kernel/random/uuid")) != 0);
}

ABI_CASE(proc_listing_has_this_process)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int self = 0;
	CHECK(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		self += atoi(entry->d_name) == getpid();
	}
	CHECK_EQ(self, 1);
	closedir(dir);
}

static void *come_and_go(void *arg)
{
	return arg;
}

static void *many_threads(void *arg)
{
	for (int i = 0; i < 200; i++) {
		abi_join(abi_thread(come_and_go, NULL));
	}
	return arg;
}

ABI_CASE(proc_read_while_threads_come_and_go)
{
	pthread_t thread = abi_thread(many_threads, NULL);
	for (int i = 0; i < 50; i++) {
		DIR *dir = opendir("/proc/self/task");
		struct dirent *entry;
		int seen = 0;
		CHECK(dir != NULL);
		while ((entry = readdir(dir)) != NULL) {
			char path[300];
			snprintf(path, sizeof(path), "/proc/self/task/%s/stat",
				 entry->d_name);
			int fd = open(path, O_RDONLY);
			if (fd >= 0) {
				(void)!read(fd, path, sizeof(path));
				close(fd);
				seen++;
			}
		}
		CHECK(seen >= 1);
		closedir(dir);
		CHECK(strlen(read_proc("/proc/self/maps")) > 100);
	}
	abi_join(thread);
}

ABI_CASE(proc_io)
{
	char data[1000] = {0};
	int fds[2];
	OK(pipe(fds));
	long written = field("/proc/self/io", "wchar");
	long writes = field("/proc/self/io", "syscw");
	long got = field("/proc/self/io", "rchar");
	long reads = field("/proc/self/io", "syscr");
	OK(write(fds[1], data, sizeof(data)));
	CHECK_EQ(field("/proc/self/io", "wchar") - written, sizeof(data));
	CHECK_EQ(field("/proc/self/io", "syscw") - writes, 1);
	OK(read(fds[0], data, sizeof(data)));
	/* Besides, we have read the file itself. */
	CHECK(field("/proc/self/io", "rchar") - got > (long)sizeof(data));
	CHECK(field("/proc/self/io", "syscr") - reads > 2);
	CHECK(field("/proc/self/io", "read_bytes") >= 0);
	CHECK(field("/proc/self/io", "write_bytes") >= 0);
	CHECK_EQ(field("/proc/self/io", "cancelled_write_bytes"), 0);
	snprintf(data, sizeof(data), "/proc/self/task/%d/io", abi_gettid());
	got = field(data, "rchar");
	CHECK(got > 0);
	CHECK(field("/proc/self/io", "rchar") >= got);
}

static volatile pid_t reader_tid;

static void *read_one(void *arg)
{
	reader_tid = abi_gettid();
	return (void *)read(*(int *)arg, text + sizeof(text) - 7, 7);
}

ABI_CASE(proc_syscall)
{
	char path[64];
	char want[128];
	int fds[2];
	OK(pipe(fds));
	pthread_t reader = abi_thread(read_one, &fds[0]);
	abi_wait_sleeping(&reader_tid);
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", reader_tid);
	snprintf(want, sizeof(want), "0 0x%x 0x%lx 0x7 0x", fds[0],
		 (unsigned long)(text + sizeof(text) - 7));
	read_proc(path);
	CHECK_EQ(strncmp(text, want, strlen(want)), 0);
	/* number, six arguments, stack pointer, program counter */
	int fields = 1;
	for (const char *at = text; *at != '\0'; at++) {
		fields += *at == ' ';
	}
	CHECK_EQ(fields, 9);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ((long)abi_join(reader), 1);
	/* Our own: the read(2) of this file. */
	CHECK_EQ(strncmp(read_proc("/proc/self/syscall"), "0 0x", 4), 0);
}

ABI_CASE(proc_tty_drivers)
{
	CHECK(strstr(read_proc("/proc/tty/drivers"), "/dev/pts") != NULL);
	CHECK(strstr(text, "136 0-") != NULL);
}
