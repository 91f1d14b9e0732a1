/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Names of AF_UNIX sockets: nodes in the filesystem, and abstract names (first
 * byte 0) in a hash table.
 */
#include "internal.h"

#include <lib/hash.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/socket.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#define BUCKET_BITS  6
#define AUTOBIND_MAX 0x100000u /* five hexadecimal digits */

static struct mutex names_lock = MUTEX_INIT(names_lock, "unix.names");
static struct list buckets[1u << BUCKET_BITS]; /* [n] struct unix_name */
static bool buckets_ready;		       /* [n] */
static uint32_t next_autobind;		       /* [n] */

static bool is_abstract(const struct socket_address *address)
{
	return address->bytes[UNIX_PATH_OFFSET] == '\0';
}

static struct list *bucket_of(const struct socket_address *address)
{
	uint64_t hash = hash_bytes(address->bytes, address->length);

	if (!buckets_ready) {
		for (size_t i = 0; i < 1u << BUCKET_BITS; i++) {
			list_init(&buckets[i]);
		}
		buckets_ready = true;
	}
	return &buckets[hash_u64(hash, BUCKET_BITS)];
}

static struct unix_name *find_abstract(const struct socket_address *address)
{
	struct list *bucket = bucket_of(address);
	struct unix_name *name;

	list_for_each (name, bucket, link) {
		if (name->address.length == address->length &&
		    memcmp(name->address.bytes, address->bytes,
			   address->length) == 0) {
			return name;
		}
	}
	return NULL;
}

static struct unix_name *name_create(const struct socket_address *address)
{
	struct unix_name *name = kzalloc(sizeof(*name));

	if (name != NULL) {
		refcount_init(&name->refs);
		name->address = *address;
	}
	return name;
}

void unix_name_get(struct unix_name *name)
{
	refcount_get(&name->refs);
}

void unix_name_put(struct unix_name *name)
{
	if (name != NULL && refcount_put(&name->refs)) {
		kfree(name);
	}
}

/* --- binding -----------------------------------------------------------------
 */

/* s->lock held; takes over the name. */
static void set_name(struct unix_socket *s, struct unix_name *name)
{
	__atomic_store_n(&s->name, name, __ATOMIC_RELEASE);
}

static int bind_abstract(struct unix_socket *s,
			 const struct socket_address *address)
{
	struct unix_name *name = name_create(address);
	int err = 0;

	if (name == NULL) {
		return -ENOMEM;
	}
	mutex_lock(&names_lock);
	if (find_abstract(address) != NULL) {
		err = -EADDRINUSE;
	} else {
		name->owner = s;
		list_add_tail(bucket_of(address), &name->link);
		set_name(s, name);
	}
	mutex_unlock(&names_lock);
	if (err < 0) {
		unix_name_put(name);
	}
	return err;
}

/* A name of its own for a socket that is bound to the family only. */
static int autobind(struct unix_socket *s)
{
	struct socket_address address = {.family = UAPI_AF_UNIX};
	char *text = (char *)address.bytes + UNIX_PATH_OFFSET + 1;
	int err = -EADDRINUSE;

	address.length = UNIX_PATH_OFFSET + 6;
	for (uint32_t i = 0; i < AUTOBIND_MAX && err == -EADDRINUSE; i++) {
		uint32_t number =
			__atomic_fetch_add(&next_autobind, 1, __ATOMIC_RELAXED);

		ksnprintf(text, 6, "%05x", number % AUTOBIND_MAX);
		err = bind_abstract(s, &address);
	}
	return err;
}

int unix_autobind(struct unix_socket *s)
{
	int err = 0;

	if (!READ_ONCE(s->socket.options.pass_credentials) ||
	    __atomic_load_n(&s->name, __ATOMIC_ACQUIRE) != NULL) {
		return 0;
	}
	mutex_lock(&s->lock);
	if (s->name == NULL) {
		err = autobind(s);
	}
	mutex_unlock(&s->lock);
	return err;
}

/* The path of an address as a string: it need not be terminated there. */
static void path_text(const struct socket_address *address,
		      char text[UNIX_PATH_MAX + 1])
{
	size_t length = MIN((size_t)address->length - UNIX_PATH_OFFSET,
			    (size_t)UNIX_PATH_MAX);

	memcpy(text, address->bytes + UNIX_PATH_OFFSET, length);
	text[length] = '\0';
}

