/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

struct thread;

/*
 * Frees the stack of a dead thread that is off it, and puts the reference
 * that the thread held to itself.  Interrupts disabled.
 */
void thread_reap(struct thread *thread);
