/* SPDX-License-Identifier: BSD-3-Clause */

/* Structures of vectored input and output, sockets and epoll: strace_structs.c.
 */
#include "strace.h"

#include <asm/syscall.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/socket.h>

#define ELEMENTS_SHOWN 8
#define SUN_PATH_SIZE  108

struct uapi_iovec {
	uint64_t base;
	uint64_t length;
};

struct sockaddr_unix {
	uint16_t family;
	char path[SUN_PATH_SIZE];
};

/* `bytes`: how many are data; a vector to be filled has them after the call. */
static void put_vector(struct strace_line *line, unsigned long address,
		       unsigned long count, size_t bytes)
{
	struct uapi_iovec vector;

	strace_put(line, "[");
	for (unsigned long i = 0; i < MIN(count, (unsigned long)ELEMENTS_SHOWN);
	     i++) {
		strace_put(line, i == 0 ? "{iov_base=" : ", {iov_base=");
		if (user_copy_in(&vector, (const void USER *)address,
				 sizeof(vector)) < 0) {
			strace_put(line, "?}");
		} else {
			size_t size = MIN(bytes, (size_t)vector.length);

			strace_put_data(line, vector.base, size);
			strace_put(line, ", iov_len=%llu}",
				   (unsigned long long)vector.length);
			bytes -= size;
		}
		address += sizeof(vector);
	}
	strace_put(line, count > ELEMENTS_SHOWN ? ", ...]" : "]");
}

/* The count is the next argument; after a call that reads: its result bytes. */
void strace_show_iovec(struct strace_line *line, const struct strace_arg *arg,
		       const struct strace_words *words)
{
	bool reads = strstr(arg->info->name, "read") != NULL;

	(void)words;
	put_vector(line, strace_value(arg), arg->values[arg->index + 1],
		   reads ? (size_t)arg->result : SIZE_MAX);
}

static void put_address_of(struct strace_line *line,
			   const struct strace_words *families,
			   unsigned long address, size_t length)
{
	struct sockaddr_unix name = {0};
	size_t size;

	if (address == 0 || length < sizeof(name.family) ||
	    user_copy_in(&name, (const void USER *)address,
			 MIN(length, sizeof(name))) < 0) {
		strace_put_address(line, address);
		return;
	}
	strace_put(line, "{sa_family=");
	strace_put_words(line, families, name.family);
	if (name.family == UAPI_AF_UNIX && length > sizeof(name.family)) {
		size = MIN(length, sizeof(name)) - sizeof(name.family);
		strace_put(line, ", sun_path=");
		if (name.path[0] == '\0') {
			strace_put(line, "@");
			strace_put_quoted(line, name.path + 1, size - 1);
		} else {
			strace_put_quoted(line, name.path,
					  strnlen(name.path, size));
		}
	}
	strace_put(line, "}");
}

/* The length is the next argument: the value, or a pointer to it (type *). */
void strace_show_sockaddr(struct strace_line *line,
			  const struct strace_arg *arg,
			  const struct strace_words *words)
{
	uint32_t length = (uint32_t)arg->values[arg->index + 1];

	if (strchr(arg->info->args[arg->index + 1].type, '*') != NULL &&
	    user_get_u32(&length,
			 (const void USER *)arg->values[arg->index + 1]) < 0) {
		length = 0;
	}
	put_address_of(line, words, strace_value(arg), length);
}

void strace_show_msghdr(struct strace_line *line, const struct strace_arg *arg,
			const struct strace_words *words)
{
	bool receives = strstr(arg->info->name, "recv") != NULL;
	struct uapi_msghdr message;

	if (user_copy_in(&message, (const void USER *)strace_value(arg),
			 sizeof(message)) < 0) {
		strace_put_address(line, strace_value(arg));
		return;
	}
	strace_put(line, "{msg_name=");
	put_address_of(line, words, message.name, message.name_length);
	strace_put(line, ", msg_iov=");
	put_vector(line, message.vector, message.vector_count,
		   receives ? (size_t)arg->result : SIZE_MAX);
	strace_put(line, ", msg_iovlen=%llu, msg_controllen=%llu}",
		   (unsigned long long)message.vector_count,
		   (unsigned long long)message.control_length);
}

/* struct epoll_event: 32 bits of events, 64 of data at its end. */
static void put_epoll_event(struct strace_line *line,
			    const struct strace_words *words,
			    unsigned long address)
{
	const char USER *event = (const char USER *)address;
	uint32_t events;
	uint64_t data;

	if (address == 0 || user_get_u32(&events, event) < 0 ||
	    user_get_u64(&data, event + EPOLL_EVENT_SIZE - sizeof(data)) < 0) {
		strace_put_address(line, address);
		return;
	}
	strace_put(line, "{events=");
	strace_put_words(line, words, events);
	strace_put(line, ", data=%#llx}", (unsigned long long)data);
}

void strace_show_epoll_event(struct strace_line *line,
			     const struct strace_arg *arg,
			     const struct strace_words *words)
{
	put_epoll_event(line, words, strace_value(arg));
}

/* Those that the call has reported: its result. */
void strace_show_epoll_events(struct strace_line *line,
			      const struct strace_arg *arg,
			      const struct strace_words *words)
{
	long shown = MIN(arg->result, (long)ELEMENTS_SHOWN);

	strace_put(line, "[");
	for (long i = 0; i < shown; i++) {
		strace_put(line, i == 0 ? "" : ", ");
		put_epoll_event(line, words,
				strace_value(arg) +
					(unsigned long)i * EPOLL_EVENT_SIZE);
	}
	strace_put(line, shown < arg->result ? ", ...]" : "]");
}
