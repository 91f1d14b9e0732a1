/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Scheduling calls among themselves. */
#include <stdbool.h>

struct thread;

/* 0: the current one.  Referenced, or NULL. */
struct thread *sched_find_thread(int tid);

/* The current process owns the thread's, by effective uid. */
bool sched_is_owner(const struct thread *thread);

/* RLIMIT_NICE or CAP_SYS_NICE allow that nice value. */
bool sched_may_nice(int nice);
