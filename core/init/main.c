/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From the architecture's entry to the thread that runs the programs.
 *
 *	boot stack	memory, command line, clocks, scheduler; then it is the
 *			boot CPU's idle thread
 *	thread "init"	buses, the other CPUs, drivers, filesystems, programs
 *
 * The other CPUs come up while "init" goes on; nobody waits for them.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <init/bootchart.h>
#include <init/hooks.h>
#include <init/options.h>
#include <init/start.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <sync/lockdep.h>
#include <time/clock.h>

static void log_memory(void)
{
	struct frame_stats stats;

	if (!options()->verbose) {
		return;
	}
	frame_stats(&stats);
	log_info("memory: %llu KiB, %llu KiB free",
		 (unsigned long long)(stats.total << (PAGE_SHIFT - 10)),
		 (unsigned long long)(stats.free << (PAGE_SHIFT - 10)));
}

static void init_main(void *arg)
{
	(void)arg;
	/* Before other CPUs run: see drivers/pci.h, 2. */
	init_run_level(INIT_BUS);
	smp_start();
	bootchart_mark("CPUs started");
	init_run_level(INIT_DRIVER);
	bootchart_mark("drivers loaded");
	init_run_level(INIT_FILESYSTEM);
	start_programs();
}

/* The loader's data was there. */
static void add_low_memory(void)
{
	const struct boot_info *boot = boot_info();

	for (size_t i = 0; i < boot->range_count; i++) {
		if (boot->ranges[i].kind == BOOT_RANGE_LOW) {
			frame_add_range(boot->ranges[i].start,
					boot->ranges[i].end);
		}
	}
}

static void init_memory(void)
{
	frame_init();
	slab_init();
	kmap_init();
	arch_start_clock();
	options_parse();
	add_low_memory();
	log_set_level(options()->verbose ? LOG_DEBUG : LOG_WARNING);
	if (options()->control_com2) {
		log_hold();
	}
	log_memory();
	if (options()->isolate) {
		arch_set_isolated();
	}
}

_Noreturn void kernel_main(void)
{
	struct thread *init;

	arch_init();
	lockdep_cpu_init();
	init_memory();
	arch_start_devices();
	clock_init();
	bootchart_mark("memory, clocks");
	sched_init();
	arch_time_cpu_init();
	init_run_level(INIT_CORE);
	if (thread_create_kernel("init", init_main, NULL, &init) < 0) {
		panic("no memory for the first thread");
	}
	thread_start(init);
	thread_put(init);
	sched_idle();
}
