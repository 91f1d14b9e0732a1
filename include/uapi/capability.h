/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Bit numbers of capabilities(7) that the kernel asks for. */
#define UAPI_CAP_CHOWN		 0
#define UAPI_CAP_DAC_OVERRIDE	 1
#define UAPI_CAP_DAC_READ_SEARCH 2
#define UAPI_CAP_FOWNER		 3
#define UAPI_CAP_FSETID		 4
#define UAPI_CAP_KILL		 5
#define UAPI_CAP_SETGID		 6
#define UAPI_CAP_SETUID		 7
#define UAPI_CAP_SYS_CHROOT	 18
#define UAPI_CAP_SYS_ADMIN	 21
#define UAPI_CAP_SYS_NICE	 23
#define UAPI_CAP_SYS_RESOURCE	 24
#define UAPI_CAP_MKNOD		 27
#define UAPI_CAP_LAST		 40
