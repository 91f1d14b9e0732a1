/* SPDX-License-Identifier: BSD-3-Clause */

/* /proc/PID/status: the same for people, and what stat has no room for. */
#include <fs/procfs/internal.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <sched/cpumask.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/path.h>

#define ULL(x) ((unsigned long long)(x))

static const char *state_name(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	case 'Z':
		return "zombie";
	default:
		return "dead";
	}
}

static uint32_t umask_of(struct process *process)
{
	struct fs_context *fs = process_get_fs(process);
	uint32_t umask = 0;

	if (fs != NULL) {
		umask = __atomic_load_n(&fs->umask, __ATOMIC_RELAXED);
		fs_context_put(fs);
	}
	return umask;
}

/* Descriptors that the table could hold: Linux's grows in words of 64. */
static unsigned fd_size(struct process *process)
{
	struct file_table *files = process_get_files(process);
	unsigned size = 64;

	if (files == NULL) {
		return 0;
	}
	for (int fd = file_table_next(files, 0); fd >= 0;
	     fd = file_table_next(files, fd + 1)) {
		while ((unsigned)fd >= size) {
			size *= 2;
		}
	}
	file_table_put(files);
	return size;
}

static void show_identity(struct table_text *text,
			  const struct table_target *target)
{
	struct process *process = target->process;
	struct thread *thread = target->thread;
	char state = thread != NULL ? proc_thread_letter(thread)
				    : process_state_letter(process);
	const char *name = thread != NULL ? thread->name : process->name;
	int id = thread != NULL ? thread->tid : process->pid;

	table_text_add(text, "Name:\t");
	table_text_put_escaped(text, name, strnlen(name, THREAD_NAME_SIZE - 1));
	table_text_add(text,
		       "\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\n"
		       "Pid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		       umask_of(process), state, state_name(state),
		       process->pid, id, process_parent_pid(process));
}

static void show_credentials(struct table_text *text, struct process *process,
			     const struct credentials *c)
{
	table_text_add(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n",
		       c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid,
		       c->sgid, c->fsgid);
	table_text_add(text, "FDSize:\t%u\nGroups:\t", fd_size(process));
	for (uint32_t i = 0; i < c->group_count; i++) {
		table_text_add(text, "%u ", c->groups[i]);
	}
	table_text_put(text, "\n", 1);
}

static void show_ids(struct table_text *text, const struct table_target *target)
{
	struct process *process = target->process;

	table_text_add(
		text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n",
		process->pid,
		target->thread != NULL ? target->thread->tid : process->pid,
		READ_ONCE(process->process_group), READ_ONCE(process->session));
}

/* --- memory
 * --------------------------------------------------------------------- */

struct sizes {
	uint64_t data, stack, library; /* pages */
};

static void measure(struct address_space *space, struct sizes *sizes)
{
	uint64_t code = (space->code_end - space->code_start) / PAGE_SIZE;
	uint64_t executable = 0;

	memset(sizes, 0, sizeof(*sizes));
	rwlock_read_lock(&space->lock);
	for (struct vma *vma = vma_find(space, 0); vma != NULL;
	     vma = vma_next(vma)) {
		uint64_t pages = (vma->end - vma->start) / PAGE_SIZE;

		if ((vma->flags & VMA_STACK) != 0) {
			sizes->stack += pages;
		} else if ((vma->flags & (VMA_WRITE | VMA_SHARED)) ==
			   VMA_WRITE) {
			sizes->data += pages;
		} else if ((vma->flags & (VMA_EXEC | VMA_WRITE)) == VMA_EXEC) {
			executable += pages;
		}
	}
	rwlock_read_unlock(&space->lock);
	sizes->library = executable > code ? executable - code : 0;
}

uint64_t proc_data_pages(struct address_space *space)
{
	struct sizes sizes;

	measure(space, &sizes);
	return sizes.data + sizes.stack;
}

static void add_kib(struct table_text *text, const char *name, uint64_t pages)
{
	table_text_add(text, "%s:\t%8llu kB\n", name,
		       ULL(pages * (PAGE_SIZE / 1024)));
}

