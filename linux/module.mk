obj-y += start.o timespec.o
