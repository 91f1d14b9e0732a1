/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Device registers.  <asm/io.h> gives
 *
 *   uint8_t mmio_read8(const volatile void *);   also 16, 32, 64
 *   void mmio_write8(volatile void *, uint8_t);
 *   uint8_t port_read8(uint16_t port);           also 16, 32
 *   void port_write8(uint16_t port, uint8_t);
 *   void io_barrier(void);   orders memory against device accesses
 *
 * Each access happens exactly once and in program order with the others.
 * Port functions exist where IO_HAS_PORTS is 1.
 */
#include <stdint.h>

#include <asm/io.h>
