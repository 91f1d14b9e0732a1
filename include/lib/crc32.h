/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * 32-bit cyclic redundancy checks.  Any context.
 *
 * crc32() is zlib's, Ethernet's and GPT's; crc32c() (Castagnoli) is iSCSI's.
 * Both start from 0 and go on from an earlier result:
 * crc32(crc32(0, a), b) is the CRC of a followed by b.
 */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const void *data, size_t size);
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

/*
 * CRC-32C without the inversions at start and end, for formats that choose
 * their own: ext4 and EROFS start from ~0 and store the state as it is.
 */
uint32_t crc32c_raw(uint32_t state, const void *data, size_t size);
