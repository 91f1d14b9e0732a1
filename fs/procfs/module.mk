obj-y += mounts.o pid.o pid_fd.o pid_maps.o pid_memory.o pid_stat.o
obj-y += pid_status.o pid_values.o root.o smaps.o super.o sys.o system.o
obj-y += system_memory.o
obj-$(CONFIG_FAIL_ALLOC) += pid_fail_nth.o
