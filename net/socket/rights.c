/* SPDX-License-Identifier: BSD-3-Clause */

/* Files on their way through a socket: see net/socket.h. */
#include <net/socket.h>

#include <mm/slab.h>
#include <sched/sched.h>
#include <sched/thread.h>
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

static void put_files(struct socket_rights *rights)
{
	for (unsigned i = 0; i < rights->count; i++) {
		if (rights->files[i] != NULL) {
			file_put(rights->files[i]);
		}
	}
	kfree(rights);
}

void socket_rights_destroy(struct socket_rights *rights)
{
	struct thread *thread = thread_current();
	struct list_node *node;
	struct list nested;

	if (rights == NULL) {
		return;
	}
	if (thread->linux.nested_rights != NULL) {
		list_add_tail(thread->linux.nested_rights, &rights->link);
		return;
	}
	list_init(&nested);
	thread->linux.nested_rights = &nested;
	put_files(rights);
	while ((node = list_pop_head(&nested)) != NULL) {
		put_files(list_entry(node, struct socket_rights, link));
		sched_relax();
	}
	thread->linux.nested_rights = NULL;
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
