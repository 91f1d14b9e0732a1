obj-y += anonymous.o async.o attributes.o dcache.o dcache_dir.o dentry_name.o file.o file_table.o
obj-y += fs_context.o
obj-y += inode.o iov.o lookup.o mount.o mount_later.o namei.o notify.o open.o page_file.o
obj-y += path_name.o permission.o pipe.o pipe_file.o rename.o special.o
obj-y += superblock.o walk.o xattr.o locks.o splice.o splice_pipe.o
