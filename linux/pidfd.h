/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Descriptors of processes inside the Linux layer. */
#include <stdbool.h>

struct process;

/* The process that the descriptor names, referenced: 0, -EBADF. */
int pidfd_get_process(int fd, struct process **process_out);

/* O_NONBLOCK of the descriptor's file. */
bool pidfd_is_nonblocking(int fd);
