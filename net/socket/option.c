/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Options of level SOL_SOCKET; all others are the family's.
 *
 * Flags that only matter to families which do not have them are kept and
 * reported, as Linux does.
 */
#include <net/socket.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/socket.h>
#include <uapi/time.h>

struct flag {
	int option;
	size_t offset;
};

#define FLAG(name, member)                                                     \
	{                                                                      \
		UAPI_SO_##name, offsetof(struct socket_options, member)        \
	}

static const struct flag flags[] = {
	FLAG(DEBUG, debug),	     FLAG(REUSEADDR, reuse_address),
	FLAG(DONTROUTE, dont_route), FLAG(BROADCAST, broadcast),
	FLAG(KEEPALIVE, keep_alive), FLAG(OOBINLINE, oob_inline),
	FLAG(REUSEPORT, reuse_port), FLAG(PASSCRED, pass_credentials),
	FLAG(TIMESTAMP, timestamp),  FLAG(TIMESTAMPNS, timestamp_ns),
	FLAG(NO_CHECK, no_check),
};

static bool *find_flag(struct socket *socket, int option)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].option == option) {
			return (bool *)((char *)&socket->options +
					flags[i].offset);
		}
	}
	return NULL;
}

/* --- get
 * ------------------------------------------------------------------------- */

static int give(void *value, size_t *size, const void *from, size_t length)
{
	*size = MIN(*size, length);
	memcpy(value, from, *size);
	return 0;
}

static int give_int(void *value, size_t *size, int32_t number)
{
	return give(value, size, &number, sizeof(number));
}

