obj-y += balance.o fair.o idle.o load.o params.o realtime.o runqueue.o sched.o switch.o thread.o thread_table.o
