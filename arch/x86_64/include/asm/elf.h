/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#define ARCH_ELF_MACHINE 62 /* EM_X86_64 */
