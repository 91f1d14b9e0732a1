obj-y += entry.o frame.o trap.o
