/* SPDX-License-Identifier: BSD-3-Clause */
/* Who the process is, and what the system says of itself. */
#include "abi_test.h"

#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

ABI_CASE(ids_of_the_process)
{
	CHECK(getpid() > 0);
	CHECK(getppid() >= 0);
	CHECK_EQ(getpid(), abi_gettid());
	CHECK_EQ(getpgid(0), getpgrp());
	CHECK_EQ(getpgid(getpid()), getpgrp());
	CHECK_EQ(getsid(0), getsid(getpid()));
	CHECK_ERRNO(getpgid(0x3fffff), ESRCH);
	CHECK_ERRNO(getsid(0x3fffff), ESRCH);
	CHECK_ERRNO(getpgid(-1), ESRCH);
	CHECK_ERRNO(setpgid(0x3fffff, 0), ESRCH);
	CHECK_ERRNO(setpgid(0, -1), EINVAL);
}

ABI_CASE(ids_of_users)
{
	uid_t r, e, s;
	OK(getresuid(&r, &e, &s));
	CHECK_EQ(r, getuid());
	CHECK_EQ(e, geteuid());
	OK(getresgid(&r, &e, &s));
	CHECK_EQ(r, getgid());
	CHECK_EQ(e, getegid());
	CHECK_ERRNO(syscall(SYS_getresuid, abi_bad[0], &e, &s), EFAULT);
	CHECK_ERRNO(syscall(SYS_getresuid, &r, abi_bad[1], &s), EFAULT);
	CHECK_ERRNO(syscall(SYS_getresgid, &r, &e, abi_bad[3]), EFAULT);
	/* To what it is already, or not at all. */
	OK(setuid(getuid()));
	OK(setgid(getgid()));
	OK(setreuid(-1, -1));
	OK(setresgid(-1, -1, -1));
	CHECK_ERRNO(syscall(SYS_setuid, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_setgid, -1), EINVAL);
	CHECK_EQ(syscall(SYS_setfsuid, -1), geteuid());
	CHECK_EQ(syscall(SYS_setfsgid, -1), getegid());
}

ABI_CASE(ids_supplementary_groups)
{
	gid_t groups[NGROUPS_MAX > 1000 ? 1000 : NGROUPS_MAX];
	int count = OK(getgroups(0, NULL));
	CHECK_EQ(getgroups(1000, groups), count);
	CHECK_ERRNO(syscall(SYS_getgroups, -1, groups), EINVAL);
	if (count > 0) {
		CHECK_ERRNO(syscall(SYS_getgroups, count, abi_bad[0]), EFAULT);
	}
	if (count > 1) {
		CHECK_ERRNO(getgroups(1, groups), EINVAL);
	}
	CHECK_ERRNO(syscall(SYS_setgroups, 65537, groups), EINVAL);
	CHECK_ERRNO(syscall(SYS_setgroups, 1, abi_bad[0]), EFAULT);
	OK(syscall(SYS_setgroups, count, groups));
}

ABI_CASE(uname_fields)
{
	struct utsname u;
	unsigned int major = 0, minor = 0;
	OK(uname(&u));
	CHECK_EQ(strcmp(u.sysname, "Linux"), 0);
	CHECK_EQ(sscanf(u.release, "%u.%u", &major, &minor), 2);
	CHECK(major >= 5);
#if defined(__x86_64__)
	CHECK_EQ(strcmp(u.machine, "x86_64"), 0);
#endif
	CHECK(u.nodename[0] != '\0');
	CHECK(u.version[0] == '#');
	CHECK_ERRNO(syscall(SYS_uname, abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_uname, NULL), EFAULT);
}

ABI_CASE(hostname_can_be_set)
{
	struct utsname u;
	char before[HOST_NAME_MAX + 1];
	OK(gethostname(before, sizeof(before)));
	OK(sethostname("abi-host", 8));
	OK(uname(&u));
	int same = strcmp(u.nodename, "abi-host") == 0;
	OK(sethostname(before, strlen(before)));
	CHECK(same);
	CHECK_ERRNO(syscall(SYS_sethostname, before, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_sethostname, before, 65), EINVAL);
	CHECK_ERRNO(syscall(SYS_sethostname, abi_bad[0], 5), EFAULT);
	CHECK_ERRNO(syscall(SYS_setdomainname, abi_bad[0], 5), EFAULT);
	CHECK_ERRNO(syscall(SYS_setdomainname, before, 65), EINVAL);
}

