/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Configuration space: PCI Local Bus 3.0 chapter 6, PCI Express 5.0 chapter 7.
 */
#define PCI_VENDOR_ID	   0x00
#define PCI_DEVICE_ID	   0x02
#define PCI_COMMAND	   0x04
#define PCI_STATUS	   0x06
#define PCI_REVISION	   0x08 /* and the class in the upper 24 bits */
#define PCI_HEADER_TYPE	   0x0e
#define PCI_BAR		   0x10
#define PCI_SECONDARY_BUS  0x19 /* of bridges */
#define PCI_SUBSYSTEM_ID   0x2e
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d

#define PCI_COMMAND_IO		 0x001
#define PCI_COMMAND_MEMORY	 0x002
#define PCI_COMMAND_MASTER	 0x004
#define PCI_COMMAND_NO_INTERRUPT 0x400
#define PCI_STATUS_CAPABILITIES	 0x10
#define PCI_HEADER_MULTIFUNCTION 0x80
#define PCI_HEADER_MASK		 0x7f
#define PCI_HEADER_DEVICE	 0
#define PCI_HEADER_BRIDGE	 1
#define PCI_NO_DEVICE		 0xffff

#define PCI_BAR_IS_PORT	  0x1u
#define PCI_BAR_TYPE_MASK 0x6u
#define PCI_BAR_TYPE_64	  0x4u
#define PCI_BAR_MEM_MASK  (~0xfull)
#define PCI_BAR_PORT_MASK (~0x3ull)

/* MSI-X, PCI 3.0 section 6.8.2. */
#define MSIX_CONTROL	    2
#define MSIX_TABLE	    4
#define MSIX_CONTROL_COUNT  0x07ffu
#define MSIX_CONTROL_MASK   0x4000u
#define MSIX_CONTROL_ENABLE 0x8000u
#define MSIX_BAR_MASK	    0x7u
#define MSIX_ENTRY_SIZE	    16u
#define MSIX_ENTRY_ADDRESS  0
#define MSIX_ENTRY_HIGH	    4
#define MSIX_ENTRY_DATA	    8
#define MSIX_ENTRY_CONTROL  12
#define MSIX_ENTRY_MASKED   1u
