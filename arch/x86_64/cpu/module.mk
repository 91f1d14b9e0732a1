obj-y += context.o describe.o cpu.o descriptors.o percpu.o power.o switch.o vector.o vector_owner.o
