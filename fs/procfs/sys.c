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
	static int function(struct table_text *text,                           \
			    const struct table_target *target)                 \
	{                                                                      \
		(void)target;                                                  \
		table_text_add(text, "%s\n", value);                           \
		return 0;                                                      \
	}

#define SHOW_NUMBER(function, value)                                           \
	static int function(struct table_text *text,                           \
			    const struct table_target *target)                 \
	{                                                                      \
		(void)target;                                                  \
		table_text_add(text, "%llu\n", (unsigned long long)(value));   \
		return 0;                                                      \
	}

/* --- kernel: names
 * --------------------------------------------------------------- */

SHOW_TEXT(show_ostype, UTS_SYSNAME)
SHOW_TEXT(show_osrelease, UTS_RELEASE)
SHOW_TEXT(show_version, UTS_VERSION)

static int show_hostname(struct table_text *text,
			 const struct table_target *target)
{
	char name[UTS_NAME_MAX + 1];

	(void)target;
	uts_hostname(name, sizeof(name));
	table_text_add(text, "%s\n", name);
	return 0;
}

static int show_domainname(struct table_text *text,
			   const struct table_target *target)
{
	char name[UTS_NAME_MAX + 1];

	(void)target;
	uts_domainname(name, sizeof(name));
	table_text_add(text, "%s\n", name);
	return 0;
}

static int write_hostname(const struct table_target *target, const char *value,
			  size_t length)
{
	(void)target;
	return credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)
		       ? uts_set_hostname(value, length)
		       : -EPERM;
}

static int write_domainname(const struct table_target *target,
			    const char *value, size_t length)
{
	(void)target;
	return credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)
		       ? uts_set_domainname(value, length)
		       : -EPERM;
}

/* --- kernel: random
 * ---------------------------------------------------------------- */

static void add_uuid(struct table_text *text, const uint8_t *raw)
{
	for (unsigned i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		table_text_add(text, "%s%02x", dash ? "-" : "", raw[i]);
	}
	table_text_put(text, "\n", 1);
}

/* Version 4, variant 1: RFC 4122. */
static void make_uuid(uint8_t raw[16])
{
	random_bytes(raw, 16);
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
}

static int show_uuid(struct table_text *text, const struct table_target *target)
{
	uint8_t raw[16];

	(void)target;
	make_uuid(raw);
	add_uuid(text, raw);
	return 0;
}

static int show_boot_id(struct table_text *text,
			const struct table_target *target)
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

static const struct table_entry random_entries[] = {
	TABLE_FILE("boot_id", show_boot_id),
	TABLE_FILE("entropy_avail", show_entropy),
	TABLE_FILE("poolsize", show_poolsize),
	TABLE_FILE("uuid", show_uuid),
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

static const struct table_entry kernel_entries[] = {
	TABLE_FILE("cap_last_cap", show_cap_last_cap),
	TABLE_FILE("core_pattern", show_core_pattern),
	TABLE_VALUE("domainname", show_domainname, write_domainname),
	TABLE_VALUE("hostname", show_hostname, write_hostname),
	TABLE_FILE("msgmax", show_msgmax),
	TABLE_FILE("msgmnb", show_msgmnb),
	TABLE_FILE("msgmni", show_msgmni),
	TABLE_FILE("ngroups_max", show_ngroups_max),
	TABLE_FILE("osrelease", show_osrelease),
	TABLE_FILE("ostype", show_ostype),
	TABLE_FILE("overflowgid", show_overflow_id),
	TABLE_FILE("overflowuid", show_overflow_id),
	TABLE_FILE("pid_max", show_pid_max),
	TABLE_DIR("random", random_entries),
	TABLE_FILE("randomize_va_space", show_randomize),
	TABLE_FILE("sched_rt_period_us", show_sched_rt_period),
	TABLE_FILE("sched_rt_runtime_us", show_sched_rt_runtime),
	TABLE_FILE("sem", show_sem),
	TABLE_FILE("shmmax", show_shmmax),
	TABLE_FILE("shmmni", show_shmmni),
	TABLE_FILE("tainted", show_zero),
	TABLE_FILE("threads-max", show_threads_max),
	TABLE_FILE("version", show_version),
};

/* --- vm
 * -------------------------------------------------------------------------------
 */

/* 1: memory is never refused for what might be touched later. */
SHOW_NUMBER(show_overcommit_memory, 1)
SHOW_NUMBER(show_overcommit_ratio, 50)
SHOW_NUMBER(show_max_map_count, VMA_COUNT_MAX)
SHOW_NUMBER(show_mmap_min_addr, PAGE_SIZE)

static const struct table_entry vm_entries[] = {
	TABLE_FILE("max_map_count", show_max_map_count),
	TABLE_FILE("mmap_min_addr", show_mmap_min_addr),
	TABLE_FILE("nr_hugepages", show_zero),
	TABLE_FILE("overcommit_memory", show_overcommit_memory),
	TABLE_FILE("overcommit_ratio", show_overcommit_ratio),
	TABLE_FILE("swappiness", show_zero),
};

/* --- fs
 * --------------------------------------------------------------------------------
 */

SHOW_NUMBER(show_file_max, FILE_TABLE_MAX)
SHOW_NUMBER(show_nr_open, FILE_TABLE_MAX)
SHOW_NUMBER(show_pipe_max_size, 1048576)
SHOW_NUMBER(show_inotify_events, 16384)
SHOW_NUMBER(show_inotify_instances, 1024)
SHOW_NUMBER(show_inotify_watches, 65536)
SHOW_NUMBER(show_mq_msg_default, 10)
SHOW_NUMBER(show_mq_msgsize_default, 8192)
SHOW_NUMBER(show_mq_queues_max, 256)
SHOW_NUMBER(show_epoll_watches, 1048576)

static const struct table_entry epoll_entries[] = {
	TABLE_FILE("max_user_watches", show_epoll_watches),
};

static const struct table_entry inotify_entries[] = {
	TABLE_FILE("max_queued_events", show_inotify_events),
	TABLE_FILE("max_user_instances", show_inotify_instances),
	TABLE_FILE("max_user_watches", show_inotify_watches),
};

static const struct table_entry mqueue_entries[] = {
	TABLE_FILE("msg_default", show_mq_msg_default),
	TABLE_FILE("msg_max", show_mq_msg_default),
	TABLE_FILE("msgsize_default", show_mq_msgsize_default),
	TABLE_FILE("msgsize_max", show_mq_msgsize_default),
	TABLE_FILE("queues_max", show_mq_queues_max),
};

static const struct table_entry fs_entries[] = {
	TABLE_DIR("epoll", epoll_entries),
	TABLE_FILE("file-max", show_file_max),
	TABLE_DIR("inotify", inotify_entries),
	TABLE_DIR("mqueue", mqueue_entries),
	TABLE_FILE("nr_open", show_nr_open),
	TABLE_FILE("pipe-max-size", show_pipe_max_size),
};

const struct table_entry proc_sys_entries[PROC_SYS_COUNT] = {
	TABLE_DIR("fs", fs_entries),
	TABLE_DIR("kernel", kernel_entries),
	TABLE_DIR("vm", vm_entries),
};
