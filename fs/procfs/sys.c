/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /proc/sys.  Values that describe how this kernel behaves and cannot be
 * changed are read-only; writing them is refused rather than forgotten.
 */
#include <fs/procfs/internal.h>

#include <init/random.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/uts.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/stat.h>

#define SHOW_TEXT(function, value)                                             \
	static int function(struct fs_text *text,                              \
			    const struct proc_target *target)                  \
	{                                                                      \
		(void)target;                                                  \
		fs_text_add(text, "%s\n", value);                              \
		return 0;                                                      \
	}

#define SHOW_NUMBER(function, value)                                           \
	static int function(struct fs_text *text,                              \
			    const struct proc_target *target)                  \
	{                                                                      \
		(void)target;                                                  \
		fs_text_add(text, "%llu\n", (unsigned long long)(value));      \
		return 0;                                                      \
	}

/* --- kernel: names
 * --------------------------------------------------------------- */

SHOW_TEXT(show_ostype, UTS_SYSNAME)
SHOW_TEXT(show_osrelease, UTS_RELEASE)
SHOW_TEXT(show_version, UTS_VERSION)

static int show_hostname(struct fs_text *text, const struct proc_target *target)
{
	char name[UTS_NAME_MAX + 1];

	(void)target;
	uts_hostname(name, sizeof(name));
	fs_text_add(text, "%s\n", name);
	return 0;
}

static int show_domainname(struct fs_text *text,
			   const struct proc_target *target)
{
	char name[UTS_NAME_MAX + 1];

	(void)target;
	uts_domainname(name, sizeof(name));
	fs_text_add(text, "%s\n", name);
	return 0;
}

static int write_hostname(const struct proc_target *target, const char *value,
			  size_t length)
{
	(void)target;
	return credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)
		       ? uts_set_hostname(value, length)
		       : -EPERM;
}

static int write_domainname(const struct proc_target *target, const char *value,
			    size_t length)
{
	(void)target;
	return credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)
		       ? uts_set_domainname(value, length)
		       : -EPERM;
}

/* --- kernel: random
 * ---------------------------------------------------------------- */

static void add_uuid(struct fs_text *text, const uint8_t *raw)
{
	for (unsigned i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		fs_text_add(text, "%s%02x", dash ? "-" : "", raw[i]);
	}
	fs_text_put(text, "\n", 1);
}

/* Version 4, variant 1: RFC 4122. */
static void make_uuid(uint8_t raw[16])
{
	random_bytes(raw, 16);
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
}

static int show_uuid(struct fs_text *text, const struct proc_target *target)
{
	uint8_t raw[16];

	(void)target;
	make_uuid(raw);
	add_uuid(text, raw);
	return 0;
}

static int show_boot_id(struct fs_text *text, const struct proc_target *target)
{
	static struct spinlock lock = SPINLOCK_INIT("proc.boot_id");
	static uint8_t boot_id[16]; /* [lock] */
	static bool made;	    /* [lock] */
	uint8_t fresh[16];
	uint8_t raw[16];

	(void)target;
	make_uuid(fresh);
	spin_lock(&lock);
	if (!made) {
		memcpy(boot_id, fresh, sizeof(boot_id));
		made = true;
	}
	memcpy(raw, boot_id, sizeof(raw));
	spin_unlock(&lock);
	add_uuid(text, raw);
	return 0;
}

SHOW_NUMBER(show_entropy, random_is_ready() ? 256 : 0)
SHOW_NUMBER(show_poolsize, 256)

static const struct proc_entry random_entries[] = {
	PROC_FILE("boot_id", show_boot_id),
	PROC_FILE("entropy_avail", show_entropy),
	PROC_FILE("poolsize", show_poolsize),
	PROC_FILE("uuid", show_uuid),
};

/* --- kernel: numbers
 * ----------------------------------------------------------------- */

SHOW_NUMBER(show_pid_max, PID_MAX)
SHOW_NUMBER(show_threads_max, PID_MAX - 1)
SHOW_NUMBER(show_cap_last_cap, CREDENTIALS_CAP_LAST)
SHOW_NUMBER(show_ngroups_max, CREDENTIALS_GROUP_MAX)
SHOW_NUMBER(show_overflow_id, 65534)
SHOW_NUMBER(show_msgmax, 8192)
SHOW_NUMBER(show_msgmnb, 16384)
SHOW_NUMBER(show_msgmni, 32000)
SHOW_NUMBER(show_shmmax, UINT64_MAX - (1ull << 24))
SHOW_NUMBER(show_shmmni, 4096)
SHOW_TEXT(show_sem, "32000\t1024000000\t500\t32000")
SHOW_TEXT(show_core_pattern, "core")
SHOW_NUMBER(show_randomize, 2)
SHOW_NUMBER(show_sched_rt_runtime, 1000000)
SHOW_NUMBER(show_sched_rt_period, 1000000)
SHOW_NUMBER(show_zero, 0)

