obj-y += boot_info.o early_console.o linux64.o map_memory.o pvh.o
