obj-y += line_erase.o line_input.o line_output.o
obj-y += pty.o tty.o tty_console.o tty_ioctl.o tty_job.o
