# Pure code: nothing here knows of a kernel.
obj-y += acpi_table.o bitmap.o chacha20.o crc32.o errno_name.o parse.o popcount.o printf.o radix.o
obj-y += rbtree.o refcount.o ring.o secret.o signal_name.o siphash.o string.o string_copy.o

# Loops must not become calls of the functions that they define.
CFLAGS_lib/string.o := -fno-builtin $(if $(findstring clang,$(CC)),,-fno-tree-loop-distribute-patterns)
