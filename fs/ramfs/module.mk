obj-y += ramfs.o inode.o xattr.o memory_file.o
