obj-y += boot_info.o early_console.o map_memory.o pvh.o
