obj-y += memory.o
