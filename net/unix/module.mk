obj-y += unix.o connect.o data.o name.o packet.o flight.o
