/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* struct rusage from the kernel's sums: getrusage, wait4, waitid. */
#include <process/process.h>
#include <uapi/resource.h>

void usage_to_uapi(const struct process_usage *usage,
		   struct uapi_rusage *rusage_out);
