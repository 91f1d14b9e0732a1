/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Identities and capabilities: credentials(7), capabilities(7).  How ids change
 * is in credentials_ids.c.
 *
 * The whole process changes at once (Linux's threads have credentials of their
 * own, and libc changes them one by one to the same effect).  Guarded by
 * process->lock; every change is checked and made under it.
 */
#include "credentials_internal.h"

#include <lib/string.h>
#include <process/process.h>
#include <uapi/errno.h>

void credentials_init_root(struct credentials *credentials)
{
	memset(credentials, 0, sizeof(*credentials));
	credentials->cap_effective = CREDENTIALS_CAP_ALL;
	credentials->cap_permitted = CREDENTIALS_CAP_ALL;
	credentials->cap_bounding = CREDENTIALS_CAP_ALL;
}

void credentials_current(struct credentials *credentials_out)
{
	struct process *process = process_current();

	if (process == NULL) {
		credentials_init_root(credentials_out);
		return;
	}
	spin_lock(&process->lock);
	*credentials_out = process->credentials;
	spin_unlock(&process->lock);
}

bool credentials_capable(unsigned capability)
{
	struct process *process = process_current();

	if (process == NULL) {
		return true;
	}
	return (__atomic_load_n(&process->credentials.cap_effective,
				__ATOMIC_RELAXED) &
		CREDENTIALS_CAP_BIT(capability)) != 0;
}

bool credentials_in_group(const struct credentials *credentials, uint32_t gid)
{
	if (credentials->fsgid == gid) {
		return true;
	}
	for (uint32_t i = 0; i < credentials->group_count; i++) {
		if (credentials->groups[i] == gid) {
			return true;
		}
	}
	return false;
}

struct credentials *credentials_begin(struct credentials *old) NO_THREAD_SAFETY
{
	struct process *process = process_current();

	spin_lock(&process->lock);
	*old = process->credentials;
	return &process->credentials;
}

void credentials_end(void) NO_THREAD_SAFETY
{
	spin_unlock(&process_current()->lock);
}

/* --- capabilities --- */

int credentials_set_caps(uint64_t effective, uint64_t permitted,
			 uint64_t inheritable)
{
	struct credentials old;
	struct credentials *own = credentials_begin(&old);
	int err = 0;

	effective &= CREDENTIALS_CAP_ALL;
	permitted &= CREDENTIALS_CAP_ALL;
	inheritable &= CREDENTIALS_CAP_ALL;
	if ((permitted & ~own->cap_permitted) != 0 ||
	    (effective & ~permitted) != 0 ||
	    (inheritable & ~(own->cap_inheritable | own->cap_bounding)) != 0 ||
	    (!credentials_has(own, CREDENTIALS_CAP_SETPCAP) &&
	     (inheritable & ~(own->cap_inheritable | own->cap_permitted)) !=
		     0)) {
		err = -EPERM;
	} else {
		own->cap_permitted = permitted;
		own->cap_inheritable = inheritable;
		own->cap_ambient &= permitted & inheritable;
		__atomic_store_n(&own->cap_effective, effective,
				 __ATOMIC_RELAXED);
	}
	credentials_end();
	return err;
}

int credentials_drop_bounding(unsigned capability)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (capability > CREDENTIALS_CAP_LAST) {
		return -EINVAL;
	}
	own = credentials_begin(&old);
	if (!credentials_has(own, CREDENTIALS_CAP_SETPCAP)) {
		err = -EPERM;
	} else {
		own->cap_bounding &= ~CREDENTIALS_CAP_BIT(capability);
	}
	credentials_end();
	return err;
}

int credentials_set_ambient(unsigned capability, bool raise)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (capability > CREDENTIALS_CAP_LAST) {
		return -EINVAL;
	}
	own = credentials_begin(&old);
	if (!raise) {
		own->cap_ambient &= ~CREDENTIALS_CAP_BIT(capability);
	} else if ((own->cap_permitted & own->cap_inheritable &
		    CREDENTIALS_CAP_BIT(capability)) == 0 ||
		   (own->secure_bits & SECURE_NO_CAP_AMBIENT_RAISE) != 0) {
		err = -EPERM;
	} else {
		own->cap_ambient |= CREDENTIALS_CAP_BIT(capability);
	}
	credentials_end();
	return err;
}

void credentials_clear_ambient(void)
{
	struct credentials old;

	credentials_begin(&old)->cap_ambient = 0;
	credentials_end();
}

int credentials_set_secure_bits(uint32_t bits)
{
	struct credentials old;
	struct credentials *own;
	uint32_t locks;
	int err = 0;

	if ((bits & ~0xffu) != 0) {
		return -EINVAL;
	}
	own = credentials_begin(&old);
	/* Each odd bit locks the one below and itself. */
	locks = own->secure_bits & 0xaa;
	if (((own->secure_bits & 0xaa) & ~bits) != 0 ||
	    ((own->secure_bits ^ bits) & (locks >> 1)) != 0 ||
	    !credentials_has(own, CREDENTIALS_CAP_SETPCAP)) {
		err = -EPERM;
	} else {
		own->secure_bits = bits;
	}
	credentials_end();
	return err;
}

int credentials_set_keep_caps(bool keep)
{
	struct credentials old;
	struct credentials *own = credentials_begin(&old);
	int err = 0;

	if ((own->secure_bits & SECURE_KEEP_CAPS << 1) != 0) {
		err = -EPERM; /* locked */
	} else if (keep) {
		own->secure_bits |= SECURE_KEEP_CAPS;
	} else {
		own->secure_bits &= ~SECURE_KEEP_CAPS;
	}
	credentials_end();
	return err;
}

void credentials_exec(struct credentials *own)
{
	bool root = (own->secure_bits & SECURE_NOROOT) == 0 &&
		    (own->uid == 0 || own->euid == 0);

	own->suid = own->euid;
	own->fsuid = own->euid;
	own->sgid = own->egid;
	own->fsgid = own->egid;
	if (root) {
		own->cap_permitted = own->cap_bounding | own->cap_inheritable;
		own->cap_ambient = 0;
		own->cap_effective = own->euid == 0 ? own->cap_permitted : 0;
	} else {
		own->cap_permitted = own->cap_ambient;
		own->cap_effective = own->cap_ambient;
	}
	own->secure_bits &= ~SECURE_KEEP_CAPS;
}
