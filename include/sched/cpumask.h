/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A set of CPUs, sized by CONFIG_CPU_MAX.  Plain operations are not atomic
 * against others on the same mask; those named _atomic are.
 */
#include <generated/config.h>
#include <stdbool.h>
#include <stddef.h>

#define CPUMASK_BITS	   (8 * sizeof(unsigned long))
#define CPUMASK_WORD_COUNT ((CONFIG_CPU_MAX + CPUMASK_BITS - 1) / CPUMASK_BITS)

struct cpumask {
	unsigned long words[CPUMASK_WORD_COUNT];
};

static inline void cpumask_clear(struct cpumask *mask)
{
	for (size_t i = 0; i < CPUMASK_WORD_COUNT; i++) {
		mask->words[i] = 0;
	}
}

static inline void cpumask_add(struct cpumask *mask, unsigned cpu)
{
	mask->words[cpu / CPUMASK_BITS] |= 1UL << (cpu % CPUMASK_BITS);
}

static inline void cpumask_remove(struct cpumask *mask, unsigned cpu)
{
	mask->words[cpu / CPUMASK_BITS] &= ~(1UL << (cpu % CPUMASK_BITS));
}

static inline void cpumask_add_atomic(struct cpumask *mask, unsigned cpu)
{
	__atomic_fetch_or(&mask->words[cpu / CPUMASK_BITS],
			  1UL << (cpu % CPUMASK_BITS), __ATOMIC_SEQ_CST);
}

static inline void cpumask_remove_atomic(struct cpumask *mask, unsigned cpu)
{
	__atomic_fetch_and(&mask->words[cpu / CPUMASK_BITS],
			   ~(1UL << (cpu % CPUMASK_BITS)), __ATOMIC_SEQ_CST);
}

static inline bool cpumask_has(const struct cpumask *mask, unsigned cpu)
{
	unsigned long word = __atomic_load_n(&mask->words[cpu / CPUMASK_BITS],
					     __ATOMIC_RELAXED);

	return (word >> (cpu % CPUMASK_BITS)) & 1;
}

static inline bool cpumask_is_empty(const struct cpumask *mask)
{
	for (size_t i = 0; i < CPUMASK_WORD_COUNT; i++) {
		if (mask->words[i] != 0) {
			return false;
		}
	}
	return true;
}

/* The first member at or after `from`, or CONFIG_CPU_MAX. */
static inline unsigned cpumask_next(const struct cpumask *mask, unsigned from)
{
	for (unsigned cpu = from; cpu < CONFIG_CPU_MAX; cpu++) {
		unsigned long rest =
			mask->words[cpu / CPUMASK_BITS] >> (cpu % CPUMASK_BITS);

		if (rest != 0) {
			return cpu + (unsigned)__builtin_ctzl(rest);
		}
		cpu |= CPUMASK_BITS - 1;
	}
	return CONFIG_CPU_MAX;
}