static int bind_path(struct unix_socket *s,
		     const struct socket_address *address)
{
	struct socket_address full = *address;
	char text[UNIX_PATH_MAX + 1];
	struct unix_name *name;
	struct path path;
	int err;

	path_text(address, text);
	full.length = (uint32_t)(UNIX_PATH_OFFSET + strlen(text) + 1);
	full.bytes[full.length - 1] = '\0';
	name = name_create(&full);
	if (name == NULL) {
		return -ENOMEM;
	}
	err = vfs_mknod(PATH_AT_CWD, text, MODE_SOCKET | 0777, 0);
	if (err == 0) {
		err = path_lookup(PATH_AT_CWD, text, 0, &path);
	}
	if (err < 0) {
		unix_name_put(name);
		return err == -EEXIST ? -EADDRINUSE : err;
	}
	inode_get(path.dentry->inode);
	s->inode = path.dentry->inode;
	mutex_lock(&names_lock);
	s->inode->socket = s;
	mutex_unlock(&names_lock);
	set_name(s, name);
	path_put(&path);
	return 0;
}

int unix_bind(struct socket *socket, const struct socket_address *address)
{
	struct unix_socket *s = unix_of(socket);
	int err;

	if (address->length < UNIX_PATH_OFFSET ||
	    address->length > UNIX_PATH_OFFSET + UNIX_PATH_MAX ||
	    address->family != UAPI_AF_UNIX) {
		return -EINVAL;
	}
	mutex_lock(&s->lock);
	if (s->name != NULL) {
		err = -EINVAL;
	} else if (address->length == UNIX_PATH_OFFSET) {
		err = autobind(s);
	} else if (is_abstract(address)) {
		err = bind_abstract(s, address);
	} else {
		err = bind_path(s, address);
	}
	mutex_unlock(&s->lock);
	return err;
}

/* An accepted end shares its listener's name: only the owner takes it away. */
void unix_unbind(struct unix_socket *s)
{
	struct inode *inode;

	mutex_lock(&names_lock);
	if (s->name != NULL && s->name->owner == s) {
		s->name->owner = NULL;
		list_remove(&s->name->link);
	}
	inode = s->inode;
	s->inode = NULL;
	if (inode != NULL && inode->socket == s) {
		inode->socket = NULL;
	}
	mutex_unlock(&names_lock);
	if (inode != NULL) {
		inode_put(inode);
	}
}

/* --- finding -----------------------------------------------------------------
 */

static struct unix_socket *try_get(struct unix_socket *s)
{
	return s != NULL && refcount_try_get(&s->refs) ? s : NULL;
}

static int find_path(const struct socket_address *address,
		     struct unix_socket **socket_out)
{
	char text[UNIX_PATH_MAX + 1];
	struct inode *inode;
	struct path path;
	int err;

	path_text(address, text);
	err = path_lookup(PATH_AT_CWD, text, WALK_FOLLOW, &path);
	if (err < 0) {
		return err;
	}
	inode = path.dentry->inode;
	err = vfs_permission(inode, PERMISSION_WRITE);
	if (err == 0) {
		mutex_lock(&names_lock);
		*socket_out = (inode->mode & MODE_TYPE) == MODE_SOCKET
				      ? try_get(inode->socket)
				      : NULL;
		mutex_unlock(&names_lock);
		err = *socket_out == NULL ? -ECONNREFUSED : 0;
	}
	path_put(&path);
	return err;
}

static int find_abstract_socket(const struct socket_address *address,
				struct unix_socket **socket_out)
{
	struct unix_name *name;

	mutex_lock(&names_lock);
	name = find_abstract(address);
	*socket_out = name == NULL ? NULL : try_get(name->owner);
	mutex_unlock(&names_lock);
	return *socket_out == NULL ? -ECONNREFUSED : 0;
}

int unix_find(const struct socket_address *address, int type,
	      struct unix_socket **socket_out)
{
	int err;

	if (address->length <= UNIX_PATH_OFFSET ||
	    address->length > UNIX_PATH_OFFSET + UNIX_PATH_MAX ||
	    address->family != UAPI_AF_UNIX) {
		return -EINVAL;
	}
	err = is_abstract(address) ? find_abstract_socket(address, socket_out)
				   : find_path(address, socket_out);
	if (err == 0 && (*socket_out)->socket.type != type) {
		unix_put(*socket_out);
		err = -EPROTOTYPE;
	}
	return err;
}
