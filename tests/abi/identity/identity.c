/* SPDX-License-Identifier: BSD-3-Clause */
/* Users, groups, capabilities, prctl; in children, since rights do not come
 * back. */
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_test.h"

#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond)) {                                                 \
			return __LINE__ & 0x7f;                                \
		}                                                              \
	} while (0)

/* The line (mod 128) of the condition that failed in the child. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t child = OK(fork());
	if (child == 0) {
		_exit(fn());
	}
	OK(waitpid(child, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int become_user(void)
{
	uid_t r, e, s;
	EXPECT(setgroups(0, NULL) == 0);
	EXPECT(setresgid(100, 100, 100) == 0);
	EXPECT(setresuid(1000, 1000, 1000) == 0);
	EXPECT(getuid() == 1000 && geteuid() == 1000);
	EXPECT(getgid() == 100 && getegid() == 100);
	EXPECT(getresuid(&r, &e, &s) == 0 && r == 1000 && s == 1000);
	EXPECT(setuid(0) == -1 && errno == EPERM);
	EXPECT(setgid(0) == -1 && errno == EPERM);
	EXPECT(setresuid(-1, 0, -1) == -1 && errno == EPERM);
	EXPECT(setgroups(0, NULL) == -1 && errno == EPERM);
	EXPECT(setreuid(-1, -1) == 0);
	EXPECT(sethostname("x", 1) == -1 && errno == EPERM);
	EXPECT(kill(getppid(), 0) == -1 && errno == EPERM);
	return 0;
}

ABI_CASE(ids_leave_root)
{
	CHECK_EQ(getuid(), 0);
	CHECK_EQ(in_child(become_user), 0);
}

static int swap_ids(void)
{
	EXPECT(seteuid(1000) == 0);
	EXPECT(getuid() == 0 && geteuid() == 1000);
	EXPECT(seteuid(0) == 0);
	EXPECT(setreuid(1000, 1001) == 0); /* saved becomes 1001 */
	EXPECT(setreuid(1001, 1000) == 0);
	EXPECT(getuid() == 1001 && geteuid() == 1000);
	EXPECT(setuid(-1) == -1 && errno == EINVAL);
	return 0;
}

ABI_CASE(ids_swap)
{
	CHECK_EQ(in_child(swap_ids), 0);
}

static int groups_come_back(void)
{
	gid_t groups[3] = {5, 6, 7};
	gid_t seen[3];
	EXPECT(setgroups(3, groups) == 0);
	EXPECT(getgroups(0, NULL) == 3);
	EXPECT(getgroups(2, seen) == -1 && errno == EINVAL);
	EXPECT(getgroups(3, seen) == 3);
	EXPECT(memcmp(groups, seen, sizeof(seen)) == 0);
	EXPECT(setgroups(-1, groups) == -1 && errno == EINVAL);
	return 0;
}

ABI_CASE(ids_groups)
{
	CHECK_EQ(in_child(groups_come_back), 0);
}

static int fs_ids(void)
{
	EXPECT(syscall(SYS_setfsuid, 1000) == 0);
	EXPECT(syscall(SYS_setfsuid, -1) == 1000);
	EXPECT(syscall(SYS_setfsgid, 5) == 0);
	EXPECT(syscall(SYS_setfsgid, -1) == 5);
	return 0;
}

ABI_CASE(ids_of_files)
{
	CHECK_EQ(in_child(fs_ids), 0);
}

static int get_caps(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	return (int)syscall(SYS_capget, &header, data);
}

static int caps_follow_ids(void)
{
	struct __user_cap_data_struct data[2];
	EXPECT(get_caps(data) == 0 && data[0].effective != 0);
	EXPECT(seteuid(1000) == 0);
	EXPECT(get_caps(data) == 0 && data[0].effective == 0);
	EXPECT(data[0].permitted != 0);
	EXPECT(seteuid(0) == 0);
	EXPECT(get_caps(data) == 0 && data[0].effective != 0);
	EXPECT(prctl(PR_SET_KEEPCAPS, 1) == 0);
	EXPECT(prctl(PR_GET_KEEPCAPS) == 1);
	EXPECT(setresuid(1000, 1000, 1000) == 0);
	EXPECT(get_caps(data) == 0 && data[0].effective == 0);
	EXPECT(data[0].permitted != 0);
	return 0;
}

ABI_CASE(caps_and_ids)
{
	CHECK_EQ(in_child(caps_follow_ids), 0);
}

static int drop_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {{0}};
	struct __user_cap_data_struct more[2];
	EXPECT(get_caps(more) == 0);
	EXPECT(syscall(SYS_capset, &header, data) == 0);
	EXPECT(sethostname("x", 1) == -1 && errno == EPERM);
	EXPECT(syscall(SYS_capset, &header, more) == -1 && errno == EPERM);
	header.version = 1;
	EXPECT(syscall(SYS_capget, &header, data) == -1 && errno == EINVAL);
	EXPECT(header.version == _LINUX_CAPABILITY_VERSION_3);
	return 0;
}

ABI_CASE(caps_do_not_come_back)
{
	CHECK_EQ(in_child(drop_caps), 0);
}

ABI_CASE(prctl_names)
{
	char name[16] = "";
	char seen[17];
	memset(seen, 'x', sizeof(seen));
	OK(prctl(PR_GET_NAME, name));
	OK(prctl(PR_SET_NAME, "a name that is much too long"));
	OK(prctl(PR_GET_NAME, seen));
	CHECK(strcmp(seen, "a name that is ") == 0);
	CHECK_EQ(seen[16], 'x');
	OK(prctl(PR_SET_NAME, ""));
	OK(prctl(PR_GET_NAME, seen));
	CHECK_EQ(seen[0], 0);
	CHECK_ERRNO(prctl(PR_SET_NAME, abi_bad[0]), EFAULT);
	CHECK_ERRNO(prctl(PR_GET_NAME, abi_bad[0]), EFAULT);
	OK(prctl(PR_SET_NAME, name));
}

ABI_CASE(prctl_settings)
{
	int value;
	OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	OK(prctl(PR_GET_PDEATHSIG, &value));
	CHECK_EQ(value, SIGUSR1);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	OK(prctl(PR_SET_PDEATHSIG, 0));
	CHECK_EQ(OK(prctl(PR_GET_DUMPABLE)), 1);
	CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	OK(prctl(PR_SET_TIMERSLACK, 12345));
	CHECK_EQ(OK(prctl(PR_GET_TIMERSLACK)), 12345);
	OK(prctl(PR_SET_TIMERSLACK, 0));
	CHECK_EQ(OK(prctl(PR_GET_TIMERSLACK)), 50000);
	CHECK_EQ(OK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)), 0);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_EQ(OK(prctl(PR_CAPBSET_READ, 0)), 1);
	CHECK_ERRNO(prctl(PR_CAPBSET_READ, 64), EINVAL);
	CHECK_ERRNO(prctl(12345), EINVAL);
}

static int subreaper(void)
{
	int status;
	EXPECT(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	pid_t middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			_exit(3);
		}
		_exit(2);
	}
	EXPECT(waitpid(middle, &status, 0) == middle);
	EXPECT(WEXITSTATUS(status) == 2);
	EXPECT(wait(&status) > 0); /* the grandchild is ours now */
	EXPECT(WEXITSTATUS(status) == 3);
	return 0;
}

ABI_CASE(prctl_subreaper)
{
	CHECK_EQ(in_child(subreaper), 0);
}
