obj-y += commands.o hooks.o main.o options.o options_parse.o random.o usage.o
obj-$(CONFIG_BOOTCHART) += bootchart.o
