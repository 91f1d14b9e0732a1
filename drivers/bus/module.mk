obj-y += bus_mmio.o
