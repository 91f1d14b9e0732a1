/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* vdso.c: boot CPU, when frames can be had.  0 or -ENOMEM. */
int vdso_init(void);
