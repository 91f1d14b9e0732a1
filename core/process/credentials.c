/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Identities and capabilities: credentials(7), capabilities(7).
 *
 * The whole process changes at once (Linux's threads have credentials of their
 * own, and libc changes them one by one to the same effect).  Guarded by
 * process->lock; every change is checked and made under it.
 */
#include <process/credentials.h>

#include <lib/string.h>
#include <process/process.h>
#include <uapi/errno.h>

/* securebits of prctl(2) */
#define SECURE_NOROOT		    (1u << 0)
#define SECURE_NO_SETUID_FIXUP	    (1u << 2)
#define SECURE_KEEP_CAPS	    (1u << 4)
#define SECURE_NO_CAP_AMBIENT_RAISE (1u << 6)

#define CAP_BIT(capability) (1ull << (capability))

/* What the fsuid of root carries: capabilities about files. */
#define CAPS_OF_FILES                                                          \
	(CAP_BIT(0) | CAP_BIT(1) | CAP_BIT(2) | CAP_BIT(3) | CAP_BIT(4) |      \
	 CAP_BIT(9) | CAP_BIT(27) | CAP_BIT(32))

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
		CAP_BIT(capability)) != 0;
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

/* --- ids
 * -----------------------------------------------------------------------
 */

/* process->lock held: may act with this capability. */
static bool capable_locked(const struct credentials *own, unsigned capability)
{
	return (own->cap_effective & CAP_BIT(capability)) != 0;
}

/* The capabilities that follow from a change of user ids. */
static void fix_caps(struct credentials *own, const struct credentials *old)
{
	bool had_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
	bool has_root = own->uid == 0 || own->euid == 0 || own->suid == 0;

	if ((own->secure_bits & SECURE_NO_SETUID_FIXUP) != 0) {
		return;
	}
	if (had_root && !has_root) {
		if ((own->secure_bits & SECURE_KEEP_CAPS) == 0) {
			own->cap_permitted = 0;
			own->cap_effective = 0;
		}
		own->cap_ambient = 0;
	}
	if (old->euid == 0 && own->euid != 0) {
		own->cap_effective = 0;
	} else if (old->euid != 0 && own->euid == 0) {
		own->cap_effective = own->cap_permitted;
	}
}

static void fix_file_caps(struct credentials *own, uint32_t old_fsuid)
{
	if ((own->secure_bits & SECURE_NO_SETUID_FIXUP) != 0) {
		return;
	}
	if (old_fsuid == 0 && own->fsuid != 0) {
		own->cap_effective &= ~CAPS_OF_FILES;
	} else if (old_fsuid != 0 && own->fsuid == 0) {
		own->cap_effective |= own->cap_permitted & CAPS_OF_FILES;
	}
}

static bool is_own_uid(const struct credentials *own, uint32_t uid)
{
	return uid == CREDENTIALS_KEEP || uid == own->uid || uid == own->euid ||
	       uid == own->suid;
}

static bool is_own_gid(const struct credentials *own, uint32_t gid)
{
	return gid == CREDENTIALS_KEEP || gid == own->gid || gid == own->egid ||
	       gid == own->sgid;
}

static void change(uint32_t *id, uint32_t value)
{
	if (value != CREDENTIALS_KEEP) {
		*id = value;
	}
}

/* A change of the current process, between begin and end. */
static struct credentials *begin(struct credentials *old) NO_THREAD_SAFETY
{
	struct process *process = process_current();

	spin_lock(&process->lock);
	*old = process->credentials;
	return &process->credentials;
}

static void end(void) NO_THREAD_SAFETY
{
	spin_unlock(&process_current()->lock);
}

static void commit_uids(struct credentials *own, const struct credentials *old)
{
	struct process *process = process_current();

	own->fsuid = own->euid;
	fix_caps(own, old);
	if (own->euid != old->euid || own->fsuid != old->fsuid) {
		process->dumpable = false;
		process->parent_death_signal = 0;
	}
}

static void commit_gids(struct credentials *own, const struct credentials *old)
{
	struct process *process = process_current();

	own->fsgid = own->egid;
	if (own->egid != old->egid || own->fsgid != old->fsgid) {
		process->dumpable = false;
		process->parent_death_signal = 0;
	}
}

int credentials_set_uid(uint32_t uid)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (uid == CREDENTIALS_KEEP) {
		return -EINVAL;
	}
	own = begin(&old);
	if (capable_locked(own, CREDENTIALS_CAP_SETUID)) {
		own->uid = uid;
		own->euid = uid;
		own->suid = uid;
	} else if (uid == own->uid || uid == own->suid) {
		own->euid = uid;
	} else {
		err = -EPERM;
	}
	if (err == 0) {
		commit_uids(own, &old);
	}
	end();
	return err;
}

int credentials_set_gid(uint32_t gid)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (gid == CREDENTIALS_KEEP) {
		return -EINVAL;
	}
	own = begin(&old);
	if (capable_locked(own, CREDENTIALS_CAP_SETGID)) {
		own->gid = gid;
		own->egid = gid;
		own->sgid = gid;
	} else if (gid == own->gid || gid == own->sgid) {
		own->egid = gid;
	} else {
		err = -EPERM;
	}
	if (err == 0) {
		commit_gids(own, &old);
	}
	end();
	return err;
}

int credentials_set_reuid(uint32_t ruid, uint32_t euid)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	if (!capable_locked(own, CREDENTIALS_CAP_SETUID) &&
	    ((ruid != CREDENTIALS_KEEP && ruid != own->uid &&
	      ruid != own->euid) ||
	     !is_own_uid(own, euid))) {
		err = -EPERM;
	} else {
		change(&own->uid, ruid);
		change(&own->euid, euid);
		if (ruid != CREDENTIALS_KEEP ||
		    (euid != CREDENTIALS_KEEP && euid != old.uid)) {
			own->suid = own->euid;
		}
		commit_uids(own, &old);
	}
	end();
	return err;
}

