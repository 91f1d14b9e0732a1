/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The fake machine uses the numbers of x86-64. */
#define SYSCALL_NUMBER(x86_64, aarch64) (x86_64)
