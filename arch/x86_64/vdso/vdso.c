/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The vDSO's pages in the kernel: the image and, in front of it, the data
 * page, copied once to frames of their own that all programs map.
 *
 * The data page is written under its sequence count by whoever steps the wall
 * clock; `lock` keeps two of them apart.
 */
#include <arch/vdso.h>

#include <arch/mmu.h>
#include <arch/time.h>
#include <asm/cpuid.h>
#include <lib/align.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

#include "../time/internal.h"
#include "data.h"
#include "internal.h"

extern const char vdso_image_start[], vdso_image_end[];

static struct spinlock lock = SPINLOCK_INIT("vdso");
static struct vdso_data *data; /* [I] the page; NULL before vdso_init() */

int vdso_init(void)
{
	size_t size = (size_t)(vdso_image_end - vdso_image_start);
	size_t pages = 1 + DIV_ROUND_UP(size, PAGE_SIZE);
	unsigned order = log2_ceil(pages);
	struct page *page = frame_alloc(order, FRAME_ZERO | FRAME_NOWAIT);
	char *address;

	if (page == NULL) {
		return -ENOMEM;
	}
	frame_split(page, order); /* programs map them one by one */
	address = page_address(page);
	memcpy(address + PAGE_SIZE, vdso_image_start, size);
	data = (struct vdso_data *)address;
	data->has_cpu_number = cpuid_has_rdtscp();
	return 0;
}

const void *vdso_image(size_t *size_out)
{
	*size_out = (size_t)(vdso_image_end - vdso_image_start);
	return (const char *)data + PAGE_SIZE;
}

paddr_t vdso_data_page(void)
{
	return mmu_direct_paddr(data);
}

size_t vdso_sigreturn_offset(void)
{
	return 0; /* C libraries of x86-64 bring their own restorer */
}

void arch_vdso_update(uint64_t realtime_offset_ns)
{
	struct time_factors factors;
	unsigned long irq;

	if (data == NULL) {
		return;
	}
	arch_time_factors(&factors);
	irq = spin_lock_irqsave(&lock);
	/* Pairs with the acquire loads in user.c. */
	__atomic_store_n(&data->sequence, data->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	data->counter_start = factors.start;
	data->factor = factors.factor;
	data->realtime_offset_ns = realtime_offset_ns;
	__atomic_store_n(&data->sequence, data->sequence + 1, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&lock, irq);
}
