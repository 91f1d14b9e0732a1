obj-y += log.o panic.o refcount.o stack_guard.o symbols.o
obj-$(CONFIG_UBSAN) += ubsan.o

# A check inside the code that reports checks would not end.
CFLAGS_core/debug/ubsan.o := -fno-sanitize=undefined
