subdir-y += debug init ipc mm module process sched sync time
