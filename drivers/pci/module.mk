obj-y += pci.o pci_config.o pci_msix.o
