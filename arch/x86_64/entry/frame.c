/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Saved registers in words, and walking frame pointers.
 *
 * A frame record is followed only on the boot stack or on the current kernel
 * stack, and upwards only, so a damaged stack ends the walk.  Stateless.
 */
#include <arch/frame.h>

#include <asm/trap.h>
#include <debug/log.h>
#include <sched/thread.h>

extern const char kernel_start[], kernel_text_end[];
extern const char boot_stack[], boot_stack_top[];
