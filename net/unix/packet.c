/* SPDX-License-Identifier: BSD-3-Clause */

/* Packets of AF_UNIX: memory, charge, files and identities that go along. */
#include "internal.h"

#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/poll.h>

static uint32_t charge_of(const struct unix_packet *packet)
{
	return (uint32_t)(packet->size + sizeof(*packet));
}

struct unix_packet *unix_packet_create(struct unix_socket *sender, size_t size)
{
	struct unix_packet *packet = kmalloc(sizeof(*packet) + size);

	if (packet == NULL) {
		return NULL;
	}
	list_node_init(&packet->link);
	packet->control = (struct socket_control){0};
	packet->size = size;
	packet->offset = 0;
	packet->sender = sender;
	unix_get(sender);
	__atomic_fetch_add(&sender->charged, charge_of(packet),
			   __ATOMIC_RELAXED);
	return packet;
}

void unix_packet_free(struct unix_packet *packet)
{
	struct unix_socket *sender = packet->sender;

	__atomic_fetch_sub(&sender->charged, charge_of(packet),
			   __ATOMIC_SEQ_CST);
	if (unix_has_room(sender)) {
		wait_queue_wake(&sender->writable, UINT32_MAX,
				POLL_OUT | POLL_WRNORM);
	}
	unix_put(sender);
	socket_rights_destroy(packet->control.rights);
	kfree(packet);
}

/* How deep a receiver's queue nests once these files are in it. */
static uint32_t level_of(const struct socket_rights *rights)
{
	uint32_t level = 0;

	for (unsigned i = 0; i < rights->count; i++) {
		struct socket *socket = socket_of(rights->files[i]);
		uint32_t below;

		if (socket == NULL || socket->family != 1) {
			continue;
		}
		below = __atomic_load_n(&unix_of(socket)->nest_level,
					__ATOMIC_RELAXED) +
			1;
		level = below > level ? below : level;
	}
	return level;
}

int unix_packet_attach(struct unix_packet *packet,
		       struct socket_message *message, bool credentials,
		       uint32_t *level_out)
{
	struct socket_control *control = message->control;

	*level_out = 0;
	if (control != NULL && control->rights != NULL) {
		*level_out = level_of(control->rights);
		if (*level_out > UNIX_NEST_MAX) {
			return -ETOOMANYREFS;
		}
	}
	if (control != NULL && control->has_credentials) {
		packet->control.credentials = control->credentials;
		packet->control.has_credentials = true;
	} else if (credentials) {
		unix_credentials_current(&packet->control.credentials);
		packet->control.has_credentials = true;
	}
	if (control != NULL) {
		packet->control.rights = control->rights;
		control->rights = NULL;
	}
	return 0;
}
