# Each family of calls is a file; all of them are always there, but the tracer.
tracer := $(patsubst linux/%.c,%.o,$(wildcard linux/strace*.c))
obj-y += $(filter-out $(tracer),$(patsubst linux/%.c,%.o,$(wildcard linux/*.c)))
obj-$(CONFIG_STRACE) += $(tracer)
