obj-y += firmware.o
