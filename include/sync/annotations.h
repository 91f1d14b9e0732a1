/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Lock contracts that clang's -Wthread-safety checks and every other compiler
 * ignores.  GUARDED_BY on a member that names its sibling needs a much newer
 * clang than Debian's; older ones see an empty macro there.
 */
#if defined(__clang__)
#define THREAD_SAFETY(x) __attribute__((x))
#else
#define THREAD_SAFETY(x)
#endif

#if defined(__clang__) && __clang_major__ >= 22
#define GUARDED_BY(lock) THREAD_SAFETY(guarded_by(lock))
#else
#define GUARDED_BY(lock)
#endif

#define LOCK_TYPE	   THREAD_SAFETY(capability("lock"))
#define ACQUIRES(...)	   THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRES(...)  THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))
#define RELEASES(...)	   THREAD_SAFETY(release_capability(__VA_ARGS__))
#define REQUIRES(...)	   THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define EXCLUDES(...)	   THREAD_SAFETY(locks_excluded(__VA_ARGS__))
#define ACQUIRES_READ(...) THREAD_SAFETY(acquire_shared_capability(__VA_ARGS__))
#define RELEASES_READ(...) THREAD_SAFETY(release_shared_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY   THREAD_SAFETY(no_thread_safety_analysis)
