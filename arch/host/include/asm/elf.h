/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The fake machine loads programs of x86-64. */
#define ARCH_ELF_MACHINE 62 /* EM_X86_64 */
