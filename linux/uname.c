/* SPDX-License-Identifier: BSD-3-Clause */

/* uname(2), host and domain name. */
#include <linux/syscall.h>

#include <arch/cpu.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/uts.h>
#include <uapi/errno.h>

struct uapi_utsname {
	char sysname[UTS_NAME_MAX + 1];
	char nodename[UTS_NAME_MAX + 1];
	char release[UTS_NAME_MAX + 1];
	char version[UTS_NAME_MAX + 1];
	char machine[UTS_NAME_MAX + 1];
	char domainname[UTS_NAME_MAX + 1];
};

long sys_uname(void USER *name)
{
	struct uapi_utsname names;

	memset(&names, 0, sizeof(names));
	string_copy(names.sysname, UTS_SYSNAME, sizeof(names.sysname));
	string_copy(names.release, UTS_RELEASE, sizeof(names.release));
	string_copy(names.version, UTS_VERSION, sizeof(names.version));
	string_copy(names.machine, cpu_platform(), sizeof(names.machine));
	uts_hostname(names.nodename, sizeof(names.nodename));
	uts_domainname(names.domainname, sizeof(names.domainname));
	return user_copy_out(name, &names, sizeof(names));
}

static long set_name(const char USER *name, size_t length,
		     int (*set)(const char *name, size_t length))
{
	char copy[UTS_NAME_MAX];

	if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	if (length > UTS_NAME_MAX) {
		return -EINVAL;
	}
	if (user_copy_in(copy, name, length) < 0) {
		return -EFAULT;
	}
	return set(copy, length);
}

long sys_sethostname(const char USER *name, size_t length)
{
	return set_name(name, length, uts_set_hostname);
}

long sys_setdomainname(const char USER *name, size_t length)
{
	return set_name(name, length, uts_set_domainname);
}
