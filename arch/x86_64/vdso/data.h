/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The page that the vDSO reads: written by the kernel under a sequence count
 * (odd while it changes).
 */
#include <stdint.h>

struct vdso_data {
	uint32_t sequence;
	uint32_t has_cpu_number; /* RDTSCP gives node << 12 | CPU */
	uint64_t counter_start;	 /* counter at monotonic 0 */
	uint64_t factor;	 /* ns = (counter - start) * factor >> 32 */
	uint64_t realtime_offset_ns;
};
