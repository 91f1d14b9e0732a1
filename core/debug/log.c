/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The kernel log: lines into a ring and to one sink.
 *
 * A line is formatted on the caller's stack, so nothing is shared but the
 * ring, which one irq-safe spinlock guards.  The sink is called outside that
 * lock; it is set during boot and in a panic only.  Before a driver sets one,
 * lines go to the polled early console.  Notices may have a sink of their own.
 */
#include <debug/log.h>

#include <stddef.h>
#include <stdint.h>

#include <arch/console.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <sync/spinlock.h>

#define LINE_SIZE 512
#define RING_SIZE 16384 /* power of two */
#define HELD_SIZE 4096	/* later lines are in the ring only */

static struct spinlock ring_lock = SPINLOCK_INIT("log");
static char ring[RING_SIZE]; /* [ring_lock] */
static uint64_t ring_end;    /* [ring_lock] bytes ever written */
enum log_level log_max_level = LOG_WARNING;
static log_sink *current_sink = early_console_write;
static log_sink *notice_sink; /* NULL: current_sink */
static char held[HELD_SIZE];  /* [ring_lock] */
static size_t held_size;      /* [ring_lock] */

void log_set_level(enum log_level level)
{
	log_max_level = level;
}

static void hold(const char *text, unsigned long size)
{
	unsigned long state = spin_lock_irqsave(&ring_lock);

	if (size <= HELD_SIZE - held_size) {
		memcpy(held + held_size, text, size);
		held_size += size;
	}
	spin_unlock_irqrestore(&ring_lock, state);
}

void log_hold(void)
{
	current_sink = hold;
}

void log_set_sink(log_sink *sink)
{
	current_sink = sink != NULL ? sink : early_console_write;
	if (held_size > 0) {
		current_sink(held, held_size);
		held_size = 0;
	}
}

void log_set_notice_sink(log_sink *sink)
{
	notice_sink = sink;
}

static void ring_append(const char *text, size_t size)
{
	unsigned long state = spin_lock_irqsave(&ring_lock);

	for (size_t i = 0; i < size; i++) {
		ring[ring_end++ & (RING_SIZE - 1)] = text[i];
	}
	spin_unlock_irqrestore(&ring_lock, state);
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t length;

	va_start(args, format);
	length = (size_t)kvsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	length = MIN(length, sizeof(line) - 2);
	line[length++] = '\n';
	line[length] = '\0';
	ring_append(line, length);
	if (level == LOG_NOTICE && notice_sink != NULL) {
		notice_sink(line, length);
	} else if (level <= log_max_level) {
		current_sink(line, length);
	}
}

unsigned long log_read(char *buffer, unsigned long size)
{
	unsigned long state = spin_lock_irqsave(&ring_lock);
	uint64_t kept = MIN(ring_end, (uint64_t)RING_SIZE);
	size_t count = (size_t)MIN((uint64_t)size, kept);
	uint64_t from = ring_end - count;

	for (size_t i = 0; i < count; i++) {
		buffer[i] = ring[(from + i) & (RING_SIZE - 1)];
	}
	spin_unlock_irqrestore(&ring_lock, state);
	return count;
}
