/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What we read of Linux's struct boot_params, the "zero page"
 * (Documentation/x86/zero-page and boot protocol 2.12).
 */
#include <stdint.h>

#include <lib/compiler.h>

#define LINUX_PARAMS_SIZE	     4096
#define LINUX_HEADER_MAGIC	     0x53726448u /* "HdrS" */
#define LINUX_OFFSET_RSDP	     0x070
#define LINUX_OFFSET_EXT_CMDLINE     0x0c8
#define LINUX_OFFSET_EXT_INITRD	     0x0c0
#define LINUX_OFFSET_EXT_INITRD_SIZE 0x0c4
#define LINUX_OFFSET_E820_COUNT	     0x1e8
#define LINUX_OFFSET_MAGIC	     0x202
#define LINUX_OFFSET_INITRD	     0x218
#define LINUX_OFFSET_INITRD_SIZE     0x21c
#define LINUX_OFFSET_CMDLINE	     0x228
#define LINUX_OFFSET_E820	     0x2d0
#define LINUX_E820_MAX		     128
#define LINUX_E820_RAM		     1

struct linux_e820 {
	uint64_t address;
	uint64_t size;
	uint32_t type;
} PACKED;
_Static_assert(sizeof(struct linux_e820) == 20, "zero-page");
