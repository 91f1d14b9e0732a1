subdir-y += acpi block bus clock console input irqchip net pci power serial virtio
