/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files of fs/table share with each other only. */
#include <vfs/table.h>

/* --- file.c, link.c ---------------------------------------------------------
 */

extern const struct file_ops table_text_ops;
extern const struct inode_ops table_file_inode_ops;
extern const struct inode_ops table_link_inode_ops;
extern const struct inode_ops table_magic_inode_ops;
extern const struct inode_ops table_dir_inode_ops;
extern const struct file_ops table_dir_ops;
