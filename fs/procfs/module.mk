obj-y += file.o inode.o link.o mounts.o pid.o pid_fd.o pid_maps.o pid_memory.o
obj-y += pid_stat.o pid_status.o pid_values.o root.o smaps.o super.o sys.o
obj-y += system.o system_memory.o text.o
