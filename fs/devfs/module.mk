obj-y += devfs.o memory.o
