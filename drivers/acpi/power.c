/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Power off and reset through ACPI: the FADT (ACPI 6.5, 5.2.9) names the
 * registers, the package \_S5 of the DSDT the values.
 *
 * Everything is read and checked in thread context before the end of the
 * machine (not at boot: pay for what you use), which then is a few register
 * writes.  A register in an address space other than ports or memory counts as
 * absent.
 */
#include <arch/cpu.h>
#include <arch/firmware.h>
#include <arch/io.h>
#include <arch/power.h>
#include <drivers/acpi.h>
#include <init/hooks.h>
#include <lib/string.h>
#include <mm/kmap.h>

/* Offsets in the FADT. */
#define FADT_SMI_COMMAND    48
#define FADT_ACPI_ENABLE    52
#define FADT_PM1A_CONTROL   64
#define FADT_PM1B_CONTROL   68
#define FADT_FLAGS	    112
#define FADT_RESET_REGISTER 116
#define FADT_RESET_VALUE    128
#define FADT_SLEEP_CONTROL  244

#define FLAG_RESET	(1u << 10)
#define FLAG_HW_REDUCED (1u << 20)

/* Generic address structure, 5.2.3.2. */
#define GAS_SIZE    12
#define GAS_SPACE   0
#define GAS_ADDRESS 4
#define SPACE_MEM   0
#define SPACE_PORT  1

#define PM1_SLEEP_TYPE	  10
#define PM1_SLEEP_ENABLE  (1u << 13)
#define PM1_SCI_ENABLE	  1u
#define SLEEP_TYPE	  2
#define SLEEP_ENABLE	  (1u << 5)
#define ENABLE_SPIN_COUNT 100000
#define OFF_SPIN_COUNT	  10000000

struct reg8 {
	volatile void *memory; /* NULL: a port */
	uint16_t port;	       /* 0: absent */
};

static uint16_t pm1a, pm1b; /* [I] ports of 16 bits; 0: absent */
static uint16_t smi_command;
static uint8_t acpi_enable;
static uint8_t types[2];	  /* [I] */
static struct reg8 sleep_control; /* [I] hardware-reduced machines */
static struct reg8 reset;	  /* [I] */
static uint8_t reset_value;	  /* [I] */

static uint64_t field(const struct acpi_table *table, size_t at, size_t width)
{
	uint64_t value = 0;

	if (at + width <= table->length) {
		memcpy(&value, (const uint8_t *)table + at, width);
	}
	return value;
}

static uint16_t port_field(const struct acpi_table *fadt, size_t at)
{
	uint64_t port = field(fadt, at, 4);

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static struct reg8 find_register(const struct acpi_table *fadt, size_t at)
{
	uint64_t space = field(fadt, at + GAS_SPACE, 1);
	uint64_t address = field(fadt, at + GAS_ADDRESS, 8);
	struct reg8 reg = {NULL, 0};

	if (at + GAS_SIZE > fadt->length || address == 0) {
		return reg;
	}
	if (space == SPACE_PORT && address <= UINT16_MAX) {
		reg.port = (uint16_t)address;
	} else if (space == SPACE_MEM) {
		reg.memory = kmap_device((paddr_t){.value = address}, 1);
	}
	return reg;
}

static bool is_present(struct reg8 reg)
{
	return reg.memory != NULL || reg.port != 0;
}

static void write_register(struct reg8 reg, uint8_t value)
{
	if (reg.memory != NULL) {
		mmio_write8(reg.memory, value);
	} else {
		port_write8(reg.port, value);
	}
}

static void spin(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		cpu_relax();
	}
}

/* The control registers work once the firmware has let go of them. */
static void enable_acpi(void)
{
	if ((port_read16(pm1a) & PM1_SCI_ENABLE) != 0 || smi_command == 0 ||
	    acpi_enable == 0) {
		return;
	}
	port_write8(smi_command, acpi_enable);
	for (unsigned i = 0;
	     i < ENABLE_SPIN_COUNT && (port_read16(pm1a) & PM1_SCI_ENABLE) == 0;
	     i++) {
		cpu_relax();
	}
}

static void switch_off(void)
{
	if (is_present(sleep_control)) {
		write_register(sleep_control, (uint8_t)(types[0] << SLEEP_TYPE |
							SLEEP_ENABLE));
	}
	if (pm1a != 0) {
		enable_acpi();
		port_write16(pm1a, (uint16_t)(types[0] << PM1_SLEEP_TYPE |
					      PM1_SLEEP_ENABLE));
	}
	if (pm1b != 0) {
		port_write16(pm1b, (uint16_t)(types[1] << PM1_SLEEP_TYPE |
					      PM1_SLEEP_ENABLE));
	}
	spin(OFF_SPIN_COUNT);
}

static void reset_machine(void)
{
	if (is_present(reset)) {
		write_register(reset, reset_value);
		spin(OFF_SPIN_COUNT);
	}
}

static void read_tables(void)
{
	const struct acpi_table *fadt = firmware_table("FACP", 0);
	const struct acpi_table *dsdt;
	uint64_t flags;
	bool can_switch_off = false;

	if (fadt == NULL) {
		return; /* a machine without ACPI */
	}
	flags = field(fadt, FADT_FLAGS, 4);
	dsdt = acpi_dsdt();
	if (dsdt != NULL && acpi_table_soft_off(dsdt, types) == 0) {
		if ((flags & FLAG_HW_REDUCED) != 0) {
			sleep_control = find_register(fadt, FADT_SLEEP_CONTROL);
		} else if (IO_HAS_PORTS) {
			pm1a = port_field(fadt, FADT_PM1A_CONTROL);
			pm1b = port_field(fadt, FADT_PM1B_CONTROL);
			smi_command = port_field(fadt, FADT_SMI_COMMAND);
			acpi_enable = (uint8_t)field(fadt, FADT_ACPI_ENABLE, 1);
		}
		can_switch_off = is_present(sleep_control) || pm1a != 0;
	}
	if ((flags & FLAG_RESET) != 0) {
		reset = find_register(fadt, FADT_RESET_REGISTER);
		reset_value = (uint8_t)field(fadt, FADT_RESET_VALUE, 1);
	}
	power_set_handlers(can_switch_off ? switch_off : NULL,
			   is_present(reset) ? reset_machine : NULL);
}

/* Who comes while another one reads has to do without. */
static void acpi_power_prepare(void)
{
	static bool done; /* [a] */

	if (!__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL)) {
		read_tables();
	}
}

static int acpi_power_init(void)
{
	power_set_prepare(acpi_power_prepare);
	return 0;
}
INIT_HOOK(acpi_power, acpi_power_init, INIT_BUS);