static int give_time(void *value, size_t *size, uint64_t ns)
{
	struct uapi_timeval time = {
		.sec = (int64_t)(ns / NSEC_PER_SEC),
		.usec = (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
	};

	return give(value, size, &time, sizeof(time));
}

static int give_linger(void *value, size_t *size,
		       const struct socket_options *options)
{
	struct uapi_linger linger = {
		.on = options->linger,
		.seconds = options->linger_seconds,
	};

	return give(value, size, &linger, sizeof(linger));
}

static int give_cookie(void *value, size_t *size, uint64_t number)
{
	return *size < sizeof(number)
		       ? -EINVAL
		       : give(value, size, &number, sizeof(number));
}

int socket_get_option(struct socket *socket, int level, int option, void *value,
		      size_t *size)
{
	struct socket_options *o = &socket->options;
	bool *flag;

	if (level != UAPI_SOL_SOCKET) {
		return socket->ops->get_option == NULL
			       ? -EOPNOTSUPP
			       : socket->ops->get_option(socket, level, option,
							 value, size);
	}
	flag = find_flag(socket, option);
	if (flag != NULL) {
		return give_int(value, size, READ_ONCE(*flag));
	}
	switch (option) {
	case UAPI_SO_TYPE:
		return give_int(value, size, socket->type);
	case UAPI_SO_DOMAIN:
		return give_int(value, size, socket->family);
	case UAPI_SO_PROTOCOL:
		return give_int(value, size, socket->protocol);
	case UAPI_SO_ERROR:
		return give_int(value, size, -socket_take_error(socket));
	case UAPI_SO_SNDBUF:
		return give_int(value, size, (int32_t)o->send_buffer);
	case UAPI_SO_RCVBUF:
		return give_int(value, size, (int32_t)o->receive_buffer);
	case UAPI_SO_PRIORITY:
		return give_int(value, size, (int32_t)o->priority);
	case UAPI_SO_RCVLOWAT:
		return give_int(value, size, (int32_t)o->receive_low_water);
	case UAPI_SO_SNDLOWAT:
		return give_int(value, size, 1);
	case UAPI_SO_ACCEPTCONN:
		return give_int(value, size, READ_ONCE(socket->listening));
	case UAPI_SO_COOKIE:
		return give_cookie(value, size, socket->number);
	case UAPI_SO_LINGER:
		return give_linger(value, size, o);
	case UAPI_SO_RCVTIMEO:
		return give_time(value, size, o->receive_timeout_ns);
	case UAPI_SO_SNDTIMEO:
		return give_time(value, size, o->send_timeout_ns);
	default:
		break;
	}
	return socket->ops->get_option == NULL
		       ? -ENOPROTOOPT
		       : socket->ops->get_option(socket, level, option, value,
						 size);
}

/* --- set
 * ------------------------------------------------------------------------- */

/* Linux doubles the number, for its own bookkeeping, and reports that. */
static uint32_t buffer_size(int32_t wanted, bool force, uint32_t minimum)
{
	uint32_t half = wanted < 0 ? SOCKET_BUFFER_MAX / 2 : (uint32_t)wanted;

	if (force) {
		half = MIN(half, (uint32_t)INT32_MAX / 2);
	} else {
		half = MIN(half, (uint32_t)SOCKET_BUFFER_MAX / 2);
	}
	return MAX(half * 2, minimum);
}

static int set_time(uint64_t *ns, const void *value, size_t size)
{
	struct uapi_timeval time;

	if (size < sizeof(time)) {
		return -EINVAL;
	}
	memcpy(&time, value, sizeof(time));
	if (time.usec < 0 || time.usec >= 1000000) {
		return -EDOM;
	}
	if (time.sec < 0 || time.sec > INT32_MAX) {
		WRITE_ONCE(*ns, time.sec < 0 ? 1 : 0);
		return 0;
	}
	WRITE_ONCE(*ns, (uint64_t)time.sec * NSEC_PER_SEC +
				(uint64_t)time.usec * NSEC_PER_USEC);
	return 0;
}

static int set_linger(struct socket_options *options, const void *value,
		      size_t size)
{
	struct uapi_linger linger;

	if (size < sizeof(linger)) {
		return -EINVAL;
	}
	memcpy(&linger, value, sizeof(linger));
	options->linger = linger.on != 0;
	options->linger_seconds = linger.seconds;
	return 0;
}

static int set_number(struct socket *socket, int option, int32_t number)
{
	struct socket_options *o = &socket->options;
	bool *flag = find_flag(socket, option);

	if (option == UAPI_SO_REUSEPORT && number != 0 &&
	    socket->family == UAPI_AF_UNIX) {
		return -EOPNOTSUPP;
	}
	if (flag != NULL) {
		WRITE_ONCE(*flag, number != 0);
		if (option == UAPI_SO_TIMESTAMP) {
			WRITE_ONCE(o->timestamp_ns, false);
		} else if (option == UAPI_SO_TIMESTAMPNS) {
			WRITE_ONCE(o->timestamp, false);
		}
		return 0;
	}
	switch (option) {
	case UAPI_SO_SNDBUF:
	case UAPI_SO_SNDBUFFORCE:
		WRITE_ONCE(o->send_buffer,
			   buffer_size(number, option == UAPI_SO_SNDBUFFORCE,
				       SOCKET_BUFFER_MIN));
		return 0;
	case UAPI_SO_RCVBUF:
	case UAPI_SO_RCVBUFFORCE:
		WRITE_ONCE(o->receive_buffer,
			   buffer_size(number, option == UAPI_SO_RCVBUFFORCE,
				       SOCKET_BUFFER_MIN / 2));
		return 0;
	case UAPI_SO_PRIORITY:
		WRITE_ONCE(o->priority, (uint32_t)number);
		return 0;
	case UAPI_SO_RCVLOWAT:
		WRITE_ONCE(o->receive_low_water,
			   number < 0	 ? (uint32_t)INT32_MAX
			   : number == 0 ? 1u
					 : (uint32_t)number);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int socket_set_option(struct socket *socket, int level, int option,
		      const void *value, size_t size)
{
	int32_t number;
	int err;

	if (level != UAPI_SOL_SOCKET) {
		return socket->ops->set_option == NULL
			       ? -EOPNOTSUPP
			       : socket->ops->set_option(socket, level, option,
							 value, size);
	}
	switch (option) {
	case UAPI_SO_LINGER:
		return set_linger(&socket->options, value, size);
	case UAPI_SO_RCVTIMEO:
		return set_time(&socket->options.receive_timeout_ns, value,
				size);
	case UAPI_SO_SNDTIMEO:
		return set_time(&socket->options.send_timeout_ns, value, size);
	default:
		break;
	}
	if (size < sizeof(number)) {
		return -EINVAL;
	}
	memcpy(&number, value, sizeof(number));
	err = set_number(socket, option, number);
	if (err == -ENOPROTOOPT && socket->ops->set_option != NULL) {
		err = socket->ops->set_option(socket, level, option, value,
					      size);
	}
	return err;
}
