/* SPDX-License-Identifier: BSD-3-Clause */

/* Files on their way through a socket: see net/socket.h. */
#include <net/socket.h>

#include <mm/slab.h>
#include <vfs/file.h>

struct socket_rights *socket_rights_create(unsigned count)
{
	struct socket_rights *rights =
		kzalloc(sizeof(*rights) + count * sizeof(rights->files[0]));

	if (rights != NULL) {
		rights->count = count;
	}
	return rights;
}

void socket_rights_destroy(struct socket_rights *rights)
{
	if (rights == NULL) {
		return;
	}
	for (unsigned i = 0; i < rights->count; i++) {
		if (rights->files[i] != NULL) {
			file_put(rights->files[i]);
		}
	}
	kfree(rights);
}

struct socket_rights *socket_rights_clone(const struct socket_rights *rights)
{
	struct socket_rights *copy = socket_rights_create(rights->count);

	if (copy == NULL) {
		return NULL;
	}
	for (unsigned i = 0; i < rights->count; i++) {
		file_get(rights->files[i]);
		copy->files[i] = rights->files[i];
	}
	return copy;
}
