# Each family of calls is a file; all of them are always there.
obj-y += $(filter-out strace.o,$(patsubst linux/%.c,%.o,$(wildcard linux/*.c)))
obj-$(CONFIG_STRACE) += strace.o
