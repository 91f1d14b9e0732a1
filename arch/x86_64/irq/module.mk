obj-y += apic.o ioapic.o vectors.o
