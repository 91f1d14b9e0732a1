obj-y += start.o
