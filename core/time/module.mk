obj-y += clock.o timer.o
