obj-y += mounts.o pid.o pid_activity.o pid_fd.o pid_maps.o pid_memory.o
obj-y += pid_stat.o pid_status.o pid_values.o root.o smaps.o super.o sys.o system.o
obj-y += system_memory.o
obj-$(CONFIG_FAIL_ALLOC) += pid_fail_nth.o
