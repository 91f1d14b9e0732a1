/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Threads of the fake machine are never switched. */
#include <stdint.h>

struct arch_thread {
	uintptr_t tls;
};
