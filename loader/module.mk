obj-y += args.o aslr.o elf.o exec.o load.o script.o stack.o vdso.o