static void show_memory(struct table_text *text, struct address_space *space)
{
	uint64_t resident = READ_ONCE(space->resident);
	uint64_t file = MIN(READ_ONCE(space->resident_file), resident);
	uint64_t size = READ_ONCE(space->virtual_pages);
	struct sizes sizes;

	measure(space, &sizes);
	add_kib(text, "VmPeak", size); /* the peak is not kept */
	add_kib(text, "VmSize", size);
	add_kib(text, "VmLck", READ_ONCE(space->locked_pages));
	add_kib(text, "VmPin", 0);
	add_kib(text, "VmHWM", MAX(READ_ONCE(space->resident_peak), resident));
	add_kib(text, "VmRSS", resident);
	add_kib(text, "RssAnon", resident - file);
	add_kib(text, "RssFile", file);
	add_kib(text, "RssShmem", 0);
	add_kib(text, "VmData", sizes.data);
	add_kib(text, "VmStk", sizes.stack);
	add_kib(text, "VmExe",
		(space->code_end - space->code_start + PAGE_SIZE - 1) /
			PAGE_SIZE);
	add_kib(text, "VmLib", sizes.library);
	add_kib(text, "VmPTE", READ_ONCE(space->page_table_frames));
	add_kib(text, "VmSwap", 0);
	add_kib(text, "HugetlbPages", 0);
	table_text_add(text, "CoreDumping:\t0\nTHP_enabled:\t1\n");
}

/* --- signals, capabilities, CPUs
 * -------------------------------------------------------- */

static void show_signals(struct table_text *text,
			 const struct table_target *target)
{
	struct process *process = target->process;
	struct thread *thread = proc_thread(target);
	uint64_t ignored;
	uint64_t caught;
	uint64_t pending = 0;
	uint64_t blocked = 0;
	uint64_t limit;

	proc_signal_sets(process, &ignored, &caught);
	if (thread != NULL) {
		pending = READ_ONCE(thread->linux.pending.pending);
		blocked = READ_ONCE(thread->linux.signal_blocked);
		thread_put(thread);
	}
	spin_lock(&process->lock);
	limit = process->rlimits.limits[RLIMIT_SIGPENDING].soft;
	spin_unlock(&process->lock);
	table_text_add(text, "Threads:\t%u\nSigQ:\t%u/%llu\n",
		       READ_ONCE(process->thread_count),
		       READ_ONCE(process->signals.queued_count), ULL(limit));
	table_text_add(text,
		       "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n"
		       "SigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		       ULL(pending),
		       ULL(READ_ONCE(process->signals.pending.pending)),
		       ULL(blocked), ULL(ignored), ULL(caught));
}

static void show_capabilities(struct table_text *text, struct process *process,
			      const struct credentials *c)
{
	table_text_add(text,
		       "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n"
		       "CapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		       ULL(c->cap_inheritable), ULL(c->cap_permitted),
		       ULL(c->cap_effective), ULL(c->cap_bounding),
		       ULL(c->cap_ambient));
	table_text_add(text,
		       "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		       READ_ONCE(process->no_new_privileges) ? 1 : 0);
}

static void show_cpus(struct table_text *text,
		      const struct table_target *target)
{
	struct thread *thread = proc_thread(target);

	if (thread == NULL) {
		return;
	}
	table_text_add(text, "Cpus_allowed:\t");
	table_text_cpumask(text, &thread->affinity, cpu_count());
	table_text_add(text, "\nCpus_allowed_list:\t");
	table_text_cpulist(text, &thread->affinity, cpu_count());
	table_text_add(text, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
	if (target->thread != NULL) {
		table_text_add(
			text,
			"voluntary_ctxt_switches:\t%llu\n"
			"nonvoluntary_ctxt_switches:\t%llu\n",
			ULL(READ_ONCE(thread->sched.switches_voluntary)),
			ULL(READ_ONCE(thread->sched.switches_involuntary)));
	}
	thread_put(thread);
}

int proc_show_pid_status(struct table_text *text,
			 const struct table_target *target)
{
	struct process *process = target->process;
	struct address_space *space = process_get_space(process);
	struct credentials credentials;
	struct process_usage usage;

	spin_lock(&process->lock);
	credentials = process->credentials;
	spin_unlock(&process->lock);
	show_identity(text, target);
	show_credentials(text, process, &credentials);
	show_ids(text, target);
	if (space != NULL) {
		show_memory(text, space);
		address_space_put(space);
	}
	show_signals(text, target);
	show_capabilities(text, process, &credentials);
	show_cpus(text, target);
	if (target->thread == NULL) {
		process_usage(process, &usage);
		table_text_add(text,
			       "voluntary_ctxt_switches:\t%llu\n"
			       "nonvoluntary_ctxt_switches:\t%llu\n",
			       ULL(usage.voluntary_switches),
			       ULL(usage.involuntary_switches));
	}
	return 0;
}
