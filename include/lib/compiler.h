/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Names for what the compilers (gcc, clang) offer beyond C11.  The only
 * header that spells attributes; everything here is a constant expression,
 * an annotation or an expression without side effects of its own.
 */
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The struct that contains the member that `pointer` points to.  The
 * conditional is never evaluated: it makes a pointer of another type than the
 * member's a compiler warning.
 */
#define container_of(pointer, type, member)                                    \
	((type *)((uintptr_t)(1 ? (pointer) : &((type *)0)->member) -          \
		  offsetof(type, member)))

#define PACKED		  __attribute__((packed))
#define ALIGNED(n)	  __attribute__((aligned(n)))
#define SECTION(name)	  __attribute__((section(name)))
#define USED		  __attribute__((used))
#define UNUSED		  __attribute__((unused))
#define WEAK		  __attribute__((weak))
#define COLD		  __attribute__((cold))
#define MUST_CHECK	  __attribute__((warn_unused_result))
#define NORETURN	  __attribute__((noreturn))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ALWAYS_INLINE	  inline __attribute__((always_inline))
#define NO_INLINE	  __attribute__((noinline))
#define FALLTHROUGH	  __attribute__((fallthrough))
#define MAY_ALIAS	  __attribute__((may_alias))

/* For functions that run before the guard value exists or change it. */
#define NO_STACK_PROTECTOR __attribute__((no_stack_protector))

/* No checks of undefined behaviour or addresses in this function. */
#define NO_SANITIZE __attribute__((no_sanitize("undefined", "address")))

/* The compiler moves no memory access across; the processor may. */
#define COMPILER_BARRIER() __asm__ volatile("" : : : "memory")

/*
 * One access, not torn, merged or repeated by the compiler.  Orders nothing:
 * for that use the __atomic builtins.
 */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define STRINGIFY_TOKENS(x) #x
#define STRINGIFY(x)	    STRINGIFY_TOKENS(x)
#define CONCAT_TOKENS(a, b) a##b
#define CONCAT(a, b)	    CONCAT_TOKENS(a, b)
