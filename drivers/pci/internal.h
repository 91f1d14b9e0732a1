/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PCI_BUS_COUNT	   256
#define PCI_SLOT_COUNT	   32
#define PCI_FUNCTION_COUNT 8

/* pci_config.c: false when there is no way to configuration space. */
bool pci_config_init(void);
/* The mapped space of a bus's functions, or NULL: by ports. */
volatile uint8_t *pci_config_map_bus(unsigned bus);
