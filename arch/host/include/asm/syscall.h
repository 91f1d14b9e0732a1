/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The fake machine uses the numbers and layouts of x86-64. */
#include <arch/x86_64/include/asm/syscall.h>
