obj-y += call.o start.o trampoline.o
