obj-y += calibrate.o rtc.o time.o
