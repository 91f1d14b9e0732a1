obj-y += file.o inode.o link.o super.o text.o
