obj-y += block.o cpu.o memory.o super.o
