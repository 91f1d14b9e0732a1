/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the path calls of linux/ share: from (dir_fd, path, AT_*) to a struct
 * path.
 */
#include <arch/user.h>
#include <vfs/path.h>

/*
 * Finds what the application's path names, referenced.  walk_flags WALK_*;
 * with WALK_EMPTY_OK the path may be "" and means dir_fd itself, also when that
 * is O_PATH.  -EFAULT, -ENOENT and the errors of path_lookup().
 */
int at_lookup(int dir_fd, const char USER *user_path, unsigned walk_flags,
	      struct path *path_out);

/* WALK_FOLLOW unless AT_SYMLINK_NOFOLLOW, WALK_EMPTY_OK for AT_EMPTY_PATH. */
unsigned at_walk_flags(int at_flags);

/* True when the path is "" and the flags allow that: the call means the
 * descriptor.  A path that cannot be read counts as not empty. */
bool at_means_fd(const char USER *user_path, int at_flags);

/* The path of an open file, referenced: 0, -EBADF (no descriptor, or a file
 * without path).  O_PATH files only when allowed. */
int at_fd_path(int fd, bool path_only_ok, struct path *path_out);
