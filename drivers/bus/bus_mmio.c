/* SPDX-License-Identifier: BSD-3-Clause */

/* Devices of the command line: SIZE@ADDRESS:IRQ. */
#include <drivers/bus.h>

#include <lib/parse.h>
#include <uapi/errno.h>

#define LINE_MAX 1023

int bus_mmio_parse(const char *text, struct bus_mmio *device_out)
{
	struct bus_mmio device;
	uint64_t line;
	const char *at;

	if (parse_size(text, &device.size, &at) < 0 || *at++ != '@' ||
	    parse_u64(at, 0, UINT64_MAX, &device.address, &at) < 0 ||
	    *at++ != ':' || parse_u64(at, 0, LINE_MAX, &line, &at) < 0) {
		return -EINVAL;
	}
	/* An id may follow: ":3". */
	if ((*at != '\0' && *at != ':') || device.size == 0 ||
	    device.address + device.size < device.address) {
		return -EINVAL;
	}
	device.line = (unsigned)line;
	*device_out = device;
	return 0;
}
