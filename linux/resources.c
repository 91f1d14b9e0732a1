/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Files and paths of a process, for core/process (process/upcalls.h): core
 * holds the references but knows nothing of the objects.
 *
 * Each reference to a program's file as an executable denies writing once.
 */
#include <process/upcalls.h>

#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>

struct file_table *resources_files_clone(struct file_table *files)
{
	return file_table_clone(files);
}

void resources_files_get(struct file_table *files)
{
	file_table_get(files);
}

void resources_files_put(struct file_table *files)
{
	file_table_put(files);
}

struct fs_context *resources_fs_clone(struct fs_context *fs)
{
	return fs_context_clone(fs);
}

void resources_fs_get(struct fs_context *fs)
{
	fs_context_get(fs);
}

void resources_fs_put(struct fs_context *fs)
{
	fs_context_put(fs);
}

void resources_file_get(struct file *file)
{
	file_get(file);
}

int resources_executable_open(struct file *file)
{
	return file->inode == NULL ? 0 : inode_deny_write(file->inode);
}

/* Cannot fail: somebody denies already. */
void resources_executable_get(struct file *file)
{
	file_get(file);
	if (file->inode != NULL) {
		inode_deny_write(file->inode);
	}
}

void resources_executable_put(struct file *file)
{
	if (file->inode != NULL) {
		inode_allow_write(file->inode);
	}
	file_put(file);
}
