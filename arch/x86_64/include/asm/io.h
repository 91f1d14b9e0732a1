/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Device registers of x86-64: see arch/io.h. */
#include <stdint.h>

#define IO_HAS_PORTS 1

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

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline void io_barrier(void)
{
	__asm__ volatile("mfence" : : : "memory");
}
