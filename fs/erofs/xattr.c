/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Extended attributes: those at the inode, and shared ones by number.
 *
 * A walk visits the entries one after the other; each is read and checked
 * once, then matched or listed.  Bounded by xattr_size: 256 KiB.
 */
#include <fs/erofs/internal.h>

#include <fs/erofs/format.h>
#include <lib/align.h>
#include <lib/string.h>
#include <uapi/errno.h>

#define ENTRY_SIZE sizeof(struct erofs_xattr_entry)

struct xattr {
	struct erofs_xattr_entry entry;
	uint64_t position; /* of the name; the value follows */
};

struct walk {
	struct erofs_image *image;
	const struct erofs_node *node;
	/* Returns 0 to go on, else the result of the walk. */
	ssize_t (*visit)(struct walk *walk, const struct xattr *xattr);
	const char *wanted; /* visit_get */
	void *value;
	char *list; /* visit_list */
	size_t size;
	size_t used;
};

static const char *prefix_of(unsigned name_class)
{
	switch (name_class) {
	case EROFS_XATTR_USER:
		return "user.";
	case EROFS_XATTR_ACL_ACCESS:
		return "system.posix_acl_access";
	case EROFS_XATTR_ACL_DEFAULT:
		return "system.posix_acl_default";
	case EROFS_XATTR_TRUSTED:
		return "trusted.";
	case EROFS_XATTR_SECURITY:
		return "security.";
	default:
		return NULL;
	}
}

/* Reads the entry at a position and visits it. */
static ssize_t visit_at(struct walk *walk, uint64_t position,
			size_t *length_out)
{
	struct xattr xattr = {.position = position + ENTRY_SIZE};
	int err = erofs_image_read(walk->image, position, &xattr.entry,
				   ENTRY_SIZE);

	if (err < 0) {
		return err;
	}
	*length_out = ALIGN_UP(ENTRY_SIZE + xattr.entry.name_length +
				       xattr.entry.value_size,
			       4ul);
	return walk->visit(walk, &xattr);
}

static ssize_t walk_shared(struct walk *walk, unsigned count)
{
	const struct erofs_node *node = walk->node;
	uint64_t position = node->xattrs + sizeof(struct erofs_xattr_header);

	for (unsigned i = 0; i < count; i++, position += 4) {
		uint32_t number;
		size_t length;
		ssize_t result = erofs_image_read(walk->image, position,
						  &number, sizeof(number));

		if (result == 0) {
			result = visit_at(walk,
					  walk->image->xattr_start +
						  (uint64_t)number * 4,
					  &length);
		}
		if (result != 0) {
			return result;
		}
	}
	return 0;
}

static ssize_t walk_inline(struct walk *walk, uint64_t start)
{
	const struct erofs_node *node = walk->node;
	uint64_t end = node->xattrs + node->xattr_size;

	while (start + ENTRY_SIZE <= end) {
		size_t length;
		ssize_t result = visit_at(walk, start, &length);

		if (result != 0) {
			return result;
		}
		if (length > end - start) {
			return erofs_image_corrupt(walk->image, node->number,
						   "extended attribute");
		}
		start += length;
	}
	return 0;
}

/* 0 when no visit ended it. */
static ssize_t walk_all(struct walk *walk)
{
	const struct erofs_node *node = walk->node;
	struct erofs_xattr_header header;
	size_t shared_size;
	ssize_t result;

	if (node->xattr_size == 0) {
		return 0;
	}
	result = erofs_image_read(walk->image, node->xattrs, &header,
				  sizeof(header));
	if (result < 0) {
		return result;
	}
	shared_size = sizeof(header) + header.shared_count * 4ul;
	if (shared_size > node->xattr_size) {
		return erofs_image_corrupt(walk->image, node->number,
					   "shared extended attributes");
	}
	result = walk_shared(walk, header.shared_count);
	return result != 0 ? result
			   : walk_inline(walk, node->xattrs + shared_size);
}

/* --- one value ---------------------------------------------------------------
 */

static ssize_t visit_get(struct walk *walk, const struct xattr *xattr)
{
	const char *prefix = prefix_of(xattr->entry.name_class);
	size_t prefix_length = prefix == NULL ? 0 : strlen(prefix);
	size_t length = xattr->entry.name_length;
	size_t value_size = xattr->entry.value_size;
	char name[UINT8_MAX];
	int err;

	if (prefix == NULL || strlen(walk->wanted) != prefix_length + length ||
	    strncmp(walk->wanted, prefix, prefix_length) != 0) {
		return 0;
	}
	err = erofs_image_read(walk->image, xattr->position, name, length);
	if (err < 0) {
		return err;
	}
	if (memcmp(name, walk->wanted + prefix_length, length) != 0) {
		return 0;
	}
	walk->used = value_size;
	if (walk->size == 0) {
		return 1;
	}
	if (walk->size < value_size) {
		return -ERANGE;
	}
	err = erofs_image_read(walk->image, xattr->position + length,
			       walk->value, value_size);
	return err < 0 ? err : 1;
}

ssize_t erofs_xattr_get(struct erofs_image *image,
			const struct erofs_node *node, const char *name,
			void *value, size_t size)
{
	struct walk walk = {
		.image = image,
		.node = node,
		.visit = visit_get,
		.wanted = name,
		.value = value,
		.size = size,
	};
	ssize_t result = walk_all(&walk);

	if (result < 0) {
		return result;
	}
	return result == 0 ? -ENODATA : (ssize_t)walk.used;
}

/* --- all names
 * ------------------------------------------------------------------ */

static ssize_t visit_list(struct walk *walk, const struct xattr *xattr)
{
	const char *prefix = prefix_of(xattr->entry.name_class);
	size_t length = xattr->entry.name_length;
	size_t prefix_length;
	int err;

	if (prefix == NULL) {
		return 0;
	}
	prefix_length = strlen(prefix);
	if (walk->size > 0) {
		char *to = walk->list + walk->used;

		if (walk->size - walk->used < prefix_length + length + 1) {
			return -ERANGE;
		}
		memcpy(to, prefix, prefix_length);
		err = erofs_image_read(walk->image, xattr->position,
				       to + prefix_length, length);
		if (err < 0) {
			return err;
		}
		to[prefix_length + length] = '\0';
	}
	walk->used += prefix_length + length + 1;
	return 0;
}

ssize_t erofs_xattr_list(struct erofs_image *image,
			 const struct erofs_node *node, char *list, size_t size)
{
	struct walk walk = {
		.image = image,
		.node = node,
		.visit = visit_list,
		.list = list,
		.size = size,
	};
	ssize_t result = walk_all(&walk);

	return result < 0 ? result : (ssize_t)walk.used;
}
