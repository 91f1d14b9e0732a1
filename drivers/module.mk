subdir-y += block bus char console tty
subdir-$(CONFIG_ACPI) += acpi
subdir-$(CONFIG_PCI) += pci
subdir-$(CONFIG_VIRTIO) += virtio
