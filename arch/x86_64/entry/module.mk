obj-y += entry.o trap.o
