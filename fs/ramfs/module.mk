obj-y += ramfs.o inode.o xattr.o
