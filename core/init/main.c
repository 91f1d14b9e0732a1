/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From the architecture's entry to the first program.
 *
 *	boot CPU, boot stack		frames, slabs, clock, scheduler
 *	thread "init"			buses, drivers, filesystems, programs
 *	boot stack again		becomes the idle thread
 *
 * The other CPUs are started before the drivers are probed and nobody waits
 * for them.
 */
#include <arch/boot.h>
#include <arch/console.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <init/bootchart.h>
#include <init/hooks.h>
#include <init/options.h>
#include <init/random.h>
#include <init/start.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <time/clock.h>

static void init_thread(void *arg)
{
	(void)arg;
	smp_start();
	bootchart_mark("CPUs started");
	init_run_level(INIT_BUS);
	bootchart_mark("buses scanned");
	init_run_level(INIT_DRIVER);
	bootchart_mark("drivers probed");
	init_run_level(INIT_FILESYSTEM);
	start_programs();
	thread_exit();
}

_Noreturn void kernel_main(void)
{
	struct thread *init;

	frame_init();
	slab_init();
	kmap_init();
	options_parse();
	log_set_level(options()->verbose ? LOG_DEBUG : LOG_WARNING);
	arch_init();
	bootchart_mark("memory and CPU set up");
	arch_time_init();
	clock_init();
	random_init();
	bootchart_mark("clock calibrated");
	smp_discover();
	sched_init();
	arch_time_cpu_init();
	init_run_level(INIT_CORE);
	bootchart_mark("scheduler started");
	if (thread_create_kernel("init", init_thread, NULL, &init) < 0) {
		panic("no memory for the first thread");
	}
	thread_start(init);
	thread_put(init);
	sched_idle();
}
