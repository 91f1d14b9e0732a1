/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Options of wait4(2) and waitid(2), wait status. */
#define UAPI_WNOHANG	0x00000001
#define UAPI_WUNTRACED	0x00000002
#define UAPI_WSTOPPED	0x00000002
#define UAPI_WEXITED	0x00000004
#define UAPI_WCONTINUED 0x00000008
#define UAPI_WNOWAIT	0x01000000
#define UAPI_WNOTHREAD	0x20000000
#define UAPI_WALL	0x40000000
#define UAPI_WCLONE	0x80000000u

#define UAPI_P_ALL   0
#define UAPI_P_PID   1
#define UAPI_P_PGID  2
#define UAPI_P_PIDFD 3

/* Wait status of a stopped and of a continued child. */
#define UAPI_WAIT_STOPPED(signal) (((unsigned)(signal) << 8) | 0x7f)
#define UAPI_WAIT_CONTINUED	  0xffffu
#define UAPI_WAIT_EXITED(code)	  (((unsigned)(code)&0xff) << 8)
