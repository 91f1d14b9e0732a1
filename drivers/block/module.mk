obj-y += block.o cache.o io.o node.o partition.o partition_table.o