ABI_CASE(sysinfo_fields)
{
	struct sysinfo a, b;
	OK(sysinfo(&a));
	CHECK(a.mem_unit >= 1);
	CHECK(a.totalram > 0);
	CHECK(a.freeram <= a.totalram);
	CHECK(a.uptime >= 0);
	CHECK(a.procs >= 1);
	abi_sleep_ms(1100);
	OK(sysinfo(&b));
	CHECK(b.uptime > a.uptime);
	CHECK_ERRNO(syscall(SYS_sysinfo, abi_bad[0]), EFAULT);
	/* sysconf reads the same. */
	unsigned long pages = sysconf(_SC_PHYS_PAGES);
	CHECK_EQ(pages, b.totalram * b.mem_unit / 4096);
}

ABI_CASE(rlimit_get_and_set)
{
	struct rlimit limit, old;
	for (int i = 0; i < 16; i++) {
		OK(getrlimit(i, &limit));
		CHECK(limit.rlim_cur <= limit.rlim_max);
	}
	CHECK_ERRNO(getrlimit(16, &limit), EINVAL);
	CHECK_ERRNO(getrlimit(-1, &limit), EINVAL);
	OK(getrlimit(RLIMIT_CORE, &old));
	limit = (struct rlimit){old.rlim_max > 0 ? 1 : 0, 0};
	CHECK_ERRNO(
		setrlimit(RLIMIT_CORE, &(struct rlimit){limit.rlim_max + 2, 1}),
		EINVAL);
	OK(getrlimit(RLIMIT_NOFILE, &old));
	limit = (struct rlimit){100, old.rlim_max};
	OK(setrlimit(RLIMIT_NOFILE, &limit));
	OK(getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(limit.rlim_cur, 100);
	CHECK_EQ(sysconf(_SC_OPEN_MAX), 100);
	OK(setrlimit(RLIMIT_NOFILE, &old));
	limit = (struct rlimit){1, 1UL << 40};
	CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
}

ABI_CASE(prlimit_arguments)
{
	struct rlimit old;
	OK(syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &old));
	OK(syscall(SYS_prlimit64, getpid(), RLIMIT_STACK, NULL, NULL));
	CHECK_ERRNO(syscall(SYS_prlimit64, 0x3fffff, RLIMIT_STACK, NULL, &old),
		    ESRCH);
	CHECK_ERRNO(syscall(SYS_prlimit64, 0, 99, NULL, &old), EINVAL);
	CHECK_ERRNO(syscall(SYS_prlimit64, 0, RLIMIT_STACK, abi_bad[0], NULL),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, abi_bad[0]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_getrlimit, RLIMIT_STACK, abi_bad[3]), EFAULT);
	CHECK_ERRNO(syscall(SYS_setrlimit, RLIMIT_STACK, abi_bad[3]), EFAULT);
}

ABI_CASE(prctl_names)
{
	char name[17] = {0};
	OK(prctl(PR_SET_NAME, "a-name-that-is-too-long"));
	OK(prctl(PR_GET_NAME, name));
	CHECK_EQ(strcmp(name, "a-name-that-is-"), 0);
	char text[64];
	abi_read_file("/proc/self/comm", text, sizeof(text));
	CHECK_EQ(strcmp(text, "a-name-that-is-\n"), 0);
	abi_write_file("/proc/self/comm", "other");
	OK(prctl(PR_GET_NAME, name));
	CHECK_EQ(strcmp(name, "other"), 0);
	CHECK_ERRNO(syscall(SYS_prctl, PR_SET_NAME, abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_prctl, PR_GET_NAME, abi_bad[3]), EFAULT);
}

