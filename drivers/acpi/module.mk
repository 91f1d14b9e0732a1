obj-y += acpi.o power.o
