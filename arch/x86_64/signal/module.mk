obj-y += pop.o push.o
