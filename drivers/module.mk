subdir-y += acpi block bus char console pci tty virtio
