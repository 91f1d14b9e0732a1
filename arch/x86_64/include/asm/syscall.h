/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which of the numbers in linux/syscalls.def are this architecture's. */
#define SYSCALL_NUMBER(x86_64, aarch64) (x86_64)

/* clone(2): the thread pointer is the last argument, behind the child's tid
 * address (elsewhere it comes before it). */
#define SYSCALL_CLONE_TLS_LAST 1

/* struct epoll_event is packed here: the data is at this offset. */
#define EPOLL_EVENT_DATA_OFFSET 4
#define EPOLL_EVENT_SIZE	12

/* struct semid_ds has an unused word behind each of its two times. */
#define SYSCALL_SEM_TIMES_PADDED 1
