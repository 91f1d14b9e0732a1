/* SPDX-License-Identifier: BSD-3-Clause */

/* mm/slab.h on the build host: malloc, so that ASan sees every object. */
#include <mm/slab.h>

#include <stdlib.h>
#include <string.h>

void *kmalloc(size_t size)
{
	return size == 0 ? NULL : malloc(size);
}

void *kzalloc(size_t size)
{
	return size == 0 ? NULL : calloc(1, size);
}

void *kcalloc(size_t count, size_t size)
{
	return count == 0 || size == 0 ? NULL : calloc(count, size);
}

void *krealloc(void *object, size_t size)
{
	return realloc(object, size);
}

char *kstrdup(const char *text)
{
	return strdup(text);
}

void kfree(const void *object)
{
	free((void *)object);
}
