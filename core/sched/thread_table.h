/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Ids and the table of threads by id.  Lookups are lock-free: the caller is in
 * an RCU read section and takes a reference only if there still is one.
 */
struct thread;

/* 0, -ENOMEM.  The thread's id was allocated. */
int thread_table_add(struct thread *thread);
void thread_table_remove(struct thread *thread);
struct thread *thread_table_lookup(int tid);
