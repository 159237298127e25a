// SPDX-License-Identifier: LGPL-2.1-or-later
/* Section numbers: ACPI 6.5. */
#include "linux/tables.h"

#include <string.h>

#include <cellhv/x86/pc.h>

#include "linux/dsdt.h"
#include "linux/loader/parameters.h"

#define RSDP_SIZE 36
#define RSDP_SIZE_OLD 20 /* what its first sum is of */
#define HEADER_SIZE 36
#define FADT_SIZE 268 /* of revision 5 */
#define MCFG_SIZE 60
#define LAPIC 0xfee00000u

#define FADT_NO_VGA (1u << 2)
#define FADT_NO_RTC (1u << 5)
#define FADT_WBINVD (1u << 0)
#define FADT_C1 (1u << 2)
#define FADT_NO_POWER_BUTTON (1u << 4) /* no fixed one */
#define FADT_NO_SLEEP_BUTTON (1u << 5)
#define FADT_RESET (1u << 10)
#define FADT_REDUCED (1u << 20)

/* Tables, one after the other. */
struct tables {
	uint8_t *data;
	uint32_t size;
	uint32_t used;
	bool is_full;
};

static void put16(uint8_t *table, unsigned offset, uint16_t value)
{
	memcpy(table + offset, &value, sizeof(value));
}

static void put32(uint8_t *table, unsigned offset, uint32_t value)
{
	memcpy(table + offset, &value, sizeof(value));
}

static void put64(uint8_t *table, unsigned offset, uint64_t value)
{
	memcpy(table + offset, &value, sizeof(value));
}

static uint8_t checksum(const uint8_t *data, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *data++;
	return (uint8_t)-sum;
}

/* Of size bytes, 16-byte aligned; NULL: no room. */
static uint8_t *take(struct tables *tables, uint32_t size)
{
	uint8_t *data = tables->data + tables->used;

	if (size > tables->size - tables->used) {
		tables->is_full = true;
		return NULL;
	}
	tables->used += size;
	tables->used = (tables->used + 15) & ~15u;
	if (tables->used > tables->size)
		tables->used = tables->size;
	return data;
}

static uint32_t address_of(const struct tables *tables, const uint8_t *table)
{
	return LINUX_TABLES + (uint32_t)(table - tables->data);
}

/* A field of characters has no zero at its end. */
static void put_text(uint8_t *field, const char *text)
{
	while (*text)
		*field++ = (uint8_t)*text++;
}

/* 5.2.6 */
static void finish(uint8_t *table, const char *signature, uint8_t revision, uint32_t size)
{
	put_text(table, signature);
	put32(table, 4, size);
	table[8] = revision;
	put_text(table + 10, "CELL  CELLMGR ");
	put32(table, 24, 1);
	put_text(table + 28, "CELL");
	put32(table, 32, 1);
	table[9] = checksum(table, size);
}

/* Its size is known when it is written. */
static uint32_t write_dsdt(struct tables *tables, const struct linux_machine *machine)
{
	uint8_t *table = tables->data + tables->used;
	struct aml aml = {.data = table + HEADER_SIZE};

	if (tables->size - tables->used < HEADER_SIZE) {
		tables->is_full = true;
		return 0;
	}
	aml.room = tables->size - tables->used - HEADER_SIZE;
	dsdt_write(&aml, machine);
	if (aml.is_full || !take(tables, HEADER_SIZE + (uint32_t)aml.size)) {
		tables->is_full = true;
		return 0;
	}
	finish(table, "DSDT", 2, HEADER_SIZE + (uint32_t)aml.size);
	return address_of(tables, table);
}

/* 5.2.3.2: ports, of `bytes` bytes */
static void put_ports(uint8_t *table, unsigned offset, uint16_t port, uint8_t bytes)
{
	table[offset] = 1;
	table[offset + 1] = (uint8_t)(bytes * 8);
	table[offset + 3] = bytes == 4 ? 3 : 1;
	put64(table, offset + 4, port);
}

