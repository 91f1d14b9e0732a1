obj-y += frame.o kmalloc.o slab.o
