/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Between the two files of credentials: changes under process->lock. */
#include <process/credentials.h>

#include <stdbool.h>
#include <stdint.h>

#include <lib/compiler.h>

/* securebits of prctl(2) */
#define SECURE_NOROOT		    (1u << 0)
#define SECURE_NO_SETUID_FIXUP	    (1u << 2)
#define SECURE_KEEP_CAPS	    (1u << 4)
#define SECURE_NO_CAP_AMBIENT_RAISE (1u << 6)

#define CREDENTIALS_CAP_BIT(capability) (1ull << (capability))

/*
 * A change of the current process.  Returns its credentials with process->lock
 * held, and a copy of what they were; credentials_end() releases the lock.
 */
struct credentials *credentials_begin(struct credentials *old);
void credentials_end(void);

/* In between: may the process act with this capability? */
static inline bool credentials_has(const struct credentials *own,
				   unsigned capability)
{
	return (own->cap_effective & CREDENTIALS_CAP_BIT(capability)) != 0;
}
