/* SPDX-License-Identifier: BSD-3-Clause */

/* User and group ids, capabilities: getuid and so on, capget, capset. */
#include <linux/syscall.h>

#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <uapi/errno.h>

#define CAP_VERSION_1 0x19980330u
#define CAP_VERSION_2 0x20071026u
#define CAP_VERSION_3 0x20080522u

long sys_getuid(void)
{
	struct credentials own;

	credentials_current(&own);
	return own.uid;
}

long sys_geteuid(void)
{
	struct credentials own;

	credentials_current(&own);
	return own.euid;
}

long sys_getgid(void)
{
	struct credentials own;

	credentials_current(&own);
	return own.gid;
}

long sys_getegid(void)
{
	struct credentials own;

	credentials_current(&own);
	return own.egid;
}

static int put_three(void USER *a, uint32_t first, void USER *b,
		     uint32_t second, void USER *c, uint32_t third)
{
	return user_put_u32(a, first) < 0 || user_put_u32(b, second) < 0 ||
			       user_put_u32(c, third) < 0
		       ? -EFAULT
		       : 0;
}

long sys_getresuid(void USER *ruid, void USER *euid, void USER *suid)
{
	struct credentials own;

	credentials_current(&own);
	return put_three(ruid, own.uid, euid, own.euid, suid, own.suid);
}

long sys_getresgid(void USER *rgid, void USER *egid, void USER *sgid)
{
	struct credentials own;

	credentials_current(&own);
	return put_three(rgid, own.gid, egid, own.egid, sgid, own.sgid);
}

long sys_setuid(unsigned uid)
{
	return credentials_set_uid(uid);
}

long sys_setgid(unsigned gid)
{
	return credentials_set_gid(gid);
}

long sys_setreuid(unsigned ruid, unsigned euid)
{
	return credentials_set_reuid(ruid, euid);
}

long sys_setregid(unsigned rgid, unsigned egid)
{
	return credentials_set_regid(rgid, egid);
}

long sys_setresuid(unsigned ruid, unsigned euid, unsigned suid)
{
	return credentials_set_resuid(ruid, euid, suid);
}

long sys_setresgid(unsigned rgid, unsigned egid, unsigned sgid)
{
	return credentials_set_resgid(rgid, egid, sgid);
}

long sys_setfsuid(unsigned uid)
{
	return credentials_set_fsuid(uid);
}

long sys_setfsgid(unsigned gid)
{
	return credentials_set_fsgid(gid);
}

long sys_getgroups(int count, void USER *groups)
{
	struct credentials own;

	if (count < 0) {
		return -EINVAL;
	}
	credentials_current(&own);
	if (count == 0) {
		return own.group_count;
	}
	if ((unsigned)count < own.group_count) {
		return -EINVAL;
	}
	if (user_copy_out(groups, own.groups,
			  own.group_count * sizeof(own.groups[0])) < 0) {
		return -EFAULT;
	}
	return own.group_count;
}

long sys_setgroups(int count, const void USER *groups)
{
	uint32_t wanted[CREDENTIALS_GROUP_MAX];

	if (!credentials_capable(CREDENTIALS_CAP_SETGID)) {
		return -EPERM;
	}
	if (count < 0 || count > CREDENTIALS_GROUP_MAX) {
		return -EINVAL;
	}
	if (user_copy_in(wanted, groups, (size_t)count * sizeof(wanted[0])) <
	    0) {
		return -EFAULT;
	}
	return credentials_set_groups(wanted, (uint32_t)count);
}

/* --- capabilities
 * -------------------------------------------------------------------
 */

struct cap_header {
	uint32_t version;
	int32_t pid;
};

/* One for the low 32 capabilities, one for the others. */
struct cap_data {
	uint32_t effective, permitted, inheritable;
};

/* Reads the header.  The number of cap_data, or -EFAULT, -EINVAL (after the
 * version that is known was written back). */
static int get_header(struct cap_header *header, void USER *from)
{
	if (user_copy_in(header, from, sizeof(*header)) < 0) {
		return -EFAULT;
	}
	switch (header->version) {
	case CAP_VERSION_1:
		return 1;
	case CAP_VERSION_2:
	case CAP_VERSION_3:
		return 2;
	default:
		return user_put_u32(from, CAP_VERSION_3) < 0 ? -EFAULT
							     : -EINVAL;
	}
}

static int get_caps_of(int pid, struct credentials *out)
{
	struct process *process;
	struct thread *thread;

	if (pid < 0) {
		return -EINVAL;
	}
	if (pid == 0 || pid == process_current()->pid) {
		credentials_current(out);
		return 0;
	}
	thread = thread_find(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	process = thread->process;
	if (process == NULL) {
		credentials_init_root(out);
	} else {
		spin_lock(&process->lock);
		*out = process->credentials;
		spin_unlock(&process->lock);
	}
	thread_put(thread);
	return 0;
}

long sys_capget(void USER *header, void USER *data)
{
	struct cap_header given;
	struct credentials caps;
	struct cap_data shown[2];
	int count = get_header(&given, header);
	int err;

	if (count < 0) {
		/* Asking for the version only is no error. */
		return count == -EINVAL && data == NULL ? 0 : count;
	}
	err = get_caps_of(given.pid, &caps);
	if (err < 0 || data == NULL) {
		return err;
	}
	for (unsigned i = 0; i < 2; i++) {
		shown[i].effective = (uint32_t)(caps.cap_effective >> 32 * i);
		shown[i].permitted = (uint32_t)(caps.cap_permitted >> 32 * i);
		shown[i].inheritable =
			(uint32_t)(caps.cap_inheritable >> 32 * i);
	}
	return user_copy_out(data, shown, (size_t)count * sizeof(shown[0]));
}

long sys_capset(void USER *header, const void USER *data)
{
	struct cap_header given;
	struct cap_data wanted[2];
	int count = get_header(&given, header);

	if (count < 0) {
		return count;
	}
	if (given.pid != 0 && given.pid != thread_current()->tid) {
		return -EPERM;
	}
	memset(wanted, 0, sizeof(wanted));
	if (user_copy_in(wanted, data, (size_t)count * sizeof(wanted[0])) < 0) {
		return -EFAULT;
	}
	return credentials_set_caps(
		wanted[0].effective | (uint64_t)wanted[1].effective << 32,
		wanted[0].permitted | (uint64_t)wanted[1].permitted << 32,
		wanted[0].inheritable | (uint64_t)wanted[1].inheritable << 32);
}