ABI_CASE(prctl_flags)
{
	int value = -1;
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	OK(prctl(PR_SET_DUMPABLE, 0));
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	OK(prctl(PR_SET_DUMPABLE, 1));
	CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	OK(prctl(PR_GET_PDEATHSIG, &value));
	CHECK_EQ(value, SIGUSR1);
	OK(prctl(PR_SET_PDEATHSIG, 0));
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
	CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
	OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
	CHECK_EQ(value, 1);
	OK(prctl(PR_SET_CHILD_SUBREAPER, 0));
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 50000);
	CHECK_ERRNO(prctl(9999), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

ABI_CASE(prctl_names_of_memory)
{
	char *p = abi_pages(1, 3);
	/* Only where the kernel was built with it: 0 or EINVAL. */
	int result = prctl(0x53564d41, 0, p, 4096, "abi");
	CHECK(result == 0 || errno == EINVAL);
	CHECK_ERRNO(prctl(0x53564d41, 0, p + 1, 4096, "abi"), EINVAL);
}

ABI_CASE(getrandom_fills)
{
	unsigned char a[4096], b[4096];
	unsigned int seen[256] = {0};
	CHECK_EQ(getrandom(a, sizeof(a), 0), sizeof(a));
	CHECK_EQ(getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	for (size_t i = 0; i < sizeof(a); i++) {
		seen[a[i]]++;
	}
	/* 16 of each are expected; 60 has a chance below 1e-15. */
	for (int i = 0; i < 256; i++) {
		CHECK(seen[i] < 60);
	}
	CHECK_EQ(getrandom(a, 256, GRND_RANDOM), 256);
	CHECK_EQ(getrandom(a, 0, 0), 0);
	CHECK_ERRNO(getrandom(a, 1, 0x100), EINVAL);
	CHECK_ERRNO(getrandom(a, 1, GRND_RANDOM | 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_getrandom, abi_bad[0], 10, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_getrandom, abi_bad[3], 10, 0), EFAULT);
}

ABI_CASE(getrandom_half_bad_buffer)
{
	/* What went is the result. */
	char *edge = abi_edge(100);
	long n = syscall(SYS_getrandom, edge, 300, 0);
	CHECK(n == 100 || (n == -1 && errno == EFAULT));
}

ABI_CASE(capabilities)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}, {0}};
	OK(syscall(SYS_capget, &head, data));
	head.version = 0x12345678;
	CHECK_ERRNO(syscall(SYS_capget, &head, data), EINVAL);
	CHECK_EQ(head.version, _LINUX_CAPABILITY_VERSION_3);
	head.version = 0;
	OK(syscall(SYS_capget, &head, NULL));
	head.pid = 0x3fffff;
	CHECK_ERRNO(syscall(SYS_capget, &head, data), ESRCH);
	head.pid = -1;
	CHECK_ERRNO(syscall(SYS_capget, &head, data), EINVAL);
	CHECK_ERRNO(syscall(SYS_capget, abi_bad[0], data), EFAULT);
	head.pid = 0;
	CHECK_ERRNO(syscall(SYS_capget, &head, abi_bad[0]), EFAULT);
	OK(syscall(SYS_capget, &head, data));
	OK(syscall(SYS_capset, &head, data));
	CHECK_ERRNO(syscall(SYS_capset, &head, abi_bad[0]), EFAULT);
}

ABI_CASE(personality_value)
{
	int before = OK(personality(0xffffffff));
	CHECK_EQ(personality(ADDR_NO_RANDOMIZE | before), before);
	CHECK_EQ(personality(before), ADDR_NO_RANDOMIZE | before);
}

ABI_CASE(unknown_system_calls)
{
	CHECK_ERRNO(syscall(9999), ENOSYS);
	CHECK_ERRNO(syscall(-1), ENOSYS);
	CHECK_ERRNO(syscall(0x7fffffff), ENOSYS);
	CHECK_ERRNO(syscall(400), ENOSYS);
	CHECK_ERRNO(syscall(1000), ENOSYS);
}

ABI_CASE(process_vm_of_self)
{
	char from[] = "abcdefgh";
	char to[9] = {0};
	struct {
		void *base;
		size_t length;
	} local[2] = {{to, 3}, {to + 3, 5}}, remote[1] = {{from, 8}};
	CHECK_EQ(
		syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 1, 0),
		8);
	CHECK_EQ(strcmp(to, from), 0);
	remote[0].base = abi_bad[0];
	CHECK_ERRNO(
		syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 1, 0),
		EFAULT);
	remote[0].base = from;
	CHECK_ERRNO(
		syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 1, 1),
		EINVAL);
	CHECK_ERRNO(
		syscall(SYS_process_vm_readv, 0x3fffff, local, 2, remote, 1, 0),
		ESRCH);
	memset(from, 'z', 8);
	CHECK_EQ(syscall(SYS_process_vm_writev, getpid(), remote, 1, local, 2,
			 0),
		 8);
	CHECK_EQ(to[7], 'z');
}
