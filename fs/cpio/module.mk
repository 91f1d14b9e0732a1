obj-y += cpio.o unpack.o
