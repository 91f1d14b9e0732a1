/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A small world for tests: one process (root, pid 1) with a ramfs as its
 * root and working directory.
 */
#include <process/process.h>
#include <sched/thread.h>
#include <vfs/path.h>

extern struct process world_process;

void world_create(void);

/* The process becomes an ordinary user, or root again. */
void world_become(uint32_t uid);

/* Short forms; results as of the call behind them. */
int world_write(const char *path, const char *text); /* creates or replaces */
int world_read(const char *path, char *buf, size_t size); /* length */
int world_open(const char *path, int flags);		  /* 0: closed again */
int world_stat(const char *path, struct kstat *stat);	  /* follows links */
int world_lookup(const char *path, unsigned walk_flags);
int world_chdir(const char *path);
int world_chroot(const char *path);
struct file *world_file(const char *path, int flags);
