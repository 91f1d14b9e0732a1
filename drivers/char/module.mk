obj-y += kmsg.o random.o
