/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Changing user and group ids: setuid(2), setreuid(2), setresuid(2),
 * setfsuid(2) and their sisters, by the rules of credentials(7).
 *
 * Both kinds follow the same rules; what differs is the capability that lifts
 * them, and that capabilities follow user ids only.  Guarded by process->lock:
 * a change is checked and made between credentials_begin() and _end().
 */
#include "credentials_internal.h"

#include <lib/string.h>
#include <process/process.h>
#include <uapi/errno.h>

/* What the fsuid of root carries: capabilities about files. */
#define CAPS_OF_FILES                                                          \
	(CREDENTIALS_CAP_BIT(0) | CREDENTIALS_CAP_BIT(1) |                     \
	 CREDENTIALS_CAP_BIT(2) | CREDENTIALS_CAP_BIT(3) |                     \
	 CREDENTIALS_CAP_BIT(4) | CREDENTIALS_CAP_BIT(9) |                     \
	 CREDENTIALS_CAP_BIT(27) | CREDENTIALS_CAP_BIT(32))

enum id_kind {
	ID_USER,
	ID_GROUP,
};

static const unsigned id_capability[] = {
	[ID_USER] = CREDENTIALS_CAP_SETUID,
	[ID_GROUP] = CREDENTIALS_CAP_SETGID,
};

/* The four ids of one kind, in somebody's credentials. */
struct ids {
	uint32_t *real, *effective, *saved, *file;
};

static struct ids ids_of(struct credentials *of, enum id_kind kind)
{
	if (kind == ID_USER) {
		return (struct ids){&of->uid, &of->euid, &of->suid, &of->fsuid};
	}
	return (struct ids){&of->gid, &of->egid, &of->sgid, &of->fsgid};
}

/* A change of ids under way. */
struct id_change {
	enum id_kind kind;
	struct credentials old;
	struct credentials *own;
	struct ids ids;	 /* in own */
	bool privileged; /* any id is allowed */
};

static void begin_ids(struct id_change *change, enum id_kind kind)
{
	change->kind = kind;
	change->own = credentials_begin(&change->old);
	change->ids = ids_of(change->own, kind);
	change->privileged = credentials_has(change->own, id_capability[kind]);
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

/* What follows from new ids, unless the change was refused. */
static int end_ids(struct id_change *change, int err)
{
	struct process *process = process_current();
	struct ids old = ids_of(&change->old, change->kind);
	struct ids new = change->ids;

	if (err == 0) {
		*new.file = *new.effective;
		if (change->kind == ID_USER) {
			fix_caps(change->own, &change->old);
		}
		if (*new.effective != *old.effective ||
		    *new.file != *old.file) {
			process->dumpable = false;
			process->parent_death_signal = 0;
		}
	}
	credentials_end();
	return err;
}

static bool is_own_id(struct ids ids, uint32_t id)
{
	return id == CREDENTIALS_KEEP || id == *ids.real ||
	       id == *ids.effective || id == *ids.saved;
}

static void set_unless_keep(uint32_t *id, uint32_t value)
{
	if (value != CREDENTIALS_KEEP) {
		*id = value;
	}
}

static int set_id(enum id_kind kind, uint32_t id)
{
	struct id_change change;
	int err = 0;

	if (id == CREDENTIALS_KEEP) {
		return -EINVAL;
	}
	begin_ids(&change, kind);
	if (change.privileged) {
		*change.ids.real = id;
		*change.ids.effective = id;
		*change.ids.saved = id;
	} else if (id == *change.ids.real || id == *change.ids.saved) {
		*change.ids.effective = id;
	} else {
		err = -EPERM;
	}
	return end_ids(&change, err);
}

static int set_real_effective(enum id_kind kind, uint32_t real,
			      uint32_t effective)
{
	struct id_change change;
	struct ids ids;
	uint32_t old_real;

	begin_ids(&change, kind);
	ids = change.ids;
	old_real = *ids.real;
	if (!change.privileged &&
	    ((real != CREDENTIALS_KEEP && real != *ids.real &&
	      real != *ids.effective) ||
	     !is_own_id(ids, effective))) {
		return end_ids(&change, -EPERM);
	}
	set_unless_keep(ids.real, real);
	set_unless_keep(ids.effective, effective);
	if (real != CREDENTIALS_KEEP ||
	    (effective != CREDENTIALS_KEEP && effective != old_real)) {
		*ids.saved = *ids.effective;
	}
	return end_ids(&change, 0);
}

static int set_all(enum id_kind kind, uint32_t real, uint32_t effective,
		   uint32_t saved)
{
	struct id_change change;
	struct ids ids;

	begin_ids(&change, kind);
	ids = change.ids;
	if (!change.privileged &&
	    (!is_own_id(ids, real) || !is_own_id(ids, effective) ||
	     !is_own_id(ids, saved))) {
		return end_ids(&change, -EPERM);
	}
	set_unless_keep(ids.real, real);
	set_unless_keep(ids.effective, effective);
	set_unless_keep(ids.saved, saved);
	return end_ids(&change, 0);
}

/* Returns what it was, whether or not it changed: setfsuid(2). */
static uint32_t set_file_id(enum id_kind kind, uint32_t id)
{
	struct id_change change;
	uint32_t old;

	begin_ids(&change, kind);
	old = *change.ids.file;
	if (id != CREDENTIALS_KEEP &&
	    (is_own_id(change.ids, id) || id == old || change.privileged)) {
		*change.ids.file = id;
		if (kind == ID_USER) {
			fix_file_caps(change.own, old);
		}
	}
	credentials_end();
	return old;
}

int credentials_set_uid(uint32_t uid)
{
	return set_id(ID_USER, uid);
}

int credentials_set_gid(uint32_t gid)
{
	return set_id(ID_GROUP, gid);
}

int credentials_set_reuid(uint32_t ruid, uint32_t euid)
{
	return set_real_effective(ID_USER, ruid, euid);
}

int credentials_set_regid(uint32_t rgid, uint32_t egid)
{
	return set_real_effective(ID_GROUP, rgid, egid);
}

int credentials_set_resuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return set_all(ID_USER, ruid, euid, suid);
}

int credentials_set_resgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return set_all(ID_GROUP, rgid, egid, sgid);
}

uint32_t credentials_set_fsuid(uint32_t uid)
{
	return set_file_id(ID_USER, uid);
}

uint32_t credentials_set_fsgid(uint32_t gid)
{
	return set_file_id(ID_GROUP, gid);
}

int credentials_set_groups(const uint32_t *groups, uint32_t count)
{
	struct credentials old;
	struct credentials *own;
	int err = 0;

	if (count > CREDENTIALS_GROUP_MAX) {
		return -EINVAL;
	}
	own = credentials_begin(&old);
	if (!credentials_has(own, CREDENTIALS_CAP_SETGID)) {
		err = -EPERM;
	} else {
		memcpy(own->groups, groups, count * sizeof(*groups));
		own->group_count = count;
	}
	credentials_end();
	return err;
}