/* 5.2.9, with hardware-reduced ACPI (4.1): registers for sleep and reset, and the timer. */
static uint32_t write_fadt(struct tables *tables, const struct linux_machine *machine,
			   uint32_t dsdt)
{
	uint8_t *table = take(tables, FADT_SIZE);

	if (!table)
		return 0;

	put32(table, 40, dsdt);
	put64(table, 140, dsdt);
	put16(table, 109, FADT_NO_VGA | FADT_NO_RTC);
	put32(table, 112,
	      FADT_WBINVD | FADT_C1 | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_RESET |
		      FADT_REDUCED);
	put_ports(table, 116, CELLHV_PC_RESET, 1);
	table[128] = CELLHV_PC_RESET_VALUE;
	if (machine->pm_timer_port) {
		put32(table, 76, machine->pm_timer_port);
		table[91] = 4;
		put_ports(table, 208, machine->pm_timer_port, 4);
	}
	put_ports(table, 244, CELLHV_PC_SLEEP_CONTROL, 1);
	put_ports(table, 256, CELLHV_PC_SLEEP_STATUS, 1);
	finish(table, "FACP", 5, FADT_SIZE);
	return address_of(tables, table);
}

/* PCI Firmware 3.3, 4.1.2 */
static uint32_t write_mcfg(struct tables *tables, const struct linux_machine *machine)
{
	uint8_t *table;

	if (!machine_has_mmconfig(machine))
		return 0;
	table = take(tables, MCFG_SIZE);
	if (!table)
		return 0;

	put64(table, 44, machine->mmconfig_base);
	table[55] = (uint8_t)machine_last_bus(machine);
	finish(table, "MCFG", 1, MCFG_SIZE);
	return address_of(tables, table);
}

/* 5.2.12: the I/O APIC, and no 8259s beside it; then the CPUs, by the loader. */
static uint32_t write_madt(struct tables *tables)
{
	uint8_t *table = take(tables, HEADER_SIZE + 8 + 12);

	if (!table)
		return 0;

	put32(table, 36, LAPIC);
	table[44] = 1;
	table[45] = 12;
	put32(table, 48, CELLHV_PC_IOAPIC);
	finish(table, "APIC", 4, HEADER_SIZE + 8 + 12);
	return address_of(tables, table);
}

static uint32_t write_xsdt(struct tables *tables, const uint32_t *addresses, unsigned n)
{
	uint8_t *table = take(tables, HEADER_SIZE + n * 8);
	unsigned used = 0;

	if (!table)
		return 0;

	for (unsigned i = 0; i < n; i++)
		if (addresses[i])
			put64(table, HEADER_SIZE + 8 * used++, addresses[i]);
	finish(table, "XSDT", 1, HEADER_SIZE + used * 8);
	return address_of(tables, table);
}

/* 5.2.5.3 */
static void write_rsdp(uint8_t *rsdp, uint32_t xsdt)
{
	put_text(rsdp, "RSD PTR ");
	put_text(rsdp + 9, "CELL  ");
	rsdp[15] = 2;
	put32(rsdp, 20, RSDP_SIZE);
	put64(rsdp, 24, xsdt);
	rsdp[8] = checksum(rsdp, RSDP_SIZE_OLD);
	rsdp[32] = checksum(rsdp, RSDP_SIZE);
}

bool tables_write(const struct linux_machine *machine, void *data, uint32_t size,
		  uint32_t *ret_madt)
{
	struct tables tables = {.data = data, .size = size};
	uint8_t *rsdp = take(&tables, RSDP_SIZE);
	uint32_t addresses[3], xsdt;

	addresses[0] = write_fadt(&tables, machine, write_dsdt(&tables, machine));
	addresses[1] = write_mcfg(&tables, machine);
	/* The last one: it grows. What names it comes before it. */
	addresses[2] = address_of(&tables, tables.data + tables.used) +
		       ((HEADER_SIZE + 3 * 8 + 15) & ~15u);
	xsdt = write_xsdt(&tables, addresses, 3);
	*ret_madt = write_madt(&tables);
	if (tables.is_full || *ret_madt != addresses[2])
		return false;

	write_rsdp(rsdp, xsdt);
	return true;
}
