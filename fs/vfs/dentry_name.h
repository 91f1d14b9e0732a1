/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Names of dentries: text, length and hash, which lookups read without a lock.
 *
 * A name is never changed once a dentry has it, only replaced (rename), and
 * freed after a grace period.  The first name of a dentry lies in the dentry's
 * own allocation.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sync/rcu.h>

struct dentry;

struct dentry_name {
	struct rcu_head rcu;
	uint32_t hash;
	uint16_t length;
	bool embedded; /* in the dentry's own allocation */
	char text[];
};

static inline uint32_t dentry_name_hash(const struct dentry *parent,
					const char *name, size_t length)
{
	uint32_t hash = (uint32_t)((uintptr_t)parent >> 6) * 0x9e3779b1u;

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ (uint8_t)name[i]) * 0x01000193u;
	}
	return hash ^ (hash >> 15);
}

static inline const struct dentry_name *dentry_name_of(const char *text)
{
	return (const struct dentry_name *)(text -
					    offsetof(struct dentry_name, text));
}

/* Text and length; the hash comes with the parent. */
void dentry_name_fill(struct dentry_name *name, const char *text,
		      size_t length);
/* dentry_name_create() and dentry_name_free(), of names that no dentry has had:
 * fs/vfs/internal.h. */

/* A name that lookups may still read; embedded ones go with the dentry. */
void dentry_name_retire(const char *text);
