obj-y += data.o dir.o image.o node.o super.o xattr.o