static const struct proc_entry kernel_entries[] = {
	PROC_FILE("cap_last_cap", show_cap_last_cap),
	PROC_FILE("core_pattern", show_core_pattern),
	PROC_VALUE("domainname", show_domainname, write_domainname),
	PROC_VALUE("hostname", show_hostname, write_hostname),
	PROC_FILE("msgmax", show_msgmax),
	PROC_FILE("msgmnb", show_msgmnb),
	PROC_FILE("msgmni", show_msgmni),
	PROC_FILE("ngroups_max", show_ngroups_max),
	PROC_FILE("osrelease", show_osrelease),
	PROC_FILE("ostype", show_ostype),
	PROC_FILE("overflowgid", show_overflow_id),
	PROC_FILE("overflowuid", show_overflow_id),
	PROC_FILE("pid_max", show_pid_max),
	PROC_DIR("random", random_entries),
	PROC_FILE("randomize_va_space", show_randomize),
	PROC_FILE("sched_rt_period_us", show_sched_rt_period),
	PROC_FILE("sched_rt_runtime_us", show_sched_rt_runtime),
	PROC_FILE("sem", show_sem),
	PROC_FILE("shmmax", show_shmmax),
	PROC_FILE("shmmni", show_shmmni),
	PROC_FILE("tainted", show_zero),
	PROC_FILE("threads-max", show_threads_max),
	PROC_FILE("version", show_version),
};

/* --- vm
 * -------------------------------------------------------------------------------
 */

/* 1: memory is never refused for what might be touched later. */
SHOW_NUMBER(show_overcommit_memory, 1)
SHOW_NUMBER(show_overcommit_ratio, 50)
SHOW_NUMBER(show_max_map_count, VMA_COUNT_MAX)
SHOW_NUMBER(show_mmap_min_addr, PAGE_SIZE)

static const struct proc_entry vm_entries[] = {
	PROC_FILE("max_map_count", show_max_map_count),
	PROC_FILE("mmap_min_addr", show_mmap_min_addr),
	PROC_FILE("nr_hugepages", show_zero),
	PROC_FILE("overcommit_memory", show_overcommit_memory),
	PROC_FILE("overcommit_ratio", show_overcommit_ratio),
	PROC_FILE("swappiness", show_zero),
};

/* --- fs
 * --------------------------------------------------------------------------------
 */

SHOW_NUMBER(show_file_max, FILE_TABLE_MAX)
SHOW_NUMBER(show_nr_open, FILE_TABLE_MAX)
SHOW_NUMBER(show_pipe_max_size, 1048576)
SHOW_NUMBER(show_inotify_events, 16384)
SHOW_NUMBER(show_inotify_instances, 128)
SHOW_NUMBER(show_inotify_watches, 65536)
SHOW_NUMBER(show_mq_msg_default, 10)
SHOW_NUMBER(show_mq_msgsize_default, 8192)
SHOW_NUMBER(show_mq_queues_max, 256)
SHOW_NUMBER(show_epoll_watches, 1048576)

static const struct proc_entry epoll_entries[] = {
	PROC_FILE("max_user_watches", show_epoll_watches),
};

static const struct proc_entry inotify_entries[] = {
	PROC_FILE("max_queued_events", show_inotify_events),
	PROC_FILE("max_user_instances", show_inotify_instances),
	PROC_FILE("max_user_watches", show_inotify_watches),
};

static const struct proc_entry mqueue_entries[] = {
	PROC_FILE("msg_default", show_mq_msg_default),
	PROC_FILE("msg_max", show_mq_msg_default),
	PROC_FILE("msgsize_default", show_mq_msgsize_default),
	PROC_FILE("msgsize_max", show_mq_msgsize_default),
	PROC_FILE("queues_max", show_mq_queues_max),
};

static const struct proc_entry fs_entries[] = {
	PROC_DIR("epoll", epoll_entries),
	PROC_FILE("file-max", show_file_max),
	PROC_DIR("inotify", inotify_entries),
	PROC_DIR("mqueue", mqueue_entries),
	PROC_FILE("nr_open", show_nr_open),
	PROC_FILE("pipe-max-size", show_pipe_max_size),
};

const struct proc_entry proc_sys_entries[PROC_SYS_COUNT] = {
	PROC_DIR("fs", fs_entries),
	PROC_DIR("kernel", kernel_entries),
	PROC_DIR("vm", vm_entries),
};
