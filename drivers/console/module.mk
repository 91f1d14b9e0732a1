obj-y += control.o serial.o stdio.o
