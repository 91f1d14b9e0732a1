/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Device registers are memory that a test provides; there are no ports. */
#include <stdint.h>

#define IO_HAS_PORTS 0

#define DEFINE_MMIO(bits)                                                      \
	static inline uint##bits##_t mmio_read##bits(                          \
		const volatile void *address)                                  \
	{                                                                      \
		return *(const volatile uint##bits##_t *)address;              \
	}                                                                      \
	static inline void mmio_write##bits(volatile void *address,            \
					    uint##bits##_t value)              \
	{                                                                      \
		*(volatile uint##bits##_t *)address = value;                   \
	}

DEFINE_MMIO(8)
DEFINE_MMIO(16)
DEFINE_MMIO(32)
DEFINE_MMIO(64)

#undef DEFINE_MMIO

#define DEFINE_PORT(bits)                                                      \
	static inline uint##bits##_t port_read##bits(uint16_t port)            \
	{                                                                      \
		(void)port;                                                    \
		return (uint##bits##_t) - 1;                                   \
	}                                                                      \
	static inline void port_write##bits(uint16_t port,                     \
					    uint##bits##_t value)              \
	{                                                                      \
		(void)port;                                                    \
		(void)value;                                                   \
	}

DEFINE_PORT(8)
DEFINE_PORT(16)
DEFINE_PORT(32)

#undef DEFINE_PORT

static inline void io_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
