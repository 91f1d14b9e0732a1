/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Types of the auxiliary vector: getauxval(3). */
#define UAPI_AT_NULL	     0
#define UAPI_AT_PHDR	     3
#define UAPI_AT_PHENT	     4
#define UAPI_AT_PHNUM	     5
#define UAPI_AT_PAGESZ	     6
#define UAPI_AT_BASE	     7
#define UAPI_AT_FLAGS	     8
#define UAPI_AT_ENTRY	     9
#define UAPI_AT_UID	     11
#define UAPI_AT_EUID	     12
#define UAPI_AT_GID	     13
#define UAPI_AT_EGID	     14
#define UAPI_AT_PLATFORM     15
#define UAPI_AT_HWCAP	     16
#define UAPI_AT_CLKTCK	     17
#define UAPI_AT_SECURE	     23
#define UAPI_AT_RANDOM	     25
#define UAPI_AT_HWCAP2	     26
#define UAPI_AT_EXECFN	     31
#define UAPI_AT_SYSINFO_EHDR 33
#define UAPI_AT_MINSIGSTKSZ  51
