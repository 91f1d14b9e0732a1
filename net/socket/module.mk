obj-y += socket.o option.o rights.o
