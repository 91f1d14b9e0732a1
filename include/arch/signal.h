/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The signal frame on the application's stack: Linux's struct rt_sigframe
 * with the full vector state, as glibc, Go and the JVM read it.
 */
#include <stdbool.h>
#include <stdint.h>

struct trapframe;
struct signal_delivery;

/*
 * Builds the frame below the application's stack pointer (or on the alternate
 * stack), redirects *frame to the handler.  Returns 0, or -EFAULT when the
 * stack cannot be written (the caller raises SIGSEGV).  May sleep.
 */
int arch_signal_push(struct trapframe *frame,
		     const struct signal_delivery *delivery);

/*
 * rt_sigreturn: restores registers, vector state, altstack and the blocked
 * mask (into *mask_out) from the frame.  Every field is checked: no privileged
 * state can be forged when isolated.  Returns 0 or -EFAULT.
 */
int arch_signal_pop(struct trapframe *frame, uint64_t *mask_out);

/* AT_MINSIGSTKSZ: size of the frame with the CPU's full vector state. */
uint64_t arch_signal_frame_size(void);
