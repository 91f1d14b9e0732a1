/* SPDX-License-Identifier: BSD-3-Clause */

/* Names of dentries: creation and end.  See dentry_name.h. */
#include "dentry_name.h"

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>

void dentry_name_fill(struct dentry_name *name, const char *text, size_t length)
{
	name->hash = 0;
	name->length = (uint16_t)length;
	memcpy(name->text, text, length);
	name->text[length] = '\0';
}

struct dentry_name *dentry_name_create(const char *text, size_t length)
{
	struct dentry_name *name = kmalloc(sizeof(*name) + length + 1);

	if (name != NULL) {
		dentry_name_fill(name, text, length);
		name->embedded = false;
	}
	return name;
}

void dentry_name_free(struct dentry_name *name)
{
	kfree(name);
}

static void name_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct dentry_name, rcu));
}

void dentry_name_retire(const char *text)
{
	struct dentry_name *name =
		(struct dentry_name *)(uintptr_t)dentry_name_of(text);

	if (!name->embedded) {
		rcu_call(&name->rcu, name_free_rcu);
	}
}
