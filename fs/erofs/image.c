/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The image as a whole: superblock, bytes, complaints.
 *
 * No number of the image is believed: positions are checked against
 * block_count, which is checked against the device.
 */
#include <fs/erofs/internal.h>

#include <debug/log.h>
#include <fs/erofs/format.h>
#include <lib/crc32.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>

#define COMPLAINTS_MAX 16 /* log lines about damage, of all images */

#define NSEC_MAX_SEC (UINT64_MAX / 1000000000ull)

int erofs_image_corrupt(struct erofs_image *image, uint64_t node,
			const char *what)
{
	static uint32_t count; /* [a] */

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) < COMPLAINTS_MAX) {
		log_error("erofs: %s: damaged image: inode %llu: %s",
			  image->name, (unsigned long long)node, what);
	}
	return -EIO;
}

int erofs_image_read(struct erofs_image *image, uint64_t offset, void *buffer,
		     size_t size)
{
	uint64_t end = image->block_count << EROFS_BLOCK_BITS;
	uint8_t *to = buffer;

	if (offset > end || size > end - offset) {
		return -EIO;
	}
	while (size > 0) {
		size_t within = offset % EROFS_BLOCK_SIZE;
		size_t piece = MIN(size, EROFS_BLOCK_SIZE - within);
		struct erofs_block block;
		int err = image->ops->get(image, offset >> EROFS_BLOCK_BITS,
					  &block);

		if (err < 0) {
			return err;
		}
		memcpy(to, block.data + within, piece);
		image->ops->put(image, &block);
		to += piece;
		offset += piece;
		size -= piece;
	}
	return 0;
}

/* The checksum counts itself as zeros, and starts from all ones. */
static uint32_t checksum(const uint8_t *block)
{
	static const uint8_t zeros[4];
	size_t field = EROFS_SUPER_OFFSET +
		       offsetof(struct erofs_superblock, checksum);
	uint32_t state = crc32c_raw(~0u, block + EROFS_SUPER_OFFSET,
				    field - EROFS_SUPER_OFFSET);

	state = crc32c_raw(state, zeros, sizeof(zeros));
	return crc32c_raw(state, block + field + sizeof(zeros),
			  EROFS_BLOCK_SIZE - field - sizeof(zeros));
}

static int refuse(struct erofs_image *image, int err, const char *why)
{
	log_error("erofs: %s: %s", image->name, why);
	return err;
}

static int check_superblock(struct erofs_image *image,
			    const struct erofs_superblock *super,
			    const uint8_t *block)
{
	if (super->magic != EROFS_MAGIC) {
		return refuse(image, -EINVAL, "no EROFS image");
	}
	if (super->block_bits != EROFS_BLOCK_BITS) {
		return refuse(image, -EOPNOTSUPP,
			      "blocks of 4096 bytes expected");
	}
	if ((super->compatible & EROFS_COMPAT_CHECKSUM) != 0 &&
	    super->checksum != checksum(block)) {
		return refuse(image, -EINVAL,
			      "wrong checksum of the superblock");
	}
	if ((super->incompatible & EROFS_INCOMPAT_DEVICES) != 0) {
		return refuse(image, -EOPNOTSUPP,
			      "images on several devices are not supported");
	}
	if ((super->incompatible & EROFS_INCOMPAT_COMPRESSION) != 0) {
		return refuse(image, -EOPNOTSUPP,
			      "compressed images are not supported: make it "
			      "without -z");
	}
	if ((super->incompatible & ~EROFS_INCOMPAT_KNOWN) != 0) {
		return refuse(image, -EOPNOTSUPP,
			      "the image has features that are not supported");
	}
	if (super->block_count == 0 ||
	    super->block_count > image->source_blocks) {
		return refuse(image, -EINVAL, "the image is cut off");
	}
	if (super->meta_block >= super->block_count ||
	    super->xattr_block > super->block_count) {
		return refuse(image, -EINVAL, "damaged superblock");
	}
	return 0;
}

static void take_superblock(struct erofs_image *image,
			    const struct erofs_superblock *super)
{
	image->block_count = super->block_count;
	image->inode_count = super->inode_count;
	image->meta_start = (uint64_t)super->meta_block << EROFS_BLOCK_BITS;
	image->xattr_start = (uint64_t)super->xattr_block << EROFS_BLOCK_BITS;
	image->root_node = super->root_node;
	image->build_time_ns =
		super->build_time < NSEC_MAX_SEC - 1
			? super->build_time * 1000000000ull +
				  MIN(super->build_time_ns, 999999999u)
			: 0;
	memcpy(&image->id, super->uuid, sizeof(image->id));
}

int erofs_image_open(struct erofs_image *image)
{
	struct erofs_superblock super;
	struct erofs_block block;
	int err;

	if (image->source_blocks == 0) {
		return refuse(image, -EINVAL, "no EROFS image");
	}
	err = image->ops->get(image, 0, &block);
	if (err < 0) {
		return err;
	}
	memcpy(&super, block.data + EROFS_SUPER_OFFSET, sizeof(super));
	err = check_superblock(image, &super, block.data);
	image->ops->put(image, &block);
	if (err == 0) {
		take_superblock(image, &super);
	}
	return err;
}
