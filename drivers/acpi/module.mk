obj-y += power.o
