/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Polled output on COM1: the first and the last words.  No lock: lines of
 * two CPUs may mix, which is better than silence.
 */
#include <arch/console.h>

#include <arch/cpu.h>
#include <arch/io.h>

#define COM1	  0x3f8
#define UART_IER  1
#define UART_FCR  2
#define UART_LCR  3
#define UART_LSR  5
#define LCR_8N1	  0x03
#define FCR_ON	  0x07
#define LSR_EMPTY 0x20
#define SPIN_MAX  1000000 /* a byte that does not leave by then is lost */

void early_console_init(void)
{
	port_write8(COM1 + UART_IER, 0);
	port_write8(COM1 + UART_LCR, LCR_8N1);
	port_write8(COM1 + UART_FCR, FCR_ON);
}

void early_console_write(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		for (unsigned spins = 0; spins < SPIN_MAX; spins++) {
			if (port_read8(COM1 + UART_LSR) & LSR_EMPTY) {
				break;
			}
			cpu_relax();
		}
		port_write8(COM1, (uint8_t)text[i]);
	}
}
