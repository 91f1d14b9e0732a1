/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <vfs/inode.h>

/* Tests mount it: the reference makes the archive give it. */
extern const struct filesystem_type devfs_type;
