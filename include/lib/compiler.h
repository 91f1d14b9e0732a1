/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Names for what the compilers can do; gcc and clang alike. */
#include <stddef.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that contains the member that `pointer` points to. */
#define container_of(pointer, type, member)                                    \
	((type *)((char *)(pointer)-offsetof(type, member)))

#define PACKED		   __attribute__((packed))
#define ALIGNED(n)	   __attribute__((aligned(n)))
#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define ALWAYS_INLINE	   inline __attribute__((always_inline))
#define NO_INLINE	   __attribute__((noinline))
#define COMPILER_BARRIER() __asm__ volatile("" : : : "memory")

/* One access, not torn, merged or repeated by the compiler. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