int credentials_set_regid(uint32_t rgid, uint32_t egid)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	if (!capable_locked(own, CREDENTIALS_CAP_SETGID) &&
	    ((rgid != CREDENTIALS_KEEP && rgid != own->gid &&
	      rgid != own->egid) ||
	     !is_own_gid(own, egid))) {
		err = -EPERM;
	} else {
		change(&own->gid, rgid);
		change(&own->egid, egid);
		if (rgid != CREDENTIALS_KEEP ||
		    (egid != CREDENTIALS_KEEP && egid != old.gid)) {
			own->sgid = own->egid;
		}
		commit_gids(own, &old);
	}
	end();
	return err;
}

int credentials_set_resuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	if (!capable_locked(own, CREDENTIALS_CAP_SETUID) &&
	    (!is_own_uid(own, ruid) || !is_own_uid(own, euid) ||
	     !is_own_uid(own, suid))) {
		err = -EPERM;
	} else {
		change(&own->uid, ruid);
		change(&own->euid, euid);
		change(&own->suid, suid);
		commit_uids(own, &old);
	}
	end();
	return err;
}

int credentials_set_resgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	if (!capable_locked(own, CREDENTIALS_CAP_SETGID) &&
	    (!is_own_gid(own, rgid) || !is_own_gid(own, egid) ||
	     !is_own_gid(own, sgid))) {
		err = -EPERM;
	} else {
		change(&own->gid, rgid);
		change(&own->egid, egid);
		change(&own->sgid, sgid);
		commit_gids(own, &old);
	}
	end();
	return err;
}

uint32_t credentials_set_fsuid(uint32_t uid)
{
	struct credentials old;
	struct credentials *own = begin(&old);

	if (uid != CREDENTIALS_KEEP &&
	    (is_own_uid(own, uid) || uid == own->fsuid ||
	     capable_locked(own, CREDENTIALS_CAP_SETUID))) {
		own->fsuid = uid;
		fix_file_caps(own, old.fsuid);
	}
	end();
	return old.fsuid;
}

uint32_t credentials_set_fsgid(uint32_t gid)
{
	struct credentials old;
	struct credentials *own = begin(&old);

	if (gid != CREDENTIALS_KEEP &&
	    (is_own_gid(own, gid) || gid == own->fsgid ||
	     capable_locked(own, CREDENTIALS_CAP_SETGID))) {
		own->fsgid = gid;
	}
	end();
	return old.fsgid;
}

int credentials_set_groups(const uint32_t *groups, uint32_t count)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (count > CREDENTIALS_GROUP_MAX) {
		return -EINVAL;
	}
	own = begin(&old);
	if (!capable_locked(own, CREDENTIALS_CAP_SETGID)) {
		err = -EPERM;
	} else {
		memcpy(own->groups, groups, count * sizeof(*groups));
		own->group_count = count;
	}
	end();
	return err;
}

/* --- capabilities
 * ----------------------------------------------------------------
 */

int credentials_set_caps(uint64_t effective, uint64_t permitted,
			 uint64_t inheritable)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	effective &= CREDENTIALS_CAP_ALL;
	permitted &= CREDENTIALS_CAP_ALL;
	inheritable &= CREDENTIALS_CAP_ALL;
	if ((permitted & ~own->cap_permitted) != 0 ||
	    (effective & ~permitted) != 0 ||
	    (inheritable & ~(own->cap_inheritable | own->cap_bounding)) != 0 ||
	    (!capable_locked(own, CREDENTIALS_CAP_SETPCAP) &&
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
	end();
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
	own = begin(&old);
	if (!capable_locked(own, CREDENTIALS_CAP_SETPCAP)) {
		err = -EPERM;
	} else {
		own->cap_bounding &= ~CAP_BIT(capability);
	}
	end();
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
	own = begin(&old);
	if (!raise) {
		own->cap_ambient &= ~CAP_BIT(capability);
	} else if ((own->cap_permitted & own->cap_inheritable &
		    CAP_BIT(capability)) == 0 ||
		   (own->secure_bits & SECURE_NO_CAP_AMBIENT_RAISE) != 0) {
		err = -EPERM;
	} else {
		own->cap_ambient |= CAP_BIT(capability);
	}
	end();
	return err;
}

void credentials_clear_ambient(void)
{
	struct credentials old;

	begin(&old)->cap_ambient = 0;
	end();
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
	own = begin(&old);
	/* Each odd bit locks the one below and itself. */
	locks = own->secure_bits & 0xaa;
	if (((own->secure_bits & 0xaa) & ~bits) != 0 ||
	    ((own->secure_bits ^ bits) & (locks >> 1)) != 0 ||
	    !capable_locked(own, CREDENTIALS_CAP_SETPCAP)) {
		err = -EPERM;
	} else {
		own->secure_bits = bits;
	}
	end();
	return err;
}

int credentials_set_keep_caps(bool keep)
{
	struct credentials old;
	struct credentials *own = begin(&old);
	int err = 0;

	if ((own->secure_bits & SECURE_KEEP_CAPS << 1) != 0) {
		err = -EPERM; /* locked */
	} else if (keep) {
		own->secure_bits |= SECURE_KEEP_CAPS;
	} else {
		own->secure_bits &= ~SECURE_KEEP_CAPS;
	}
	end();
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
