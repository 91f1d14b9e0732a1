/* SPDX-License-Identifier: BSD-3-Clause */

/* Host and domain name: one lock, two short strings. */
#include <process/uts.h>

#include <lib/string.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

static struct spinlock names_lock = SPINLOCK_INIT("uts");
static char hostname[UTS_NAME_MAX + 1] = "linnet";   /* [names_lock] */
static char domainname[UTS_NAME_MAX + 1] = "(none)"; /* [names_lock] */

static size_t get(const char *name, char *buf, size_t size)
{
	size_t length;

	spin_lock(&names_lock);
	length = string_copy(buf, name, size);
	spin_unlock(&names_lock);
	return length;
}

static int set(char *name, const char *from, size_t length)
{
	if (length > UTS_NAME_MAX) {
		return -EINVAL;
	}
	spin_lock(&names_lock);
	memcpy(name, from, length);
	memset(name + length, 0, UTS_NAME_MAX + 1 - length);
	spin_unlock(&names_lock);
	return 0;
}

size_t uts_hostname(char *buf, size_t size)
{
	return get(hostname, buf, size);
}

size_t uts_domainname(char *buf, size_t size)
{
	return get(domainname, buf, size);
}

int uts_set_hostname(const char *name, size_t length)
{
	return set(hostname, name, length);
}

int uts_set_domainname(const char *name, size_t length)
{
	return set(domainname, name, length);
}
