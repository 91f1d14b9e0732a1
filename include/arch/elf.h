/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The ELF machine number of programs: ARCH_ELF_MACHINE (<asm/elf.h>).
 */
#include <asm/elf.h>
