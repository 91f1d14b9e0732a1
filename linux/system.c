/* SPDX-License-Identifier: BSD-3-Clause */

/* The machine as a whole: sysinfo, log, reboot, port access. */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <arch/power.h>
#include <debug/log.h>
#include <drivers/control.h>
#include <drivers/stdio.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <sched/sched.h>
#include <time/clock.h>
#include <uapi/errno.h>

/* --- sysinfo
 * -------------------------------------------------------------------------
 */

#define LOAD_SHIFT 5 /* from the scheduler's 11 bits of fraction to 16 */

struct uapi_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t total, free, shared, buffers;
	uint64_t swap_total, swap_free;
	uint16_t processes, pad;
	uint64_t high_total, high_free;
	uint32_t unit;
};
_Static_assert(sizeof(struct uapi_sysinfo) == 112, "sysinfo(2)");

static int count_threads(struct process *process, void *arg)
{
	*(unsigned *)arg += process->thread_count;
	return 0;
}

long sys_sysinfo(void USER *to)
{
	struct uapi_sysinfo info;
	struct frame_stats frames;
	unsigned threads = 0;

	memset(&info, 0, sizeof(info));
	frame_stats(&frames);
	process_for_each(count_threads, &threads);
	sched_load(info.loads);
	for (unsigned i = 0; i < 3; i++) {
		info.loads[i] <<= LOAD_SHIFT;
	}
	info.uptime = (int64_t)(clock_monotonic_ns() / NSEC_PER_SEC);
	info.total = frames.total * PAGE_SIZE;
	info.free = frames.free * PAGE_SIZE;
	info.shared = frames.shared * PAGE_SIZE;
	info.processes = (uint16_t)MIN(threads, (unsigned)UINT16_MAX);
	info.unit = 1;
	return user_copy_out(to, &info, sizeof(info));
}

/* --- syslog
 * ------------------------------------------------------------------------------
 */

#define SYSLOG_CLOSE	     0
#define SYSLOG_OPEN	     1
#define SYSLOG_READ_ALL	     3
#define SYSLOG_CONSOLE_OFF   6
#define SYSLOG_CONSOLE_ON    7
#define SYSLOG_CONSOLE_LEVEL 8
#define SYSLOG_SIZE_BUFFER   10

#define LOG_RING_SIZE (16 * 1024)

static long read_log(void USER *to, int size)
{
	unsigned long wanted;
	unsigned long length;
	char *text;
	long result;

	if (to == NULL || size < 0) {
		return -EINVAL;
	}
	if (size == 0) {
		return 0;
	}
	wanted = MIN((unsigned long)size, (unsigned long)LOG_RING_SIZE);
	text = kmalloc(wanted);
	if (text == NULL) {
		return -ENOMEM;
	}
	length = log_read(text, wanted);
	result = user_copy_out(to, text, length) < 0 ? -EFAULT : (long)length;
	kfree(text);
	return result;
}

/* Linux's levels 1 to 8 say which messages are below; ours are four. */
static long set_console_level(int level)
{
	if (level < 1 || level > 8) {
		return -EINVAL;
	}
	log_set_level(level <= 4   ? LOG_ERROR
		      : level <= 5 ? LOG_WARNING
		      : level <= 7 ? LOG_INFO
				   : LOG_DEBUG);
	return 0;
}

long sys_syslog(int type, void USER *buf, int size)
{
	if (type != SYSLOG_READ_ALL && type != SYSLOG_SIZE_BUFFER &&
	    !credentials_capable(CREDENTIALS_CAP_SYSLOG) &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	switch (type) {
	case SYSLOG_OPEN:
	case SYSLOG_CLOSE:
		return 0;
	case SYSLOG_READ_ALL:
		return read_log(buf, size);
	case SYSLOG_SIZE_BUFFER:
		return LOG_RING_SIZE;
	case SYSLOG_CONSOLE_OFF:
		log_set_level(LOG_ERROR);
		return 0;
	case SYSLOG_CONSOLE_ON:
		log_set_level(LOG_WARNING);
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		return set_console_level(size);
	default:
		return -EINVAL;
	}
}

/* --- reboot
 * --------------------------------------------------------------------------------
 */

#define REBOOT_MAGIC1	 0xfee1deadu
#define REBOOT_RESTART	 0x01234567u
#define REBOOT_HALT	 0xcdef0123u
#define REBOOT_CAD_ON	 0x89abcdefu
#define REBOOT_CAD_OFF	 0x00000000u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_RESTART2	 0xa1b2c3d4u

static bool is_magic2(unsigned magic)
{
	return magic == 672274793 || magic == 85072278 || magic == 369367448 ||
	       magic == 537993216;
}

static _Noreturn void end_machine(void)
{
	stdio_flush();
	control_report_exit(0);
	power_prepare();
	power_off();
}

long sys_reboot(int magic1, int magic2, unsigned command, void USER *arg)
{
	(void)arg;
	if (!credentials_capable(CREDENTIALS_CAP_SYS_BOOT)) {
		return -EPERM;
	}
	if ((unsigned)magic1 != REBOOT_MAGIC1 || !is_magic2((unsigned)magic2)) {
		return -EINVAL;
	}
	switch (command) {
	case REBOOT_CAD_ON: /* there is no keyboard */
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		end_machine();
	case REBOOT_RESTART:
	case REBOOT_RESTART2:
		stdio_flush();
		power_prepare();
		power_reset();
	default:
		return -EINVAL;
	}
}

/* --- ports: the kernel's
 * ---------------------------------------------------------------------
 */

long sys_iopl(unsigned level)
{
	if (level > 3) {
		return -EINVAL;
	}
	return level == 0 ? 0 : -EPERM;
}

long sys_ioperm(unsigned long from, unsigned long count, int on)
{
	if (from + count <= from || from + count > 65536) {
		return -EINVAL;
	}
	return on == 0 ? 0 : -EPERM;
}
