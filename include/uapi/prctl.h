/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Options of prctl(2) that mean something here. */
#define UAPI_PR_SET_PDEATHSIG	      1
#define UAPI_PR_GET_PDEATHSIG	      2
#define UAPI_PR_GET_DUMPABLE	      3
#define UAPI_PR_SET_DUMPABLE	      4
#define UAPI_PR_GET_KEEPCAPS	      7
#define UAPI_PR_SET_KEEPCAPS	      8
#define UAPI_PR_GET_TIMING	      13
#define UAPI_PR_SET_TIMING	      14
#define UAPI_PR_SET_NAME	      15
#define UAPI_PR_GET_NAME	      16
#define UAPI_PR_GET_SECCOMP	      21
#define UAPI_PR_CAPBSET_READ	      23
#define UAPI_PR_CAPBSET_DROP	      24
#define UAPI_PR_GET_TSC		      25
#define UAPI_PR_SET_TSC		      26
#define UAPI_PR_GET_SECUREBITS	      27
#define UAPI_PR_SET_SECUREBITS	      28
#define UAPI_PR_SET_TIMERSLACK	      29
#define UAPI_PR_GET_TIMERSLACK	      30
#define UAPI_PR_SET_CHILD_SUBREAPER   36
#define UAPI_PR_GET_CHILD_SUBREAPER   37
#define UAPI_PR_SET_NO_NEW_PRIVS      38
#define UAPI_PR_GET_NO_NEW_PRIVS      39
#define UAPI_PR_GET_TID_ADDRESS	      40
#define UAPI_PR_GET_THP_DISABLE	      42
#define UAPI_PR_CAP_AMBIENT	      47
#define UAPI_PR_CAP_AMBIENT_IS_SET    1
#define UAPI_PR_CAP_AMBIENT_RAISE     2
#define UAPI_PR_CAP_AMBIENT_LOWER     3
#define UAPI_PR_CAP_AMBIENT_CLEAR_ALL 4

#define UAPI_PR_TSC_ENABLE 1
