/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The rest of the architecture's contract for the build host: one CPU that
 * never switches, a clock that a test moves, application memory that is the
 * test's own memory.
 */
#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/host_memory.h>
#include <arch/irq.h>
#include <arch/mmu.h>
#include <arch/power.h>
#include <arch/signal.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <arch/trap.h>
#include <arch/user.h>
#include <arch/vdso.h>

#include <stdlib.h>
#include <string.h>

#include <debug/panic.h>
#include <mm/frame.h>
#include <uapi/errno.h>

bool host_irqs_enabled = true;
uint64_t host_clock_ns = 1;
static struct cpumask online = {.words = {1}};

/* --- processor and time ----------------------------------------------------
 */

unsigned cpu_count(void)
{
	return 1;
}

uint64_t arch_time_ns(void)
{
	return host_clock_ns;
}

uint64_t arch_time_wall_ns(void)
{
	return 0;
}

void arch_time_arm(uint64_t deadline_ns)
{
	(void)deadline_ns;
}

void arch_time_cpu_init(void)
{
}

uint64_t arch_time_cycles_hz(void)
{
	return 1000000000;
}

void arch_vdso_update(uint64_t realtime_offset_ns)
{
	(void)realtime_offset_ns;
}

bool cpu_random(uint64_t *value_out)
{
	*value_out = 4; /* tests want the same run each time */
	return false;
}

/* --- other CPUs: none ------------------------------------------------------
 */

const struct cpumask *smp_online(void)
{
	return &online;
}

void smp_set_online(unsigned cpu)
{
	cpumask_add(&online, cpu);
}

void smp_send_reschedule(unsigned cpu)
{
	(void)cpu;
}

void smp_call(const struct cpumask *mask, void (*func)(void *), void *arg)
{
	(void)mask;
	(void)func;
	(void)arg;
}

void smp_stop_others(void)
{
}

/* --- threads: the test is the only one -------------------------------------
 */

struct thread *context_switch(struct thread *prev, struct thread *next)
{
	(void)prev;
	(void)next;
	panic("host: a thread would have to wait");
}

void context_init_kernel(struct thread *thread, void (*func)(void *), void *arg)
{
	(void)thread;
	(void)func;
	(void)arg;
}

int context_init_app(struct thread *thread, const struct trapframe *frame,
		     bool inherit)
{
	(void)thread;
	(void)frame;
	(void)inherit;
	return -ENOMEM;
}

void context_leave(void)
{
}

void context_free(struct thread *thread)
{
	(void)thread;
}

void context_set_tls(struct thread *thread, uintptr_t base)
{
	(void)thread;
	(void)base;
}

struct trapframe *frame_current(void)
{
	return NULL;
}

bool frame_copy_of(const struct thread *thread, struct trapframe *copy_out)
{
	(void)thread;
	(void)copy_out;
	return false;
}

void arch_syscall_absent(void)
{
}

/* --- MMU --------------------------------------------------------------------
 */

static paddr_t root;

paddr_t mmu_kernel_root(void)
{
	return (paddr_t){.value = 0};
}

void mmu_root_init(void *root_table)
{
	memset(root_table, 0, PAGE_SIZE);
}

void mmu_root_load(paddr_t new_root)
{
	root = new_root;
}

paddr_t mmu_root_current(void)
{
	return root;
}

void mmu_flush_page(uintptr_t vaddr)
{
	(void)vaddr;
}

void mmu_flush_range(uintptr_t start, uintptr_t end)
{
	(void)start;
	(void)end;
}

void mmu_flush_all(void)
{
}

void mmu_flush_all_global(void)
{
}

bool mmu_isolated(void)
{
	return false;
}

/* --- application memory: the test's own -------------------------------------
 */

bool user_range_ok(const void USER *addr, size_t size)
{
	return addr != NULL && (uintptr_t)addr + size <= USER_END;
}

size_t user_copy_in_partial(void *dst, const void USER *src, size_t size)
{
	if (!user_range_ok(src, size)) {
		return size;
	}
	memcpy(dst, src, size);
	return 0;
}

size_t user_copy_out_partial(void USER *dst, const void *src, size_t size)
{
	if (!user_range_ok(dst, size)) {
		return size;
	}
	memcpy(dst, src, size);
	return 0;
}

size_t user_zero_partial(void USER *dst, size_t size)
{
	if (!user_range_ok(dst, size)) {
		return size;
	}
	memset(dst, 0, size);
	return 0;
}

int user_copy_in(void *dst, const void USER *src, size_t size)
{
	return user_copy_in_partial(dst, src, size) == 0 ? 0 : -EFAULT;
}

int user_copy_out(void USER *dst, const void *src, size_t size)
{
	return user_copy_out_partial(dst, src, size) == 0 ? 0 : -EFAULT;
}

int user_zero(void USER *dst, size_t size)
{
	return user_zero_partial(dst, size) == 0 ? 0 : -EFAULT;
}

ssize_t user_copy_string(char *dst, const char USER *src, size_t size)
{
	size_t length;

	if (!user_range_ok(src, 1)) {
		return -EFAULT;
	}
	length = strnlen(src, size);
	if (length == size) {
		return -ENAMETOOLONG;
	}
	memcpy(dst, src, length + 1);
	return (ssize_t)length;
}

int user_get_u32(uint32_t *value_out, const void USER *src)
{
	return user_copy_in(value_out, src, sizeof(*value_out));
}

int user_get_u64(uint64_t *value_out, const void USER *src)
{
	return user_copy_in(value_out, src, sizeof(*value_out));
}

int user_put_u32(void USER *dst, uint32_t value)
{
	return user_copy_out(dst, &value, sizeof(value));
}

int user_put_u64(void USER *dst, uint64_t value)
{
	return user_copy_out(dst, &value, sizeof(value));
}

/* --- the end -----------------------------------------------------------------
 */

_Noreturn void power_off(void)
{
	exit(3); /* no test may end the machine */
}

_Noreturn void power_panic(void)
{
	abort();
}
