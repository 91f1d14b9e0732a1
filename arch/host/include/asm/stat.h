/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The layouts that tests see are those of x86-64. */
#include <arch/x86_64/include/asm/stat.h>
