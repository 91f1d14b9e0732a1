/* SPDX-License-Identifier: BSD-3-Clause */

/* Packets of AF_UNIX: memory, charge, files and identities that go along. */
#include "internal.h"

#include <mm/slab.h>
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
	packet->peeked = false;
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
	unix_flight_end(packet->control.rights);
	socket_rights_destroy(packet->control.rights);
	kfree(packet);
}

int unix_packet_attach(struct unix_packet *packet,
		       struct socket_message *message, bool credentials,
		       struct unix_socket *to)
{
	struct socket_control *control = message->control;

	if (control != NULL && control->rights != NULL) {
		int err = unix_flight_begin(control->rights, to);

		if (err < 0) {
			return err;
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
