/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* ioctl(2) commands that many kinds of files know. */
#define UAPI_FIGETBSZ 2
#define UAPI_FIONREAD 0x541b
#define UAPI_FIONBIO  0x5421
#define UAPI_FIONCLEX 0x5450
#define UAPI_FIOCLEX  0x5451
#define UAPI_FIOASYNC 0x5452
#define UAPI_FIOQSIZE 0x5460

/* sockets */
#define UAPI_FIOSETOWN 0x8901
#define UAPI_SIOCSPGRP 0x8902
#define UAPI_FIOGETOWN 0x8903
#define UAPI_SIOCGPGRP 0x8904
