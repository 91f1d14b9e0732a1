/* SPDX-License-Identifier: BSD-3-Clause */

/* Events on files: see vfs/notify.h. */
#include <vfs/notify.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <vfs/inode.h>
#include <vfs/path.h>

vfs_notify_handler *vfs_notify_active;
static uint32_t last_cookie; /* [a] */

void vfs_notify_set_handler(vfs_notify_handler *handler)
{
	__atomic_store_n(&vfs_notify_active, handler, __ATOMIC_RELEASE);
}

uint32_t vfs_notify_cookie(void)
{
	return __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED);
}

void vfs_notify_send(struct inode *inode, const char *name, uint32_t mask,
		     uint32_t cookie)
{
	vfs_notify_handler *handler =
		__atomic_load_n(&vfs_notify_active, __ATOMIC_ACQUIRE);

	if (READ_ONCE(inode->watches) != NULL && handler != NULL) {
		handler(inode, name, mask, cookie);
	}
}

void vfs_notify_send_dentry(struct dentry *dentry, uint32_t mask)
{
	struct dentry *parent;
	char name[NAME_MAX_LENGTH + 1];

	if (dentry == NULL || dentry->inode == NULL) {
		return;
	}
	if (inode_is_dir(dentry->inode)) {
		mask |= NOTIFY_IS_DIR;
	}
	if ((mask & (NOTIFY_CREATE | NOTIFY_DELETE)) == 0) {
		vfs_notify_send(dentry->inode, NULL, mask, 0);
	}
	parent = dentry_parent(dentry);
	if (parent != dentry && READ_ONCE(parent->inode->watches) != NULL) {
		rcu_read_lock();
		string_copy(name,
			    __atomic_load_n(&dentry->name, __ATOMIC_ACQUIRE),
			    sizeof(name));
		rcu_read_unlock();
		vfs_notify_send(parent->inode, name, mask, 0);
	}
	dentry_put(parent);
}
