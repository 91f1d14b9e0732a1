obj-y += copy.o mmu.o user.o
